//! JSON, YAML, TOML and INI.

use super::{Class, Spans, is_word, line_length, number_end, run_end};

/// The end of a string in `quote` that begins at `at`; a line break ends it too.
fn string_end(bytes: &[u8], at: usize, escapes: bool) -> usize {
    let quote = bytes[at];
    let mut i = at + 1;
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' if escapes && bytes.get(i + 1).is_some_and(|b| b.is_ascii() && *b != b'\n') => i += 1,
            b'\n' => return i,
            b if b == quote => return i + 1,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

fn literal(word: &str) -> Option<Class> {
    matches!(
        word,
        "true"
            | "false"
            | "null"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "True"
            | "False"
            | "Null"
            | "nan"
            | "inf"
            | "NaN"
            | "Infinity"
    )
    .then_some(Class::Literal)
}

pub(super) fn json(text: &str, spans: &mut Spans<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let rest = &text[at..];
        let (class, end) = match b {
            b'"' | b'\'' => {
                let end = string_end(bytes, at, true);
                let gap = run_end(bytes, end, |b| b.is_ascii_whitespace());
                let is_key = bytes.get(gap) == Some(&b':');
                (Some(if is_key { Class::Property } else { Class::Text }), end)
            }
            b'/' if rest.starts_with("//") => (Some(Class::Comment), at + line_length(rest)),
            b'/' if rest.starts_with("/*") => {
                let end = rest[2..].find("*/").map_or(text.len(), |i| at + i + 4);
                (Some(Class::Comment), end)
            }
            b'0'..=b'9' => (Some(Class::Number), number_end(bytes, at)),
            b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                (Some(Class::Number), number_end(bytes, at + 1))
            }
            b if is_word(b) => {
                let end = run_end(bytes, at, is_word);
                let class = literal(&text[at..end]);
                let key = bytes.get(end) == Some(&b':');
                (if key { Some(Class::Property) } else { class }, end)
            }
            _ => {
                let stop = |b: u8| !is_word(b) && !matches!(b, b'"' | b'\'' | b'/' | b'-');
                (None, run_end(bytes, at + 1, stop))
            }
        };
        spans.put(class, &text[at..end]);
        at = end;
    }
}

/// A plain value of one line: strings, numbers, words, and a comment after white space.
fn values(text: &str, comment: u8, escapes: bool, spans: &mut Spans<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let spaced = at == 0 || bytes[at - 1].is_ascii_whitespace();
        let starts = spaced || matches!(bytes[at - 1], b'[' | b'{' | b',' | b'(' | b'=' | b':');
        let (class, end) = match b {
            b if b == comment && spaced => (Some(Class::Comment), text.trim_end_matches('\n').len().max(at + 1)),
            b'"' if starts => (Some(Class::Text), string_end(bytes, at, escapes)),
            b'\'' if starts => (Some(Class::Text), string_end(bytes, at, false)),
            b'&' | b'*' | b'!'
                if comment == b'#' && starts && bytes.get(at + 1).is_some_and(|b| is_word(*b) || *b == b'!') =>
            {
                let end = run_end(bytes, at + 1, |b| !b.is_ascii_whitespace() && b != b',');
                (Some(Class::Meta), end)
            }
            b'0'..=b'9' if starts => {
                let end = run_end(bytes, at, |b| is_word(b) || matches!(b, b'.' | b':' | b'-' | b'+'));
                let ends = bytes.get(end).is_none_or(|b| !is_word(*b));
                (ends.then_some(Class::Number), end)
            }
            b if is_word(b) => {
                let end = run_end(bytes, at, |b| is_word(b) || matches!(b, b'-' | b'.' | b'/'));
                let class = literal(&text[at..end]).filter(|_| starts);
                (class, end)
            }
            _ => (None, at + 1),
        };
        spans.put(class, &text[at..end]);
        at = end;
    }
}

