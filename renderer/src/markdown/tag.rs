//! Tags as html5ever writes them: lower-case names, attributes in double quotes.

use std::borrow::Cow;

use pulldown_cmark_escape::escape_html;

/// One tag of cleaned HTML.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    pub closing: bool,
    /// Values are escaped still.
    pub attributes: Vec<(&'a str, &'a str)>,
    /// Bytes from its `<` to its `>`.
    pub length: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag that `source` begins with.
    pub fn read(source: &'a str) -> Option<Self> {
        let closing = source.starts_with("</");
        let mut at = if closing { 2 } else { 1 };
        let end = |from: usize, stop: &[char]| source[from..].find(stop).map(|i| from + i);
        let name_end = end(at, &[' ', '>', '/'])?;
        let name = &source[at..name_end];
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        at = name_end;
        let mut attributes = Vec::new();
        loop {
            at += source[at..].len() - source[at..].trim_start_matches([' ', '/', '\n', '\t']).len();
            if source[at..].starts_with('>') {
                return Some(Self {
                    name,
                    closing,
                    attributes,
                    length: at + 1,
                });
            }
            let key_end = end(at, &['=', ' ', '>'])?;
            let key = &source[at..key_end];
            if source[key_end..].starts_with("=\"") {
                let value_start = key_end + 2;
                let value_end = end(value_start, &['"'])?;
                attributes.push((key, &source[value_start..value_end]));
                at = value_end + 1;
            } else if key_end > at && !source[key_end..].starts_with('=') {
                attributes.push((key, ""));
                at = key_end;
            } else {
                return None;
            }
        }
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| unescape(value))
    }
}

/// Appends an attribute.
pub(super) fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    let _ = escape_html(&mut *out, value);
    out.push('"');
}

/// Undoes the escapes that html5ever writes in attributes.
pub(super) fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    Cow::Owned(
        value
            .replace("&quot;", "\"")
            .replace("&nbsp;", "\u{a0}")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
