//! Plain text out of bodies: excerpts, word counts, slugs of headings.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{clean, options};
use crate::site::Body;

/// Words a minute that people read, and CJK characters.
const WORDS_PER_MINUTE: usize = 230;
const CJK_PER_MINUTE: usize = 500;
/// As much of a body's start as an excerpt needs to see.
const EXCERPT_WINDOW: usize = 6 * 1024;

/// How long a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Length {
    /// Words of scripts that put spaces between them.
    pub words: usize,
    /// Characters of scripts that do not.
    pub cjk: usize,
}

impl Length {
    /// Words, counting each CJK character as one.
    pub fn total(self) -> usize {
        self.words + self.cjk
    }

    /// Minutes of reading, at least one.
    pub fn minutes(self) -> usize {
        (self.words * CJK_PER_MINUTE + self.cjk * WORDS_PER_MINUTE)
            .div_ceil(WORDS_PER_MINUTE * CJK_PER_MINUTE)
            .max(1)
    }
}

/// What a byte means for counting words.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Break,
    Word,
    /// Within a word it joins (`it's`, `well-known`), elsewhere it is nothing.
    Joins,
    Tag,
    /// Part of a character that must be looked at whole.
    Wide,
}

const CLASSES: [Class; 256] = {
    let mut table = [Class::Break; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        table[i] = match b {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Word,
            b'\'' | b'-' | b'_' | b'.' | b'/' | b':' => Class::Joins,
            b'<' => Class::Tag,
            0x80.. => Class::Wide,
            _ => Class::Break,
        };
        i += 1;
    }
    table
};

/// In the lowest bit whether a byte is part of a word, in the next whether it ends one; both for what must be looked at more closely.
const PLAIN: [u8; 256] = {
    let mut table = [3; 256];
    let mut i = 0;
    while i < 256 {
        match CLASSES[i] {
            Class::Word => table[i] = 1,
            Class::Break => table[i] = 2,
            Class::Joins => table[i] = 0,
            Class::Tag | Class::Wide => {}
        }
        i += 1;
    }
    table
};

/// Counts the words of a source text; link targets of Markdown weigh little and are counted with it.
pub fn length(source: &str) -> Length {
    let mut length = Length::default();
    let mut in_word = false;
    let bytes = source.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let mut step = 1;
        // Without branches, since where words end cannot be foreseen. Most of a text is letters and spaces.
        let mut within = u8::from(in_word);
        for &byte in &bytes[i..] {
            let plain = PLAIN[usize::from(byte)];
            if plain == 3 {
                break;
            }
            length.words += usize::from(plain & !within & 1);
            within = (within | plain) & !(plain >> 1) & 1;
            i += 1;
        }
        in_word = within == 1;
        if i == bytes.len() {
            break;
        }
        match CLASSES[usize::from(bytes[i])] {
            Class::Word | Class::Joins | Class::Break => {}
            Class::Tag => {
                in_word = false;
                let opens = bytes
                    .get(i + 1)
                    .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'));
                let rest = if opens { &bytes[i + 1..] } else { &[] };
                // A tag ends in its line.
                step += rest
                    .iter()
                    .position(|&b| b == b'>' || b == b'\n')
                    .map_or(rest.len(), |n| n + 1);
            }
            Class::Wide => {
                let c = source[i..].chars().next().unwrap_or(' ');
                step = c.len_utf8();
                if is_cjk(c) {
                    length.cjk += 1;
                    in_word = false;
                } else if c.is_alphanumeric() {
                    length.words += usize::from(!in_word);
                    in_word = true;
                } else if c != '’' {
                    in_word = false;
                }
            }
        }
        i += step;
    }
    length
}

fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0xAC00..=0xD7AF | 0x2_0000..=0x3_FFFF)
}

/// The start of a body as plain text, at most `limit` characters, cut between words.
pub fn excerpt(body: &Body, limit: usize) -> String {
    let text = match body {
        Body::Markdown(source) => markdown_text(window(source), limit * 2),
        Body::Html(source) => html_text(window(source)),
    };
    truncate(&text, limit)
}

/// The body's start up to the last blank line in the window, so that no block is cut in two where that can be helped.
fn window(source: &str) -> &str {
    if source.len() <= EXCERPT_WINDOW {
        return source;
    }
    let cut = (0..=EXCERPT_WINDOW)
        .rev()
        .find(|&i| source.is_char_boundary(i))
        .unwrap_or(0);
    let head = &source[..cut];
    head.rfind("\n\n").filter(|&i| i > 200).map_or(head, |i| &head[..i])
}

