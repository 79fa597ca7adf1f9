//! Links and pictures in a text: relative to a file in the folder, made to work on the site.

use std::ops::Range;

use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::config::{Config, Rules};
use super::paths;
use super::problem::Problems;
use crate::tables::{HashMap, HashSet};

/// What there is to link to.
#[derive(Default)]
pub(super) struct Index {
    /// Source file of a page or section → its path.
    pub files: HashMap<String, String>,
    /// Source file of a picture or download → its public path.
    pub media: HashMap<String, String>,
    /// Public paths of those.
    pub public: HashSet<String>,
    /// Paths of pages and sections.
    pub pages: HashSet<String>,
    /// Old addresses that were files → path.
    pub old: HashMap<String, String>,
    /// File name of a page, with and without its ending → path of the page, if only one has it.
    pub names: HashMap<String, Option<String>>,
    /// `2021-01-02-name` of a Jekyll post → path.
    pub posts: HashMap<String, String>,
}

/// The file whose links are looked at.
pub(super) struct From<'a> {
    pub rel: &'a str,
    /// Line of the file its text starts on.
    pub line: usize,
    /// Lines of the file that are no longer in the text: after which of its lines, and how many.
    pub skipped: &'a [(usize, usize)],
    /// Address that relative links started from, `/` at the end.
    pub base: &'a str,
}

#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// Fine as it is, or not ours to judge.
    Keep,
    To(String),
    /// Leads to nothing in this folder.
    Nowhere,
}

impl Index {
    /// Where a link should lead.
    pub fn resolve(&self, dest: &str, from: &From, config: &Config) -> Found {
        if dest.is_empty() || dest.starts_with(['#', '?']) || dest.starts_with("//") || has_scheme(dest) {
            return Found::Keep;
        }
        let cut = dest.find(['?', '#']).unwrap_or(dest.len());
        let (target, tail) = dest.split_at(cut);
        let target = percent_decode_str(target).decode_utf8_lossy();
        let plain = matches!(config.rules, Rules::Plain(_));
        let to = |path: &String| Found::To(format!("{path}{tail}"));
        if let Some(inner) = target.strip_prefix("@/") {
            return self.content_file(inner, config).map_or(Found::Nowhere, |p| to(&p));
        }
        if let Some(rooted) = target.strip_prefix('/') {
            let stripped = target
                .strip_prefix(config.base_path.as_str())
                .filter(|r| r.starts_with('/') || r.is_empty());
            let rooted = if config.base_path.is_empty() {
                rooted
            } else {
                stripped.map_or(rooted, |s| s.trim_start_matches('/'))
            };
            let changed = format!("/{rooted}") != target;
            if is_markdown(rooted)
                && let Some(path) = self.content_file(rooted, config)
            {
                return to(&path);
            }
            if plain {
                return Found::Keep;
            }
            return match self.address(rooted) {
                Some(path) if path != target => to(&path),
                None if changed => Found::To(format!("/{rooted}{tail}")),
                _ => Found::Keep,
            };
        }
        let file = paths::resolve(paths::parent(from.rel), &target);
        if let Some(found) = file
            .as_ref()
            .and_then(|f| self.files.get(f).or_else(|| self.media.get(f)))
        {
            return to(found);
        }
        if is_markdown(&target) {
            if let Some(path) = self.content_file(&target, config) {
                return to(&path);
            }
            return Found::Nowhere;
        }
        let Some(address) = paths::resolve(from.base, &target) else {
            return Found::Nowhere;
        };
        match self.address(&address) {
            // Relative links of our own layout are right as they stand: the page's address has not moved.
            Some(_) if plain => Found::Keep,
            Some(path) => to(&path),
            None => Found::Nowhere,
        }
    }

    /// A page or picture by an address without its leading slash.
    fn address(&self, raw: &str) -> Option<String> {
        let file = format!("/{}", raw.trim_end_matches('/'));
        if self.public.contains(&file) {
            return Some(file);
        }
        if let Some(path) = self.old.get(&file) {
            return Some(path.clone());
        }
        let (page, _) = paths::from_output(&file);
        self.pages.contains(&page).then_some(page)
    }

    /// A page by its path below a content folder.
    pub fn content_file(&self, inner: &str, config: &Config) -> Option<String> {
        let inner = paths::resolve("", inner)?;
        config.content.iter().find_map(|root| {
            let rel = if root.dir.is_empty() {
                inner.clone()
            } else {
                format!("{}/{inner}", root.dir)
            };
            self.files.get(&rel).cloned()
        })
    }

    /// A page by its file name alone, when only one has it.
    pub fn by_name(&self, name: &str) -> Option<String> {
        self.names.get(name)?.clone()
    }

