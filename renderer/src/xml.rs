//! XML text.

/// Bytes that stay as they are. That which begins U+FFFE and U+FFFF, as it begins others, is looked at more closely.
const PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = !matches!(i as u8, 0..b' ' | b'&' | b'<' | b'>' | b'"' | b'\'' | 0xEF)
            || matches!(i as u8, b'\t' | b'\n' | b'\r');
        i += 1;
    }
    table
};

/// Appends `text` escaped for element content and attributes; characters that XML cannot hold are left out.
pub fn escape_into(out: &mut String, text: &str) {
    let mut done = 0;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        if PLAIN[usize::from(byte)] {
            continue;
        }
        let (escape, length) = match byte {
            b'&' => ("&amp;", 1),
            b'<' => ("&lt;", 1),
            b'>' => ("&gt;", 1),
            b'"' => ("&quot;", 1),
            b'\'' => ("&apos;", 1),
            0xEF if !text[at..].starts_with(['\u{fffe}', '\u{ffff}']) => continue,
            0xEF => ("", 3),
            _ => ("", 1),
        };
        out.push_str(&text[done..at]);
        out.push_str(escape);
        done = at + length;
    }
    out.push_str(&text[done..]);
}

/// Appends `<name>text</name>` and a line break.
pub fn element(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape_into(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_xml_cannot_hold_as_it_is() {
        let cases = [
            ("", ""),
            ("plain é 日本 😀 \u{fffd}", "plain é 日本 😀 \u{fffd}"),
            (
                "<a href=\"x\">'&'</a>",
                "&lt;a href=&quot;x&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;",
            ),
            ("a\tb\nc\rd\0e\u{1f}f\u{7f}", "a\tb\nc\rdef\u{7f}"),
            ("\u{fffe}x\u{ffff}\u{ff01}\u{fffe}", "x\u{ff01}"),
        ];
        for (text, escaped) in cases {
            let mut out = String::new();
            escape_into(&mut out, text);
            assert_eq!(out, escaped);
        }
    }
}
