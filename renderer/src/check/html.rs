//! The tags of a finished page, in order. Enough of HTML to read what templates write; what it cannot read it passes over.

/// Elements whose inside is text.
const RAW: &[&str] = &["script", "style", "textarea", "title"];

/// One tag.
pub(crate) struct Tag<'h> {
    /// As written; templates write lower case.
    pub name: &'h str,
    pub closing: bool,
    attributes: &'h str,
    /// For [`RAW`] elements: what is inside.
    pub text: &'h str,
    /// Where it begins, in bytes.
    pub at: usize,
    /// Where it ends; for [`RAW`] elements after what is inside.
    pub end: usize,
}

impl<'h> Tag<'h> {
    /// The value of an attribute as written; an attribute without a value has an empty one.
    pub fn attribute(&self, name: &str) -> Option<&'h str> {
        self.attributes()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&'h str, &'h str)> + use<'h> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            let end = rest
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
                .unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return None;
            }
            let Some(value) = after.trim_start().strip_prefix('=') else {
                rest = after;
                return Some((key, ""));
            };
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, after) = match quote {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            };
            rest = after;
            Some((key, value))
        })
    }
}

/// All tags of `html`, comments and declarations left out.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += html[at..].find('<')?;
            let rest = &html[at..];
            if rest.starts_with("<!--") {
                at += rest.find("-->").map_or(rest.len(), |i| i + 3);
                continue;
            }
            let closing = rest.starts_with("</");
            let name_start = if closing { 2 } else { 1 };
            let name_length = rest[name_start..]
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || *b == b'-')
                .count();
            if name_length == 0 {
                at += 1;
                continue;
            }
            let name = &rest[name_start..name_start + name_length];
            let start = at;
            let end = tag_end(rest);
            let attributes = rest[name_start + name_length..end].trim_end_matches('>');
            at += end;
            let mut text = "";
            if !closing && RAW.contains(&name) {
                let inside = &html[at..];
                let close = format!("</{name}");
                text = &inside[..inside.find(&close).unwrap_or(inside.len())];
                at += text.len();
            }
            return Some(Tag {
                name,
                closing,
                attributes,
                text,
                at: start,
                end: at,
            });
        }
    })
}

fn tag_end(rest: &str) -> usize {
    let mut quote = None;
    for (i, b) in rest.bytes().enumerate() {
        match (quote, b) {
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'>') => return i + 1,
            (Some(open), b) if open == b => quote = None,
            _ => {}
        }
    }
    rest.len()
}

/// The line of a place in a text, from 1.
pub(crate) fn line_of(html: &str, at: usize) -> usize {
    1 + html.as_bytes()[..at.min(html.len())]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_templates_write() {
        let html = "<!doctype html><!-- <a> --><a href=\"/x>y\" hidden data-n='1'>t</a>\n<img src=/i.png alt=\"\"/><script type=\"x\">if (a<b) </script>5 < 6";
        let found: Vec<(String, bool)> = tags(html).map(|t| (t.name.to_owned(), t.closing)).collect();
        let expected = [
            ("a", false),
            ("a", true),
            ("img", false),
            ("script", false),
            ("script", true),
        ];
        assert_eq!(found, expected.map(|(n, c)| (n.to_owned(), c)));
        let all: Vec<Tag<'_>> = tags(html).collect();
        assert_eq!(all[0].attribute("href"), Some("/x>y"));
        assert_eq!(all[0].attribute("hidden"), Some(""));
        assert_eq!(all[0].attribute("data-n"), Some("1"));
        assert_eq!(all[2].attribute("src"), Some("/i.png"));
        assert_eq!(all[2].attribute("alt"), Some(""));
        assert_eq!(all[3].text, "if (a<b) ");
        assert_eq!(line_of(html, all[2].at), 2);
        for odd in ["<", "<a", "<a href=\"", "</", "<script>", "<é>", "<a é='"] {
            assert!(tags(odd).map(|t| t.attributes().count()).sum::<usize>() < 3, "{odd}");
        }
    }
}