/// The text of a Markdown source without headings, code blocks, tables, images and raw HTML.
pub fn markdown_text(source: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut skipped = 0usize;
    let mut unseen: Option<&str> = None;
    for event in Parser::new_ext(source, options()) {
        if let Some(element) = unseen {
            if let Event::Html(html) | Event::InlineHtml(html) = &event
                && clean::ends(html, element)
            {
                unseen = None;
            }
            if matches!(event, Event::Text(_) | Event::Code(_)) {
                continue;
            }
        }
        match event {
            Event::InlineHtml(tag) if unseen.is_none() => unseen = clean::unseen(&tag),
            Event::Start(
                Tag::Heading { .. }
                | Tag::CodeBlock(_)
                | Tag::Table(_)
                | Tag::Image { .. }
                | Tag::HtmlBlock
                | Tag::FootnoteDefinition(_),
            ) => skipped += 1,
            Event::End(
                TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::Table
                | TagEnd::Image
                | TagEnd::HtmlBlock
                | TagEnd::FootnoteDefinition,
            ) => {
                skipped = skipped.saturating_sub(1);
            }
            Event::Text(text) | Event::Code(text) if skipped == 0 => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak if skipped == 0 => out.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Item) if skipped == 0 && !out.is_empty() => {
                out.push(' ');
                if out.len() > limit {
                    break;
                }
            }
            _ => {}
        }
    }
    collapse(&out)
}

/// The text of an HTML source, tags left out and the common entities read.
pub fn html_text(source: &str) -> String {
    let cleaned = super::clean::text_only(source);
    let mut out = String::with_capacity(cleaned.len());
    let mut rest = cleaned.as_str();
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&nbsp;", " "),
        ];
        match known.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, character)) => {
                out.push_str(character);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    collapse(&out)
}

/// Runs of white space become one space.
pub fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// At most `limit` characters, cut between words where there are any, with an ellipsis.
pub fn truncate(text: &str, limit: usize) -> String {
    // There are no more characters than bytes.
    if text.len() <= limit {
        return text.to_owned();
    }
    let Some((cut, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let head = &text[..cut];
    let cut = head.rfind(' ').filter(|&i| i * 2 > head.len()).unwrap_or(head.len());
    let mut out = head[..cut]
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–'))
        .to_owned();
    out.push('…');
    out
}

/// The id of a heading, as GitHub makes it: lower case, letters and digits of any script, dashes for spaces.
pub fn heading_slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_alphanumeric() || c == '_' {
            out.extend(c.to_lowercase());
        } else if (c.is_whitespace() || c == '-') && !out.ends_with('-') {
            out.push('-');
        }
    }
    let end = out.char_indices().nth(100).map_or(out.len(), |(i, _)| i);
    out.truncate(end);
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let cases: &[(&str, usize, usize)] = &[
            ("", 0, 0),
            ("one two  three", 3, 0),
            ("it's a well-known thing", 4, 0),
            ("日本語 text", 1, 3),
            ("<b class=\"x y z\">bold</b> move", 2, 0),
            ("naïve café", 2, 0),
            ("a < b and c > d", 5, 0),
            ("<b", 0, 0),
        ];
        for (text, words, cjk) in cases {
            assert_eq!(
                length(text),
                Length {
                    words: *words,
                    cjk: *cjk
                },
                "{text:?}"
            );
        }
        assert_eq!(Length { words: 0, cjk: 0 }.minutes(), 1);
        assert_eq!(Length { words: 461, cjk: 0 }.minutes(), 3);
        assert_eq!(Length { words: 0, cjk: 1000 }.minutes(), 2);
    }

    #[test]
    fn excerpts() {
        let markdown = |s: &str| Body::Markdown(s.into());
        assert_eq!(
            excerpt(&markdown("# T\n\nHello *big* [world](/x).\n\n```\ncode\n```\n"), 100),
            "Hello big world."
        );
        assert_eq!(excerpt(&markdown("one two three four"), 9), "one two…");
        for (source, expected) in [
            ("Hi <script>alert(2)</script> *there*", "Hi there"),
            ("Hi <STYLE media=x>a *b* `c`\n\nd</style > <b>there</b>", "Hi there"),
            ("Hi <scripted>all</scripted> there", "Hi all there"),
            ("Hi <template/> <script>alert(2)", "Hi"),
        ] {
            assert_eq!(excerpt(&markdown(source), 100), expected, "{source}");
        }
        assert_eq!(
            excerpt(&Body::Html("<p>a &amp; b</p><script>x</script>".into()), 50),
            "a & b"
        );
        assert_eq!(truncate("日本語日本語", 3), "日本語…");
    }

    #[test]
    fn slugs() {
        assert_eq!(heading_slug("Hello, World!"), "hello-world");
        assert_eq!(heading_slug("Größe & Maß"), "größe-maß");
        assert_eq!(heading_slug("!!!"), "");
    }
}
