//! From bytes to the text of a table, and from cells to the text of terms.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{FileProblem, MAX_BYTES};

/// The text of a file: UTF-8 or UTF-16 by its mark, UTF-8 if it is, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FileProblem> {
    if bytes.len() > MAX_BYTES {
        return Err(FileProblem::TooLarge);
    }
    if bytes.trim_ascii().is_empty() {
        return Err(FileProblem::Empty);
    }
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0,
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0,
        _ if bytes.starts_with(b"PK\x03\x04") || bytes.contains(&0) => return Err(FileProblem::NotText),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        },
    };
    let start = text.trim_start();
    if start.starts_with("<?xml") || start.starts_with("<rss") {
        return Err(FileProblem::Xml);
    }
    if start.is_empty() {
        return Err(FileProblem::Empty);
    }
    let html = start
        .get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
    if html || start.starts_with('{') || start.starts_with("[{") {
        return Err(FileProblem::NotText);
    }
    Ok(text)
}

/// What parts the cells of a table, and the bytes before it: Excel writes `sep=;` there.
pub(super) fn delimiter(text: &str) -> (u8, usize) {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if let Some(named) = line.trim().strip_prefix("sep=")
        && let [delimiter] = named.as_bytes()
    {
        let end = text.find(line).unwrap_or(0) + line.len();
        let rest = &text[end..];
        let newline = rest.find('\n').map_or(rest.len(), |at| at + 1);
        return (*delimiter, end + newline);
    }
    // Counted outside of quotation marks; of equal counts the first wins, and a comma if there is none.
    let count = |delimiter: char| {
        let mut quoted = false;
        line.chars()
            .filter(|c| {
                quoted ^= *c == '"';
                !quoted && *c == delimiter
            })
            .count()
    };
    let best = [',', ';', '\t', '|']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter));
    let best = best.filter(|delimiter| count(*delimiter) > 0).unwrap_or(',');
    (best as u8, 0)
}

/// A cell as people read it: without the mark against formulas, HTML's codes, control characters and white space around.
pub(super) fn clean(cell: &str) -> String {
    let cell = igny8_planner::keyword_file::unguarded(cell.trim());
    let decoded = if cell.contains('&') {
        entities(cell)
    } else {
        Cow::Borrowed(cell)
    };
    let plain: String = decoded.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// WordPress keeps names with these.
fn entities(text: &str) -> Cow<'_, str> {
    let mut out = text.to_owned();
    for (code, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&#39;", "'"),
        ("&#8217;", "’"),
        ("&#8211;", "–"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        out = out.replace(code, character);
    }
    Cow::Owned(out)
}

/// Parts of a cell, at a character that has no backslash before it.
pub(super) fn split(cell: &str, at: char) -> Vec<String> {
    let mut out = Vec::new();
    let mut part = String::new();
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(|next| *next == at) {
            part.extend(chars.next());
        } else if c == at {
            out.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    out.push(part);
    out
}

/// A slug as WordPress writes it: other scripts come as codes.
pub(super) fn slug(cell: &str) -> String {
    let cell = cell.trim();
    if !cell.contains('%') {
        return cell.to_lowercase();
    }
    let bytes = cell.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = cell
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_and_other_files() {
        let utf16: Vec<u8> = "\u{feff}Name\nCafé".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, text) in [
            ("Name\nCafé".as_bytes(), "Name\nCafé"),
            ("\u{feff}Name".as_bytes(), "Name"),
            (utf16.as_slice(), "Name\nCafé"),
            (b"Name\nCaf\xe9", "Name\nCafé"),
        ] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        for (bytes, problem) in [
            (b" \n ".as_slice(), FileProblem::Empty),
            (b"PK\x03\x04...", FileProblem::NotText),
            (b"<?xml version='1.0'?><rss/>", FileProblem::Xml),
            (b"{\"a\": 1}", FileProblem::NotText),
            (b"<!DOCTYPE html>", FileProblem::NotText),
        ] {
            assert_eq!(decode(bytes), Err(problem));
        }
    }

    #[test]
    fn delimiters() {
        for (text, delimiter, skip) in [
            ("a,b\n1,2", b',', 0),
            ("a;b;\"c,d,e\"\n", b';', 0),
            ("a\tb\n", b'\t', 0),
            ("sep=;\r\na;b", b';', 7),
            ("name\n", b',', 0),
        ] {
            assert_eq!(super::delimiter(text), (delimiter, skip), "{text:?}");
        }
    }

    #[test]
    fn cells() {
        assert_eq!(clean(" Tools &amp;  Care\n"), "Tools & Care");
        assert_eq!(clean("'=1+1"), "=1+1");
        assert_eq!(split("A\\, B, C", ','), ["A, B", " C"]);
        assert_eq!(slug("%E5%92%96%e5%95%a1"), "咖啡");
        assert_eq!(slug("100%"), "100%");
    }
}
