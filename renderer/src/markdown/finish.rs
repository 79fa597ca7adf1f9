//! The last pass over cleaned HTML: links resolved, images sized, headings numbered, tables wrapped.
//!
//! It reads what [`super::clean`] wrote, which is regular: lower-case names, attributes in double quotes, no comments.

use std::borrow::Cow;
use std::fmt::Write as _;

use pulldown_cmark_escape::escape_html;

use super::resolve::Resolver;
use super::writer::table_open;

struct Heading {
    level: u8,
    id: Option<String>,
    start: usize,
}

/// Finishes `html`.
pub(super) fn finish(html: &str, resolver: &mut Resolver<'_>) -> String {
    let shift = u8::from(html.contains("<h1>") || html.contains("<h1 "));
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut heading: Option<Heading> = None;
    let mut links: Vec<bool> = Vec::new();
    let mut wrapped: Vec<bool> = Vec::new();
    let mut wrap_open = 0usize;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(tag) = Tag::read(rest) else {
            out.push_str("&lt;");
            rest = &rest[1..];
            continue;
        };
        let source = &rest[..tag.length];
        rest = &rest[tag.length..];
        match (tag.name, tag.closing) {
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) if heading.is_none() => {
                let level = (tag.name.as_bytes()[1] - b'0' + shift).min(6);
                heading = Some(Heading {
                    level,
                    id: tag.attribute("id").map(Cow::into_owned),
                    start: out.len(),
                });
            }
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", true) => {
                if let Some(open) = heading.take() {
                    let inner = out.split_off(open.start);
                    let plain = super::text::html_text(&inner);
                    resolver.heading(&mut out, open.level, open.id.as_deref(), &inner, &plain);
                }
            }
            ("a", false) => {
                let href = match tag.attribute("href") {
                    Some(href) => resolver.link(&href),
                    None => None,
                };
                // `<a name>` is how anchors were once written.
                let named = tag
                    .attribute("id")
                    .or_else(|| tag.attribute("name"))
                    .filter(|id| !id.is_empty());
                let named = named.map(|id| resolver.unique_id(&id));
                links.push(href.is_some() || named.is_some());
                if href.is_some() || named.is_some() {
                    out.push_str("<a");
                    if let Some(href) = href {
                        attribute(&mut out, "href", &href);
                    }
                    if let Some(id) = named {
                        attribute(&mut out, "id", &id);
                    }
                    for (name, value) in &tag.attributes {
                        if !["href", "id", "name"].contains(name) {
                            attribute(&mut out, name, &unescape(value));
                        }
                    }
                    out.push('>');
                }
            }
            ("a", true) => {
                if links.pop() == Some(true) {
                    out.push_str("</a>");
                }
            }
            ("img", false) => {
                let side = |name| {
                    tag.attribute(name)
                        .and_then(|v| v.trim_end_matches("px").parse::<u32>().ok())
                        .filter(|n| (1..=20_000).contains(n))
                };
                let (alt, title) = (tag.attribute("alt"), tag.attribute("title"));
                let src = tag.attribute("src").unwrap_or_default();
                resolver.image(
                    &mut out,
                    &src,
                    alt.as_deref(),
                    title.as_deref(),
                    (side("width"), side("height")),
                );
            }
            ("code", false) => {
                out.push_str(source);
                let class = tag.attribute("class").unwrap_or_default();
                let language = class.split_ascii_whitespace().find_map(|c| c.strip_prefix("language-"));
                // Code with marks of its own in it keeps them.
                if let (Some(language), Some(end)) = (language, rest.find('<'))
                    && rest[end..].starts_with("</code>")
                {
                    resolver.code(&mut out, language, &unescape(&rest[..end]));
                    rest = &rest[end..];
                }
            }
            ("div", false) if tag.attribute("class").as_deref() == Some("table-wrap") => {
                wrap_open += 1;
                out.push_str(source);
            }
            ("table", false) => {
                let own = wrap_open > 0 || !wrapped.is_empty();
                wrapped.push(!own);
                if own {
                    out.push_str(source);
                } else {
                    table_open(&resolver.context.labels.table, &mut out);
                }
            }
            ("table", true) => {
                out.push_str("</table>");
                if wrapped.pop() == Some(true) {
                    out.push_str("</div>");
                }
            }
            // An image brings its own.
            ("picture", _) => {}
            (_, false) => {
                if let Some(id) = tag.attribute("id") {
                    let id = resolver.unique_id(&id);
                    let _ = write!(out, "<{}", tag.name);
                    attribute(&mut out, "id", &id);
                    for (name, value) in &tag.attributes {
                        if *name != "id" {
                            attribute(&mut out, name, &unescape(value));
                        }
                    }
                    out.push('>');
                } else {
                    out.push_str(source);
                }
            }
            (_, true) => out.push_str(source),
        }
    }
    out.push_str(rest);
    if let Some(open) = heading {
        let inner = out.split_off(open.start);
        let plain = super::text::html_text(&inner);
        resolver.heading(&mut out, open.level, open.id.as_deref(), &inner, &plain);
    }
    out
}

fn attribute(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, " {name}=\"");
    let _ = escape_html(&mut *out, value);
    out.push('"');
}

struct Tag<'a> {
    name: &'a str,
    closing: bool,
    attributes: Vec<(&'a str, &'a str)>,
    length: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag that `source` begins with.
    fn read(source: &'a str) -> Option<Self> {
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

    fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| unescape(value))
    }
}

/// Undoes the escapes that html5ever writes in attributes.
fn unescape(value: &str) -> Cow<'_, str> {
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
