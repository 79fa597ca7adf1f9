//! Bare addresses in a text become links, as GitHub's Markdown has it (its "extended autolinks" without email addresses).

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

/// Looked for together, so that a text with many of one and none of another is gone through once.
static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(["https://", "http://", "www."]).ok());

/// The events of `source` with bare addresses linked.
pub(super) fn link<'e>(source: &str, events: Vec<Event<'e>>) -> Vec<Event<'e>> {
    if !may_have(source, &events) {
        return events;
    }
    let mut out = Vec::with_capacity(events.len() + 16);
    let mut within = 0usize;
    let mut events = events.into_iter().peekable();
    while let Some(event) = events.next() {
        match &event {
            Event::Start(tag) => within += usize::from(has_own_text(&tag.to_end())),
            Event::End(tag) => within = within.saturating_sub(usize::from(has_own_text(tag))),
            Event::Text(text) if within == 0 => {
                // An address with `_` or `&` in it comes in pieces.
                if matches!(events.peek(), Some(Event::Text(_))) {
                    let mut whole = text.to_string();
                    while let Some(Event::Text(more)) = events.next_if(|next| matches!(next, Event::Text(_))) {
                        whole.push_str(&more);
                    }
                    split(&whole.into(), &mut out);
                } else {
                    split(text, &mut out);
                }
                continue;
            }
            _ => {}
        }
        out.push(event);
    }
    out
}

/// False if there is certainly nothing to link, as in most texts: the addresses in them are those of links.
fn may_have(source: &str, events: &[Event<'_>]) -> bool {
    let has = |mark: &[u8]| memchr::memmem::find(source.as_bytes(), mark).is_some();
    let (schemes, names) = (has(b"://"), has(b"www."));
    if !schemes && !names {
        return false;
    }
    let mut within = 0usize;
    events.iter().any(|event| {
        match event {
            Event::Start(tag) => within += usize::from(has_own_text(&tag.to_end())),
            Event::End(tag) => within = within.saturating_sub(usize::from(has_own_text(tag))),
            // What begins an address can come in pieces, one of which has this.
            Event::Text(text) if within == 0 => {
                let has = |byte| memchr::memchr(byte, text.as_bytes()).is_some();
                return schemes && has(b':') || names && has(b'w');
            }
            _ => {}
        }
        false
    })
}

/// Links and images have texts of their own; code is no text.
fn has_own_text(tag: &TagEnd) -> bool {
    matches!(tag, TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock)
}

fn split<'e>(text: &CowStr<'e>, out: &mut Vec<Event<'e>>) {
    let mut done = 0;
    let mut from = 0;
    while let Some((start, end)) = find(text, from) {
        from = end;
        if start > done {
            out.push(Event::Text(piece(text, done, start)));
        }
        let shown = piece(text, start, end);
        let url: CowStr<'e> = if shown.starts_with("www.") {
            format!("http://{shown}").into()
        } else {
            shown.clone()
        };
        out.push(Event::Start(Tag::Link {
            link_type: LinkType::Autolink,
            dest_url: url,
            title: "".into(),
            id: "".into(),
        }));
        out.push(Event::Text(shown));
        out.push(Event::End(TagEnd::Link));
        done = end;
    }
    if done == 0 {
        out.push(Event::Text(text.clone()));
    } else if done < text.len() {
        out.push(Event::Text(piece(text, done, text.len())));
    }
}

fn piece<'e>(text: &CowStr<'e>, from: usize, to: usize) -> CowStr<'e> {
    match text {
        CowStr::Borrowed(text) => CowStr::Borrowed(&text[from..to]),
        text => text[from..to].to_owned().into(),
    }
}

/// The first address at or after `from`.
fn find(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let start = STARTS.as_ref()?.find(&text[from..])?.start() + from;
        let before = text[..start].chars().next_back();
        let may_begin = before.is_none_or(|c| c.is_whitespace() || matches!(c, '*' | '_' | '~' | '('));
        let end = end_of(text, start);
        if may_begin && has_domain(&text[start..end]) {
            return Some((start, end));
        }
        from = start + 4;
    }
}

fn end_of(text: &str, start: usize) -> usize {
    let stop = |c: char| c.is_whitespace() || c == '<';
    let mut url = &text[start..];
    url = &url[..url.find(stop).unwrap_or(url.len())];
    while let Some(last) = url.chars().next_back() {
        let trim = match last {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '"' => true,
            // As much of the text as of the address: a bracket that was opened before it. Addresses are short.
            ')' if url.len() < 2000 => url.matches(')').count() > url.matches('(').count(),
            _ => false,
        };
        if !trim {
            break;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    start + url.len()
}

/// After the scheme: names with dots between, no underscore in the last two.
fn has_domain(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let domain = &rest[..end.unwrap_or(rest.len())];
    let mut names = domain.rsplit('.');
    let (last, second) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    !last.is_empty() && !second.is_empty() && !last.contains('_') && !second.contains('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_as_github_does() {
        let cases = [
            ("www.commonmark.org", "www.commonmark.org"),
            ("see www.commonmark.org/help for more", "www.commonmark.org/help"),
            ("Visit www.commonmark.org.", "www.commonmark.org"),
            ("www.commonmark.org/a.b.", "www.commonmark.org/a.b"),
            (
                "(www.google.com/search?q=Markup+(business)))",
                "www.google.com/search?q=Markup+(business)",
            ),
            ("http://commonmark.org", "http://commonmark.org"),
            ("*https://e.org/a_b?c=d&e*", "https://e.org/a_b?c=d&e"),
            ("https://e.org<x", "https://e.org"),
            ("xhttps://e.org", ""),
            ("https://localhost and http://a_b.c_d", ""),
            ("www. and http://", ""),
            ("“https://e.org/ü”", ""),
        ];
        for (text, expected) in cases {
            let found = find(text, 0).map_or("", |(start, end)| &text[start..end]);
            assert_eq!(found, expected, "{text}");
        }
    }
}
