//! The page in the making: Markdown in which no text of others acts as Markdown.

use std::cmp::Reverse;
use std::collections::BTreeSet;
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
    /// Keywords that sections are asked to use.
    keywords: Vec<&'a str>,
    headings: BTreeSet<String>,
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
            headings: BTreeSet::new(),
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

    /// Those of the sections whose headings the page does not have yet, each once.
    pub(super) fn new_sections(&self) -> Vec<&'a Heading> {
        let mut seen = self.headings.clone();
        let mut sections = self.sections();
        sections.retain(|heading| {
            let text = plain(&heading.text);
            !text.is_empty() && seen.insert(igny8_text::fold(&text))
        });
        sections
    }

    /// The keywords that each of the sections is to use: those of which it has most words besides the page's topic, and its
    /// part of the rest.
    pub(super) fn keywords_of(&self, sections: &[&Heading]) -> Vec<Vec<&'a str>> {
        let stemmer = igny8_text::stemmer(&self.brief.language);
        let stop_words = igny8_text::index::stop_words(&self.brief.language);
        let stems = |text: &str| -> BTreeSet<String> {
            let folded = igny8_text::fold(text);
            let words = igny8_text::words(&folded).filter(|word| !stop_words.contains(*word));
            words
                .map(|word| {
                    stemmer
                        .as_ref()
                        .map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned())
                })
                .collect()
        };
        let topic = self.brief.primary.as_deref().map(&stems).unwrap_or_default();
        let headings: Vec<(String, BTreeSet<String>)> = sections
            .iter()
            .map(|heading| (igny8_text::fold(&heading.text), stems(&heading.text)))
            .collect();
        let mut keywords: Vec<Vec<&'a str>> = vec![Vec::new(); sections.len()];
        let mut rest = Vec::new();
        for &keyword in &self.keywords {
            let (folded, words) = (igny8_text::fold(keyword), stems(keyword));
            let best = headings
                .iter()
                .enumerate()
                .map(|(at, (heading, own))| {
                    let shared = own.intersection(&words);
                    let beyond = shared.clone().filter(|word| !topic.contains(*word)).count();
                    (
                        *heading == folded,
                        beyond,
                        shared.count(),
                        Reverse(own.len()),
                        Reverse(at),
                    )
                })
                .max()
                .filter(|(same, beyond, ..)| *same || *beyond > 0);
            match best {
                Some((.., Reverse(at))) => keywords[at].push(keyword),
                None => rest.push(keyword),
            }
        }
        for keyword in rest {
            if let Some(fewest) = keywords.iter_mut().min_by_key(|some| some.len()) {
                fewest.push(keyword);
            }
        }
        keywords
    }

    /// The points of a section with the keywords that it is to use.
    pub(super) fn points(&self, heading: &Heading, keywords: &[&str]) -> Vec<String> {
        let mut points: Vec<String> = heading.points.iter().take(MOST).cloned().collect();
        if !keywords.is_empty() {
            let word = self.word("Keywords", "Suchbegriffe");
            let listed = keywords.join(", ");
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
