//! The tags of a finished page, in order. Enough of HTML to read what templates write; what it cannot read it passes over.
//!
//! Every page of every render goes through here, so a page is read once, by bytes: attributes are taken where their tag ends.

use memchr::memmem;

/// One tag.
pub(crate) struct Tag<'t, 'h> {
    /// As written; templates write lower case.
    pub name: &'h str,
    pub closing: bool,
    /// Names and values as written; an attribute without a value has an empty one.
    pub attributes: &'t [(&'h str, &'h str)],
    /// For elements whose inside is text ([`is_raw`]): what is inside.
    pub text: &'h str,
    /// Where it begins, in bytes.
    pub at: usize,
    /// Where it ends; for elements whose inside is text after that.
    pub end: usize,
}

impl<'h> Tag<'_, 'h> {
    /// The value of an attribute as written.
    pub fn attribute(&self, name: &str) -> Option<&'h str> {
        let mut all = self.attributes.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|&(_, value)| value)
    }
}

/// Elements whose inside is text.
fn is_raw(name: &[u8]) -> bool {
    matches!(name, b"script" | b"style" | b"textarea" | b"title")
}

/// Reads the tags of a page one after the other, comments and declarations left out.
pub(crate) struct Tags<'h> {
    html: &'h str,
    at: usize,
    /// Those of the last tag.
    attributes: Vec<(&'h str, &'h str)>,
}

impl<'h> Tags<'h> {
    pub fn new(html: &'h str) -> Self {
        Self {
            html,
            at: 0,
            attributes: Vec::with_capacity(8),
        }
    }

    /// Passes over closing tags, and over those without attributes whose name does not matter: most of a page, which need not be taken
    /// apart. Elements whose inside is text are never passed over.
    pub fn pass(&mut self, matters: impl Fn(&[u8]) -> bool) {
        let bytes = self.html.as_bytes();
        loop {
            self.at = find(bytes, self.at, b'<').unwrap_or(bytes.len());
            let closing = bytes.get(self.at + 1) == Some(&b'/');
            let name_at = self.at + 1 + usize::from(closing);
            if !bytes.get(name_at).is_some_and(u8::is_ascii_alphabetic) {
                return;
            }
            let end = skip(bytes, name_at + 1, OF_NAME);
            let name = &bytes[name_at..end];
            if bytes.get(end) != Some(&b'>') || !closing && (is_raw(name) || matters(name)) {
                return;
            }
            self.at = end + 1;
        }
    }

    /// The next tag. It lends its attributes, which is why this is no iterator.
    pub fn next(&mut self) -> Option<Tag<'_, 'h>> {
        let html = self.html;
        let bytes = html.as_bytes();
        let (at, closing, name_at, name_end) = loop {
            let at = find(bytes, self.at, b'<')?;
            let closing = bytes.get(at + 1) == Some(&b'/');
            let name_at = at + 1 + usize::from(closing);
            if bytes.get(name_at).is_some_and(u8::is_ascii_alphabetic) {
                let end = skip(bytes, name_at + 1, OF_NAME);
                break (at, closing, name_at, end);
            }
            self.at = match bytes[at..].strip_prefix(b"<!--") {
                Some(_) => memmem::find(&bytes[at + 2..], b"-->").map_or(bytes.len(), |n| at + 2 + n + 3),
                None => at + 1,
            };
        };
        let name = &html[name_at..name_end];
        self.attributes.clear();
        self.at = match bytes.get(name_end) {
            // Nearly all closing tags, and many others.
            Some(b'>') => name_end + 1,
            _ => self.read_attributes(name_end),
        };
        let mut text = "";
        if !closing && is_raw(name.as_bytes()) {
            text = &html[self.at..raw_end(bytes, self.at, name)];
            self.at += text.len();
        }
        Some(Tag {
            name,
            closing,
            attributes: &self.attributes,
            text,
            at,
            end: self.at,
        })
    }

    /// Reads from behind a tag's name to behind its `>`, and says where that is.
    fn read_attributes(&mut self, mut at: usize) -> usize {
        let html = self.html;
        let bytes = html.as_bytes();
        loop {
            at = skip(bytes, at, SPACE | SLASH);
            match bytes.get(at) {
                None => return at,
                Some(b'>') => return at + 1,
                Some(_) => {}
            }
            // A name has a first byte, whatever it is.
            let name_end = skip(bytes, at + 1, OF_NAME | OTHER);
            let name = &html[at..name_end];
            at = skip(bytes, name_end, SPACE);
            if bytes.get(at) != Some(&b'=') {
                self.attributes.push((name, ""));
                continue;
            }
            at = skip(bytes, at + 1, SPACE);
            let value = match bytes.get(at) {
                Some(&quote @ (b'"' | b'\'')) => {
                    let from = at + 1;
                    let end = find(bytes, from, quote).unwrap_or(bytes.len());
                    at = (end + 1).min(bytes.len());
                    &html[from..end]
                }
                _ => {
                    let from = at;
                    at = skip(bytes, at, OF_NAME | OTHER | SLASH | EQUALS);
                    &html[from..at]
                }
            };
            self.attributes.push((name, value));
        }
    }
}

/// Kinds of bytes within a tag.
const OF_NAME: u8 = 1;
const SPACE: u8 = 2;
const SLASH: u8 = 4;
const EQUALS: u8 = 8;
const END: u8 = 16;
const OTHER: u8 = 32;

