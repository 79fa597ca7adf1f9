//! The page in the making: Markdown in which no text of others acts as Markdown.

use std::fmt::Write as _;

use super::{Brief, Heading, Link, MARK, MOST};
use crate::plain;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tongue {
    English,
    German,
    Other,
}

pub(super) struct Page<'a> {
    pub(super) brief: &'a Brief,
    tongue: Tongue,
    out: String,
    /// Keywords that no section was asked to use yet.
    keywords: Vec<&'a str>,
    headings: std::collections::BTreeSet<String>,
}

impl<'a> Page<'a> {
    pub(super) fn new(brief: &'a Brief) -> Self {
        let primary = brief
            .language
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        Self {
            brief,
            tongue: match primary.as_str() {
                "en" => Tongue::English,
                "de" => Tongue::German,
                _ => Tongue::Other,
            },
            out: String::new(),
            keywords: brief.secondary.iter().take(MOST).map(String::as_str).collect(),
            headings: std::collections::BTreeSet::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        format!("{}\n", self.out.trim())
    }

    /// A text in the page's language; empty in languages there is none in.
    pub(super) fn word(&self, english: &'static str, german: &'static str) -> &'static str {
        match self.tongue {
            Tongue::English => english,
            Tongue::German => german,
            Tongue::Other => "",
        }
    }

    pub(super) fn pair(
        &self,
        english: (&'static str, &'static str),
        german: (&'static str, &'static str),
    ) -> (&'static str, &'static str) {
        match self.tongue {
            Tongue::English => english,
            Tongue::German => german,
            Tongue::Other => ("", ""),
        }
    }

    /// What the page is about, as its title writes it where that has it.
    pub(super) fn topic(&self) -> String {
        let title = plain(&self.brief.title);
        let Some(keyword) = self.brief.primary.as_deref().map(plain).filter(|k| !k.is_empty()) else {
            return title;
        };
        let lower = title.to_lowercase();
        // Places are the same in both only where lower case is as long.
        if lower.len() == title.len()
            && let Some(at) = lower.find(&keyword.to_lowercase())
            && let Some(cased) = title.get(at..at + keyword.len())
        {
            return cased.to_owned();
        }
        keyword
    }

    /// A paragraph of Markdown; nothing when it is empty.
    pub(super) fn say(&mut self, markdown: &str) {
        if !markdown.trim().is_empty() {
            let _ = write!(self.out, "{}\n\n", markdown.trim());
        }
    }

    /// A heading of the second level; false when the page has it already or it says nothing.
    pub(super) fn heading(&mut self, before: &str, text: &str) -> bool {
        let text = plain(text);
        if text.is_empty() || !self.headings.insert(igny8_text::fold(&text)) {
            return false;
        }
        let _ = write!(self.out, "## {before}{}\n\n", inline(&text));
        true
    }

    pub(super) fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let before = self.out.len();
        for item in items.into_iter().filter(|item| !item.trim().is_empty()).take(MOST) {
            let _ = writeln!(self.out, "- {item}");
        }
        if self.out.len() > before {
            self.out.push('\n');
        }
    }

    pub(super) fn table(&mut self, head: &[String], rows: &[Vec<String>]) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        self.out += &line(head);
        self.out += &line(&vec!["---".to_owned(); head.len()]);
        for row in rows.iter().take(MOST) {
            self.out += &line(row);
        }
        self.out.push('\n');
    }

    /// A note to the author: what to write, point by point.
    pub(super) fn note(&mut self, english: &'static str, german: &'static str, points: &[String]) {
        let _ = writeln!(self.out, "> [!NOTE]");
        let text = match self.word(english, german) {
            "" => "…",
            text => text,
        };
        let _ = writeln!(self.out, "> {MARK} {text}");
        let points: Vec<String> = points
            .iter()
            .take(MOST)
            .map(|p| inline(p))
            .filter(|p| !p.is_empty())
            .collect();
        if !points.is_empty() {
            self.out += ">\n";
        }
        for point in points {
            let _ = writeln!(self.out, "> - {point}");
        }
        self.out.push('\n');
    }

    /// The brief's sections, without its questions.
    pub(super) fn sections(&self) -> Vec<&'a Heading> {
        let sections = self.brief.outline.iter().filter(|heading| !heading.question);
        sections.take(MOST).collect()
    }

    /// The points of a section with the keywords that it is to use: those it shares a word with, and its part of the rest.
    pub(super) fn points(&mut self, heading: &Heading, sections_left: usize) -> Vec<String> {
        let folded = igny8_text::fold(&heading.text);
        let own: std::collections::BTreeSet<&str> =
            igny8_text::words(&folded).filter(|w| w.chars().count() > 3).collect();
        let part = self.keywords.len().div_ceil(sections_left.max(1));
        let (mut mine, mut rest): (Vec<&str>, Vec<&str>) = std::mem::take(&mut self.keywords)
            .into_iter()
            .partition(|keyword| igny8_text::words(&igny8_text::fold(keyword)).any(|word| own.contains(word)));
        while mine.len() < part && !rest.is_empty() {
            mine.push(rest.remove(0));
        }
        self.keywords = rest;
        let mut points: Vec<String> = heading.points.iter().take(MOST).cloned().collect();
        if !mine.is_empty() {
            let word = self.word("Keywords", "Suchbegriffe");
            let listed = mine.join(", ");
            points.push(if word.is_empty() {
                listed
            } else {
                format!("{word}: {listed}")
            });
        }
        points
    }

    /// Links as list items.
    pub(super) fn links(&mut self, links: &[Link]) {
        let items: Vec<String> = links.iter().map(link).collect();
        self.list(items);
    }
}

/// A page as a link, or its name while there is nothing to link to.
pub(super) fn link(to: &Link) -> String {
    let title = inline(&to.title);
    match to
        .path
        .as_deref()
        .filter(|path| path.starts_with('/') && !path.starts_with("//"))
    {
        Some(path) if !title.is_empty() => {
            let escaped = path.chars().fold(String::new(), |mut out, c| {
                match c {
                    '<' | '>' | '\\' | '(' | ')' => {
                        let _ = write!(out, "%{:02X}", u32::from(c));
                    }
                    c if c.is_whitespace() || c.is_control() => out += "%20",
                    c => out.push(c),
                }
                out
            });
            format!("[{title}]({escaped})")
        }
        _ => title,
    }
}

/// A text of others as Markdown that shows it as it is.
pub(super) fn inline(text: &str) -> String {
    let text = plain(text);
    let mut out = String::with_capacity(text.len() + 8);
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    for (at, c) in text.chars().enumerate() {
        let marks = matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '{' | '}' | '$' | '^' | '#'
        );
        let begins = at == 0 && matches!(c, '+' | '-' | '=' | ':');
        let numbers = digits > 0 && at == digits && matches!(c, '.' | ')');
        if marks || begins || numbers {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text, cut after a word where it is too wide.
pub(super) fn fitted(text: &str, size: u32, most: u32) -> String {
    if igny8_width::pixels(text, size) <= most {
        return text.to_owned();
    }
    let mut best = String::new();
    for word in text.split(' ') {
        let longer = if best.is_empty() {
            word.to_owned()
        } else {
            format!("{best} {word}")
        };
        if igny8_width::pixels(&format!("{longer}…"), size) > most {
            break;
        }
        best = longer;
    }
    if best.is_empty() {
        // One word that is too wide: as many of its letters as fit.
        best = text.chars().take(40).collect();
    }
    while igny8_width::pixels(&format!("{best}…"), size) > most {
        best.pop();
    }
    format!("{best}…")
}
