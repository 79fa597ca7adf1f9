//! The last pass over cleaned HTML: links resolved, images sized, headings numbered, tables wrapped.
//!
//! It reads what [`super::clean`] wrote, which is regular: lower-case names, attributes in double quotes, no comments.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::resolve::{Resolver, shorten};
use super::tag::{Tag, attribute, unescape};
use super::writer::table_open;

struct Heading {
    level: u8,
    id: Option<String>,
    start: usize,
}

/// An open link; places are in what is written.
enum Link {
    /// Where its tag begins and ends, and where it leads, if anywhere.
    Kept(usize, usize, Option<String>),
    /// Its tags are left out. Where its words begin, if nobody was told.
    Left(Option<usize>),
}

/// Finishes `html`.
pub(super) fn finish(html: &str, resolver: &mut Resolver<'_>) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut heading: Option<Heading> = None;
    let mut links: Vec<Link> = Vec::new();
    let mut summaries = 0usize;
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
                let level = tag.name.as_bytes()[1] - b'0';
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
                    // Neither in a link nor in what opens and closes a part can a link stand.
                    let anchor = summaries == 0 && links.iter().all(|link| matches!(link, Link::Left(_)));
                    resolver.heading(&mut out, open.level, open.id.as_deref(), &inner, &plain, anchor);
                }
            }
            ("summary", closing) => {
                summaries = if closing {
                    summaries.saturating_sub(1)
                } else {
                    summaries + 1
                };
                out.push_str(source);
            }
            ("a", false) => {
                let written = tag.attribute("href");
                let href = written.as_deref().and_then(|href| resolver.link(href));
                // `<a name>` is how anchors were once written.
                let named = tag
                    .attribute("id")
                    .or_else(|| tag.attribute("name"))
                    .filter(|id| !id.is_empty());
                let named = named.map(|id| resolver.unique_id(&id));
                if href.is_some() || named.is_some() {
                    let start = out.len();
                    out.push_str("<a");
                    if let Some(href) = &href {
                        attribute(&mut out, "href", href);
                    }
                    if let Some(id) = &named {
                        attribute(&mut out, "id", id);
                    }
                    for (name, value) in &tag.attributes {
                        if !["href", "id", "name"].contains(name) {
                            attribute(&mut out, name, &unescape(value));
                        }
                    }
                    out.push('>');
                    // A place that is named stays, whatever it says, and so does what has a label.
                    let must_say = href.filter(|_| named.is_none() && tag.attribute("aria-label").is_none());
                    links.push(Link::Kept(start, out.len(), must_say));
                } else {
                    // Cleaning takes an address away that is not allowed.
                    links.push(Link::Left(written.is_none().then_some(out.len())));
                }
            }
            ("a", true) => match links.pop() {
                Some(Link::Kept(start, inside, Some(href))) => resolver.link_end(&mut out, start, inside, &href),
                Some(Link::Kept(..)) => out.push_str("</a>"),
                Some(Link::Left(Some(start))) => {
                    let words = super::text::html_text(out.get(start..).unwrap_or_default());
                    if !words.is_empty() {
                        let message = format!(
                            "the link “{}” has no address, or one with a scheme that is not allowed; only its text is kept",
                            shorten(&words)
                        );
                        resolver.warn("link-refused", message);
                    }
                }
                Some(Link::Left(None)) | None => {}
            },
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
            ("code", false)
                if resolver.context.syntax.math
                    && let Some(display) = match tag.attribute("class").as_deref() {
                        Some("math") => Some(false),
                        Some("math-block") => Some(true),
                        _ => None,
                    }
                    && let Some(end) = rest.find("</code>") =>
            {
                resolver.math(&mut out, &unescape(&rest[..end]), display);
                rest = &rest[end + "</code>".len()..];
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
                    table_open(&resolver.table_label(), &mut out);
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
            (name, false) => {
                if name == "pre" {
                    resolver.note_code();
                }
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
        resolver.heading(&mut out, open.level, open.id.as_deref(), &inner, &plain, true);
    }
    out
}