const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => OF_NAME,
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => SPACE,
            b'/' => SLASH,
            b'=' => EQUALS,
            b'>' => END,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// The first place from `at` whose byte is of none of the kinds.
fn skip(bytes: &[u8], mut at: usize, kinds: u8) -> usize {
    while let Some(&byte) = bytes.get(at)
        && KINDS[usize::from(byte)] & kinds != 0
    {
        at += 1;
    }
    at
}

/// Where the byte is next, from `from`, eight at a time: it is mostly near, where a call that looks far costs more than it saves.
fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let wanted = ONES * u64::from(byte);
    let mut rest = &bytes[from..];
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let differ = u64::from_le_bytes(*eight) ^ wanted;
        // The lowest bit that is set is that of the first byte without a difference.
        let same = differ.wrapping_sub(ONES) & !differ & (ONES << 7);
        if same != 0 {
            return Some(bytes.len() - rest.len() + same.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    let at = rest.iter().position(|b| *b == byte)?;
    Some(bytes.len() - rest.len() + at)
}

/// Where the text inside of an element ends that begins at `from`: at its closing tag, or with the page.
fn raw_end(bytes: &[u8], from: usize, name: &str) -> usize {
    let closes = |at: &usize| {
        let named = bytes[from + at + 1..].strip_prefix(b"/");
        let named = named.and_then(|rest| rest.get(..name.len()));
        named.is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
    };
    memchr::memchr_iter(b'<', &bytes[from..])
        .find(closes)
        .map_or(bytes.len(), |at| from + at)
}

/// The line of a place in a text, from 1.
pub(crate) fn line_of(html: &str, at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &html.as_bytes()[..at.min(html.len())]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, whether it closes, attributes as text, what is inside, line.
    fn read(html: &str) -> Vec<(String, bool, String, String, usize)> {
        let mut tags = Tags::new(html);
        let mut all = Vec::new();
        while let Some(tag) = tags.next() {
            let attributes: Vec<String> = tag.attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
            all.push((
                tag.name.to_owned(),
                tag.closing,
                attributes.join("|"),
                tag.text.to_owned(),
                line_of(html, tag.at),
            ));
        }
        all
    }

    #[test]
    fn reads_what_templates_write() {
        let html = "<!doctype html><!-- <a> --><a href=\"/x>y\" hidden data-n='1'>t</a>\n<img src=/i.png alt=\"\"/><script type=\"x\">if (a<b) </script>5 < 6 <7";
        let expected = [
            ("a", false, "href=/x>y|hidden=|data-n=1", "", 1),
            ("a", true, "", "", 1),
            ("img", false, "src=/i.png|alt=", "", 2),
            ("script", false, "type=x", "if (a<b) ", 2),
            ("script", true, "", "", 2),
        ];
        let expected = expected.map(|(n, c, a, t, l)| (n.to_owned(), c, a.to_owned(), t.to_owned(), l));
        assert_eq!(read(html), expected);
    }

    #[test]
    fn passes_over_what_does_not_matter() {
        let html = "a<p>b</p><!-- <h1> --><h1>c</h1><p class=x>d</p ><title>e<p></title></i><b><u";
        let mut tags = Tags::new(html);
        let mut left = Vec::new();
        loop {
            tags.pass(|name| name == b"h1");
            let Some(tag) = tags.next() else { break };
            left.push(&html[tag.at..tag.end]);
        }
        assert_eq!(left, ["<h1>", "<p class=x>", "</p >", "<title>e<p>", "<u"]);
    }

    /// A tag's name, its attributes and the text inside of it.
    type Read<'t> = (&'t str, &'t str, &'t str);

    #[test]
    fn reads_as_browsers_do_what_is_odd() {
        let cases: &[(&str, &[Read<'_>])] = &[
            (
                "<p title = \"a\" class\n=\t'b' id=c>",
                &[("p", "title=a|class=b|id=c", "")],
            ),
            // The quote is a part of the name or of the value, so the tag ends at the first `>`.
            ("<p a\"b>c\"><i>", &[("p", "a\"b=", ""), ("i", "", "")]),
            ("<p a=b\"c>d\"><i>", &[("p", "a=b\"c", ""), ("i", "", "")]),
            ("<p a=\"x\"b=\"y\">", &[("p", "a=x|b=y", "")]),
            ("<p/ a / b=/>", &[("p", "a=|b=/", "")]),
            ("<p =a>", &[("p", "=a=", "")]),
            (
                "<title>a</b></TITLE><i>",
                &[("title", "", "a</b>"), ("TITLE", "", ""), ("i", "", "")],
            ),
            ("<style>a<", &[("style", "", "a<")]),
            ("<!--><i><!-- <b> --", &[("i", "", "")]),
            ("<p é=\"ü\" ö>", &[("p", "é=ü|ö=", "")]),
            ("<a é='", &[("a", "é=", "")]),
            ("<a href=\"", &[("a", "href=", "")]),
            ("<a b=", &[("a", "b=", "")]),
            ("<a", &[("a", "", "")]),
            ("<script>", &[("script", "", "")]),
            ("<é>", &[]),
            ("</", &[]),
            ("<", &[]),
        ];
        for (html, expected) in cases {
            let found = read(html);
            let found: Vec<(&str, &str, &str)> = found
                .iter()
                .map(|(n, _, a, t, _)| (n.as_str(), a.as_str(), t.as_str()))
                .collect();
            assert_eq!(found, *expected, "{html}");
        }
    }
}