    /// Public path of a picture named in front matter; the name as it is when there is no such file.
    pub fn picture(&self, raw: &str, from: &From, config: &Config) -> Result<String, ()> {
        if self.public.contains(raw) || has_scheme(raw) || raw.starts_with("//") {
            return Ok(raw.to_owned());
        }
        if let Found::To(path) = self.resolve(raw, from, config) {
            return Ok(path);
        }
        // Themes differ in whether a name starts at the page, at the site or in static/.
        let rooted = paths::resolve("", &percent_decode_str(raw).decode_utf8_lossy()).unwrap_or_default();
        if let Some(path) = self
            .media
            .get(&rooted)
            .or_else(|| self.media.get(&format!("assets/{rooted}")))
        {
            return Ok(path.clone());
        }
        let public = format!("/{rooted}");
        if self.public.contains(&public) {
            Ok(public)
        } else {
            Err(())
        }
    }
}

/// `https:`, `mailto:`, `data:` and the like.
fn has_scheme(dest: &str) -> bool {
    let end = dest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-')));
    end.is_some_and(|i| i > 1 && dest[i..].starts_with(':') && dest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn is_markdown(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, e)| matches!(e, "md" | "markdown" | "mkd"))
}

/// Extensions every text is read with, here and for excerpts.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Rewrites the links of a Markdown text; `None` if it stays as it is. Everything else stays byte for byte.
pub(super) fn markdown(text: &str, from: &From, index: &Index, config: &Config, problems: &Problems) -> Option<String> {
    if lead_only_away(text) {
        return None;
    }
    let mut judged = Judged::new(text, from);
    let mut judge =
        |at: Range<usize>, dest: &str, picture: bool| judged.judge(at, dest, picture, index, config, problems);
    let parser = Parser::new_ext(text, options());
    for (_, definition) in parser.reference_definitions().iter() {
        let span = definition.span.clone();
        if let Some(at) = text[span.clone()]
            .find("]:")
            .and_then(|i| destination(text, span.start + i + 2, &definition.dest))
        {
            judge(at, &definition.dest, false);
        }
    }
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link {
                link_type: LinkType::Inline,
                dest_url,
                ..
            }) => {
                if let Some(at) = inline(text, range, &dest_url) {
                    judge(at, &dest_url, false);
                }
            }
            Event::Start(Tag::Image {
                link_type: LinkType::Inline,
                dest_url,
                ..
            }) => {
                if let Some(at) = inline(text, range, &dest_url) {
                    judge(at, &dest_url, true);
                }
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                for (at, picture) in attributes(text, range) {
                    let dest = text[at.clone()].to_owned();
                    judge(at, &dest, picture);
                }
            }
            _ => {}
        }
    }
    judged.finish(problems)
}

/// Says of most texts, without parsing them, that no link in them can be one to a file: that everything which could be a link
/// begins with a scheme or leads to a place in the text itself. May say no where it is so.
pub(super) fn lead_only_away(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut tags = false;
    for at in memchr::memchr2_iter(b']', b'<', bytes) {
        match bytes.get(at + 1) {
            Some(b'(') if bytes[at] == b']' => {
                let rest = text[at + 2..].trim_start_matches([' ', '\t', '\r', '\n', '<']);
                if !["https://", "http://", "mailto:", "#"]
                    .iter()
                    .any(|s| rest.starts_with(s))
                {
                    return false;
                }
            }
            // A definition, for links by name.
            Some(b':') if bytes[at] == b']' => return false,
            Some(next) if bytes[at] == b'<' && next.is_ascii_alphabetic() => tags = true,
            _ => {}
        }
    }
    let named = |name: &[u8]| bytes.windows(name.len()).any(|w| w.eq_ignore_ascii_case(name));
    !tags || ![b"href".as_slice(), b"src", b"poster"].into_iter().any(named)
}

/// Rewrites the links of an HTML text; `None` if it stays as it is.
pub(super) fn html(text: &str, from: &From, index: &Index, config: &Config, problems: &Problems) -> Option<String> {
    let mut judged = Judged::new(text, from);
    for (at, picture) in attributes(text, 0..text.len()) {
        let dest = &text[at.clone()];
        judged.judge(at, dest, picture, index, config, problems);
    }
    judged.finish(problems)
}

/// Broken links of one file that are listed one by one.
const LISTED: usize = 50;

/// Edits to a text, collected before they are made.
struct Judged<'a> {
    text: &'a str,
    from: &'a From<'a>,
    edits: Vec<(Range<usize>, String)>,
    broken: usize,
    /// Offsets of line ends, made when the first problem needs them.
    lines: Vec<usize>,
}

impl<'a> Judged<'a> {
    fn new(text: &'a str, from: &'a From<'a>) -> Self {
        Judged {
            text,
            from,
            edits: Vec::new(),
            broken: 0,
            lines: Vec::new(),
        }
    }

