//! Bodies for readers elsewhere: addresses with their host, without the marks that only a page needs.

use crate::address::Address;

/// `html` as [`crate::markdown`] writes it, for the page whose absolute address is `page`.
pub(crate) fn absolute(html: &str, address: &Address, page: &str) -> String {
    let origin = &address.base_url[..address.base_url.len() - address.base_path.len()];
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    // Text has no `<` of its own.
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        if tag.starts_with("<a class=\"anchor\"") {
            out.push_str(text.trim_end_matches(' '));
            rest = tag.split_once("</a>").map_or("", |(_, after)| after);
            continue;
        }
        out.push_str(text);
        let end = tag_end(tag);
        let mut tag_text = &tag[..end];
        rest = &tag[end..];
        while let Some((value, before)) = next_address(tag_text) {
            out.push_str(before);
            let after = &tag_text[before.len()..];
            if value.starts_with('#') {
                out.push_str(page);
            } else if value.starts_with('/') && !value.starts_with("//") {
                out.push_str(origin);
            }
            out.push_str(value);
            tag_text = &after[value.len()..];
        }
        out.push_str(tag_text);
    }
    out.push_str(rest);
    out
}

/// The first address in a tag, and what stands before it.
fn next_address(tag: &str) -> Option<(&str, &str)> {
    // Most tags have no attributes.
    memchr::memchr(b'=', tag.as_bytes())?;
    let starts = [" href=\"", " src=\"", " cite=\"", " poster=\""];
    let at = |name: &str| memchr::memmem::find(tag.as_bytes(), name.as_bytes()).map(|i| i + name.len());
    let start = starts.into_iter().filter_map(at).min()?;
    let length = tag[start..].find('"')?;
    Some((&tag[start..start + length], &tag[..start]))
}

/// Bytes of the tag that `text` begins with: up to a `>` outside quotes.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return i + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_their_host() {
        let address = Address::new("https://e.org/b").expect("valid");
        let cases = [
            ("<p>a</p>", "<p>a</p>"),
            (
                "<a href=\"/b/x/\" title=\"/y\">z</a>",
                "<a href=\"https://e.org/b/x/\" title=\"/y\">z</a>",
            ),
            (
                "<img src=\"/b/i.png\" alt=\"a > b\"> src=\"/b\"",
                "<img src=\"https://e.org/b/i.png\" alt=\"a > b\"> src=\"/b\"",
            ),
            ("<a href=\"#n\">1</a>", "<a href=\"https://e.org/b/p/#n\">1</a>"),
            (
                "<a href=\"//o.org/\">o</a><a href=\"https://o.org/\">o</a>",
                "<a href=\"//o.org/\">o</a><a href=\"https://o.org/\">o</a>",
            ),
            (
                "<h2 id=\"x\">X <a class=\"anchor\" href=\"#x\" aria-label=\"l\">#</a></h2>",
                "<h2 id=\"x\">X</h2>",
            ),
            ("<a href=\"/b", "<a href=\"/b"),
        ];
        for (html, expected) in cases {
            assert_eq!(absolute(html, &address, "https://e.org/b/p/"), expected);
        }
    }
}