pub(super) fn yaml(text: &str, spans: &mut Spans<'_>) {
    // The indent of a key whose block scalar is being read.
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if let Some(outer) = block {
            if content.trim().is_empty() || indent > outer {
                spans.put(Some(Class::Text), line);
                continue;
            }
            block = None;
        }
        spans.plain(&line[..indent]);
        let mut rest = content;
        while let Some(after) = rest.strip_prefix("- ") {
            spans.plain("- ");
            rest = after;
        }
        let body = rest.trim_end();
        if body == "---" || body == "..." || body.starts_with('%') {
            spans.put(Some(Class::Meta), rest);
            continue;
        }
        if let Some(end) = yaml_key(rest) {
            spans.put(Some(Class::Property), &rest[..end]);
            spans.plain(":");
            rest = &rest[end + 1..];
            let value = rest.trim();
            let value = value.split(" #").next().unwrap_or_default().trim_end();
            if value.starts_with(['|', '>']) && value.len() <= 3 {
                block = Some(indent);
            }
        }
        values(rest, b'#', true, spans);
    }
}

/// The length of a key: what stands before a colon that a space or the line's end follows.
fn yaml_key(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let from = match *bytes.first()? {
        b'#' | b'[' | b'{' => return None,
        b'"' | b'\'' => string_end(bytes, 0, true),
        _ => 0,
    };
    let colon = from + line[from..].find(':')?;
    let ends = bytes.get(colon + 1).is_none_or(|b| b.is_ascii_whitespace());
    (ends && !line[..colon].contains(" #")).then_some(colon)
}

pub(super) fn toml(text: &str, spans: &mut Spans<'_>) {
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let content = line.trim_start();
        spans.plain(&line[..line.len() - content.len()]);
        if content.starts_with('[')
            && content.trim_end().trim_end_matches(|c| c != ']').ends_with(']')
            && !content.contains('=')
        {
            let end = content.rfind(']').map_or(content.len(), |i| i + 1);
            spans.put(Some(Class::Tag), &content[..end]);
            values(&content[end..], b'#', true, spans);
            continue;
        }
        let Some(equals) = content
            .find('=')
            .filter(|_| !content.starts_with(['#', '"', '\'', '{', '[']))
            .or_else(|| quoted_key(content))
        else {
            values(content, b'#', true, spans);
            continue;
        };
        let key = content[..equals].trim_end();
        spans.put(Some(Class::Property), key);
        spans.plain(&content[key.len()..=equals]);
        let value = &content[equals + 1..];
        let mark = ["\"\"\"", "'''"]
            .into_iter()
            .find(|mark| value.trim_start().starts_with(mark));
        match mark.filter(|mark| value.matches(mark).count() == 1) {
            None => values(value, b'#', true, spans),
            Some(mark) => {
                spans.put(Some(Class::Text), value);
                for line in lines.by_ref() {
                    spans.put(Some(Class::Text), line);
                    if line.contains(mark) {
                        break;
                    }
                }
            }
        }
    }
}

fn quoted_key(line: &str) -> Option<usize> {
    let first = line.bytes().next().filter(|b| matches!(b, b'"' | b'\''))?;
    let end = string_end(line.as_bytes(), 0, first == b'"');
    line[end..]
        .trim_start()
        .starts_with('=')
        .then(|| line.len() - line[end..].trim_start().len())
}

pub(super) fn ini(text: &str, spans: &mut Spans<'_>) {
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        spans.plain(&line[..line.len() - content.len()]);
        if content.starts_with(['#', ';', '!']) {
            spans.put(Some(Class::Comment), content);
        } else if content.starts_with('[') {
            spans.put(Some(Class::Tag), content);
        } else if let Some(equals) = content.find(['=', ':']) {
            let key = content[..equals].trim_end();
            let (word, name) = key.strip_prefix("export ").map_or(("", key), |name| ("export ", name));
            spans.put(Some(Class::Keyword), word);
            spans.put(Some(Class::Property), name);
            spans.plain(&content[key.len()..=equals]);
            values(&content[equals + 1..], b';', true, spans);
        } else {
            spans.plain(content);
        }
    }
}