    fn judge(
        &mut self,
        at: Range<usize>,
        dest: &str,
        picture: bool,
        index: &Index,
        config: &Config,
        problems: &Problems,
    ) {
        match index.resolve(dest, self.from, config) {
            Found::Keep => {}
            Found::To(path) if path == dest => {}
            Found::To(path) => self.edits.push((at, path)),
            Found::Nowhere => {
                self.broken += 1;
                if self.broken > LISTED {
                    return;
                }
                if self.lines.is_empty() {
                    self.lines = self
                        .text
                        .bytes()
                        .enumerate()
                        .filter(|(_, b)| *b == b'\n')
                        .map(|(i, _)| i)
                        .collect();
                }
                let own = self.lines.partition_point(|end| *end < at.start);
                let skipped = self.from.skipped.iter().filter(|(after, _)| *after <= own);
                let line = self.from.line + own + skipped.map(|(_, lines)| lines).sum::<usize>();
                let what = if picture { "picture or file" } else { "link" };
                let dest: String = dest.chars().filter(|c| !c.is_control()).take(120).collect();
                problems.warn(
                    self.from.rel,
                    Some(line),
                    format!("{what} to `{dest}` leads to nothing in this folder"),
                );
            }
        }
    }

    fn finish(mut self, problems: &Problems) -> Option<String> {
        if self.broken > LISTED {
            let more = self.broken - LISTED;
            problems.warn(
                self.from.rel,
                None,
                format!("{more} more links or pictures lead to nothing in this folder"),
            );
        }
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(at, _)| at.start);
        let mut out = String::with_capacity(self.text.len());
        let mut done = 0;
        for (at, new) in self.edits {
            if at.start < done {
                continue;
            }
            out.push_str(&self.text[done..at.start]);
            out.push_str(&new);
            done = at.end;
        }
        out.push_str(&self.text[done..]);
        Some(out)
    }
}

/// Where the destination of `[text](destination "title")` stands.
fn inline(text: &str, range: Range<usize>, dest: &str) -> Option<Range<usize>> {
    let source = &text[range.clone()];
    // From the back: a link's text may hold pictures with destinations of their own.
    let mut end = source.len();
    for _ in 0..16 {
        let i = source[..end].rfind("](")?;
        if let Some(at) = destination(text, range.start + i + 2, dest) {
            return Some(at);
        }
        end = i;
    }
    None
}

/// The destination that starts after `start`, if it reads as `dest`.
fn destination(text: &str, start: usize, dest: &str) -> Option<Range<usize>> {
    let rest = &text[start..];
    let mut at = start + (rest.len() - rest.trim_start().len());
    let end = if text[at..].starts_with('<') {
        at += 1;
        at + text[at..].find('>')?
    } else {
        at + bare_end(&text[at..])
    };
    // Escapes and entities make the written form differ; those are left alone.
    (text.get(at..end)? == dest).then_some(at..end)
}

/// Length of a destination without angle brackets: up to white space or the parenthesis that closes the link.
fn bare_end(text: &str) -> usize {
    let mut depth = 0usize;
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return i,
            ')' => depth -= 1,
            c if c.is_whitespace() || c.is_control() => return i,
            _ => {}
        }
    }
    text.len()
}

/// Values of `src`, `href` and `poster` in HTML, with whether they are pictures.
fn attributes(text: &str, range: Range<usize>) -> Vec<(Range<usize>, bool)> {
    let mut out = Vec::new();
    let source = &text.as_bytes()[range.clone()];
    let mut i = 0;
    while let Some(eq) = source[i..].iter().position(|b| *b == b'=') {
        let eq = i + eq;
        i = eq + 1;
        let name = source[..eq].trim_ascii_end();
        let picture = match () {
            () if ends_with_name(name, b"src") || ends_with_name(name, b"poster") => true,
            () if ends_with_name(name, b"href") => false,
            () => continue,
        };
        let mut start = eq + 1;
        while source.get(start).is_some_and(u8::is_ascii_whitespace) {
            start += 1;
        }
        let Some(quote) = source.get(start).filter(|b| matches!(b, b'"' | b'\'')) else {
            continue;
        };
        let Some(len) = source[start + 1..].iter().position(|b| b == quote) else {
            continue;
        };
        out.push((range.start + start + 1..range.start + start + 1 + len, picture));
        i = start + 1 + len;
    }
    out
}

fn ends_with_name(before: &[u8], name: &[u8]) -> bool {
    let Some(at) = before.len().checked_sub(name.len()) else {
        return false;
    };
    before[at..].eq_ignore_ascii_case(name) && at > 0 && before[at - 1].is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::lead_only_away;

    #[test]
    fn texts_whose_links_lead_away() {
        let cases = [
            ("no link at all, a < b", true),
            (
                "[a](https://x.org) ![b]( <http://y.org> \"t\") [c](#d) [e](\n mailto:a@b.org)",
                true,
            ),
            ("`Vec<u8>` and [x] (y) and a[0]", true),
            ("[a](b.md)", false),
            ("[a](\\#b)", false),
            ("[a](<b.md>)", false),
            ("[a](//x.org)", false),
            ("[a]: b.md\n\n[a]", false),
            ("<a HREF=\"b.md\">", false),
            ("<img\nsrc='x.png'>", false),
            ("<https://x.org>", true),
        ];
        for (text, away) in cases {
            assert_eq!(lead_only_away(text), away, "{text:?}");
        }
    }
}
