//! Stylesheets: a statement is a rule's selector if a brace comes before a semicolon, else a declaration.

use super::{Class, Spans, is_word, line_length, number_end, run_end};

fn is_name(b: u8) -> bool {
    is_word(b) || b == b'-'
}

pub(super) fn read(text: &str, line_comments: bool, spans: &mut Spans<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // Where the statement that is being read ends, and what it is.
    let mut selector_until = 0;
    let mut in_value = false;
    let mut fresh = true;
    while let Some(&b) = bytes.get(at) {
        let rest = &text[at..];
        let (class, end) = match b {
            b'/' if rest.starts_with("/*") => {
                let end = rest[2..].find("*/").map_or(text.len(), |i| at + i + 4);
                (Some(Class::Comment), end)
            }
            b'/' if line_comments && rest.starts_with("//") => (Some(Class::Comment), at + line_length(rest)),
            b' ' | b'\t' | b'\r' | b'\n' => (None, run_end(bytes, at, |b| b.is_ascii_whitespace())),
            b'{' | b'}' | b';' => {
                (fresh, in_value) = (true, false);
                (None, at + 1)
            }
            b'"' | b'\'' => {
                let close = rest[1..].find([char::from(b), '\n']);
                (Some(Class::Text), close.map_or(text.len(), |i| at + i + 2))
            }
            _ => {
                if std::mem::take(&mut fresh) {
                    let stop = rest.find(['{', '}', ';']).map_or(text.len(), |i| at + i);
                    let is_selector = bytes.get(stop) == Some(&b'{') && b != b'@';
                    selector_until = if is_selector { stop } else { at };
                    in_value = b == b'@';
                }
                if at < selector_until {
                    let end = text[at..selector_until]
                        .find(['"', '\''])
                        .map_or(selector_until, |i| at + i);
                    let end = text[at..end].find("/*").map_or(end, |i| at + i);
                    let trimmed = text[at..end].trim_end().len();
                    (Some(Class::Tag), at + trimmed.max(1))
                } else {
                    token(text, at, &mut in_value)
                }
            }
        };
        spans.put(class, &text[at..end]);
        at = end;
    }
}

fn token(text: &str, at: usize, in_value: &mut bool) -> (Option<Class>, usize) {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1).copied().unwrap_or_default();
    match bytes[at] {
        b'@' => (Some(Class::Keyword), run_end(bytes, at + 1, is_name)),
        b'!' => (Some(Class::Keyword), run_end(bytes, at + 1, is_name)),
        b'$' => (Some(Class::Variable), run_end(bytes, at + 1, is_name)),
        b'#' if *in_value && is_word(next) => (Some(Class::Literal), run_end(bytes, at + 1, is_word)),
        b'-' if next == b'-' => {
            let class = if *in_value { Class::Variable } else { Class::Property };
            (Some(class), run_end(bytes, at, is_name))
        }
        b'0'..=b'9' => {
            let end = number_end(bytes, at);
            (
                Some(Class::Number),
                if bytes.get(end) == Some(&b'%') { end + 1 } else { end },
            )
        }
        b':' => {
            *in_value = true;
            (None, at + 1)
        }
        b if is_name(b) => {
            let end = run_end(bytes, at, is_name);
            let class = if !*in_value {
                Some(Class::Property)
            } else if bytes.get(end) == Some(&b'(') {
                Some(Class::Function)
            } else {
                None
            };
            (class, end)
        }
        _ => (None, at + 1),
    }
}
