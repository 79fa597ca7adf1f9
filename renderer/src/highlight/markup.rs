//! HTML and XML, with the styles and scripts in HTML.

use super::{Class, Reader, Spans, is_word, read as read_as, run_end};

pub(super) fn read(text: &str, html: bool, spans: &mut Spans<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = text[at..].find(['<', '&']) {
        spans.plain(&text[at..at + next]);
        at += next;
        let rest = &text[at..];
        let to = |close: &str| rest.find(close).map_or(text.len(), |i| at + i + close.len());
        if rest.starts_with("<!--") {
            let end = to("-->");
            spans.put(Some(Class::Comment), &text[at..end]);
            at = end;
        } else if rest.starts_with("<![CDATA[") {
            let end = to("]]>");
            spans.put(Some(Class::Text), &text[at..end]);
            at = end;
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            let end = to(">");
            spans.put(Some(Class::Meta), &text[at..end]);
            at = end;
        } else if rest.starts_with('&') {
            let end = run_end(bytes, at + 1, |b| b.is_ascii_alphanumeric() || b == b'#');
            let whole = end > at + 1 && bytes.get(end) == Some(&b';');
            let end = if whole { end + 1 } else { at + 1 };
            spans.put(whole.then_some(Class::Literal), &text[at..end]);
            at = end;
        } else {
            let name_start = at + if rest.starts_with("</") { 2 } else { 1 };
            let name_end = run_end(bytes, name_start, |b| is_word(b) || matches!(b, b'-' | b':' | b'.'));
            let name = &text[name_start..name_end];
            if name.is_empty() {
                spans.plain(&text[at..at + 1]);
                at += 1;
                continue;
            }
            spans.plain(&text[at..name_start]);
            spans.put(Some(Class::Tag), name);
            let opens = name_start == at + 1;
            at = attributes(text, name_end, spans);
            let inner = match name {
                "script" if html && opens => super::reader("js"),
                "style" if html && opens => Some(Reader::Css { line_comments: false }),
                _ => None,
            };
            if let Some(inner) = inner {
                let end = text[at..].find(if name == "script" { "</script" } else { "</style" });
                let end = end.map_or(text.len(), |i| at + i);
                read_as(inner, &text[at..end], spans);
                at = end;
            }
        }
    }
    spans.plain(&text[at..]);
}

/// Takes what follows a tag's name, its closing bracket included.
fn attributes(text: &str, from: usize, spans: &mut Spans<'_>) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut wants_value = false;
    while let Some(&b) = bytes.get(at) {
        let (class, end) = match b {
            b'>' => {
                spans.plain(">");
                return at + 1;
            }
            // The tag was never closed.
            b'<' => return at,
            b'"' | b'\'' => {
                let end = text[at + 1..].find(char::from(b)).map_or(text.len(), |i| at + i + 2);
                (Some(Class::Text), end)
            }
            b if is_word(b) || matches!(b, b'@' | b':' | b'#') => {
                let end = run_end(bytes, at + 1, |b| !b" \t\r\n=>/\"'<".contains(&b));
                (Some(if wants_value { Class::Text } else { Class::Attribute }), end)
            }
            _ => (
                None,
                run_end(bytes, at + 1, |b| !is_word(b) && !b"@:#\"'<>".contains(&b)),
            ),
        };
        let piece = &text[at..end];
        spans.put(class, piece);
        wants_value = class.is_none() && (piece.contains('=') || wants_value && piece.trim().is_empty());
        at = end;
    }
    at
}
