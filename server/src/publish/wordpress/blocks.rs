//! HTML as blocks of WordPress's editor: each element at the top becomes the block that people would have made, anything else an
//! HTML block. The markup inside the comments is what the blocks of WordPress 6 save, so that the editor takes them for its own.

use std::ops::Range;

use html5gum::{DefaultEmitter, Token, Tokenizer};

use crate::publish::html::{escaped, is_inline, without_short_codes};

/// Elements that have no end.
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
];

/// Elements that a list item of the editor cannot hold.
const NOT_IN_ITEMS: [&str; 14] = [
    "p",
    "div",
    "section",
    "blockquote",
    "pre",
    "table",
    "figure",
    "dl",
    "details",
    "hr",
    "h2",
    "h3",
    "h4",
    "input",
];

/// Whether a body has blocks of the editor.
pub fn has_blocks(html: &str) -> bool {
    html.contains("<!-- wp:")
}

/// The blocks of a body. `id_of` is the media library's id of an image's address.
pub fn blocks(html: &str, id_of: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len() * 5 / 4);
    for piece in pieces(html) {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&block(&piece, html, id_of));
    }
    out
}

/// An element at the top, or text between two.
struct Piece {
    /// Empty for text.
    name: String,
    attributes: Vec<(String, String)>,
    /// All of it, and what is between its tags.
    outer: Range<usize>,
    inner: Range<usize>,
}

impl Piece {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn tokens(html: &str) -> impl Iterator<Item = Token<usize>> + '_ {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).flatten()
}

/// What stands at the top of well-formed HTML.
fn pieces(html: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut depth = 0usize;
    let mut text: Option<Range<usize>> = None;
    let flush = |text: &mut Option<Range<usize>>, pieces: &mut Vec<Piece>| {
        if let Some(range) = text.take()
            && !html[range.clone()].trim().is_empty()
        {
            pieces.push(Piece {
                name: String::new(),
                attributes: Vec::new(),
                outer: range.clone(),
                inner: range,
            });
        }
    };
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                let empty = VOID.contains(&name.as_str()) || tag.self_closing;
                if depth == 0 && !is_inline(&name) {
                    flush(&mut text, &mut pieces);
                    let read = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
                    pieces.push(Piece {
                        attributes: tag.attributes.iter().map(|(n, v)| (read(n), read(&v.value))).collect(),
                        name,
                        outer: tag.span.start..tag.span.end,
                        inner: tag.span.end..tag.span.end,
                    });
                    depth += usize::from(!empty);
                } else if depth == 0 {
                    text = Some(text.map_or(tag.span.start, |t| t.start)..tag.span.end);
                } else {
                    depth += usize::from(!empty && !is_inline(&name));
                }
            }
            Token::EndTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if is_inline(&name) {
                    if depth == 0 {
                        text = Some(text.map_or(tag.span.start, |t| t.start)..tag.span.end);
                    }
                } else if depth > 0 {
                    depth -= 1;
                    if depth == 0
                        && let Some(last) = pieces.last_mut()
                    {
                        last.inner.end = tag.span.start;
                        last.outer.end = tag.span.end;
                    }
                }
            }
            Token::String(run) => {
                if depth == 0 {
                    text = Some(text.map_or(run.span.start, |t| t.start)..run.span.end);
                }
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    // What was never closed ends with the text.
    if depth > 0
        && let Some(last) = pieces.last_mut()
    {
        (last.inner.end, last.outer.end) = (html.len(), html.len());
    }
    flush(&mut text, &mut pieces);
    pieces
}

fn block(piece: &Piece, html: &str, id_of: &dyn Fn(&str) -> Option<String>) -> String {
    let outer = html[piece.outer.clone()].trim();
    let inner = html[piece.inner.clone()].trim();
    match piece.name.as_str() {
        "" => paragraph(inner, id_of),
        "p" if piece.attributes.is_empty() => paragraph(inner, id_of),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(piece, inner),
        "ul" | "ol" if is_simple(inner) => list(piece, inner),
        "blockquote" => format!(
            "<!-- wp:quote -->\n<blockquote class=\"wp-block-quote\">{}</blockquote>\n<!-- /wp:quote -->",
            blocks(inner, id_of)
        ),
        "pre" => code(inner).unwrap_or_else(|| plain(outer)),
        "figure" => figure(inner, id_of).unwrap_or_else(|| plain(outer)),
        "table" => format!(
            "<!-- wp:table {{\"hasFixedLayout\":false}} -->\n<figure class=\"wp-block-table\"><table>{inner}</table></figure>\n<!-- /wp:table -->"
        ),
        "hr" => "<!-- wp:separator -->\n<hr class=\"wp-block-separator has-alpha-channel-opacity\"/>\n<!-- /wp:separator -->"
            .to_owned(),
        _ => plain(outer),
    }
}

fn plain(html: &str) -> String {
    format!("<!-- wp:html -->\n{html}\n<!-- /wp:html -->")
}

fn paragraph(inner: &str, id_of: &dyn Fn(&str) -> Option<String>) -> String {
    if let Some(image) = lone_image(inner) {
        return image_block(&image, None, id_of);
    }
    format!("<!-- wp:paragraph -->\n<p>{inner}</p>\n<!-- /wp:paragraph -->")
}

fn heading(piece: &Piece, inner: &str) -> String {
    let level = &piece.name[1..];
    let attributes = if level == "2" {
        String::new()
    } else {
        format!(" {{\"level\":{level}}}")
    };
    let id = piece.attribute("id").map(|id| format!(" id=\"{}\"", literal(id)));
    format!(
        "<!-- wp:heading{attributes} -->\n<h{level} class=\"wp-block-heading\"{}>{inner}</h{level}>\n<!-- /wp:heading -->",
        id.unwrap_or_default()
    )
}

/// Whether a list has only what items of the editor can hold.
fn is_simple(inner: &str) -> bool {
    tokens(inner).all(|token| match token {
        Token::StartTag(tag) => {
            let name = String::from_utf8_lossy(&tag.name).into_owned();
            !NOT_IN_ITEMS.contains(&name.as_str()) && (name != "li" || tag.attributes.is_empty())
        }
        _ => true,
    })
}

fn list(piece: &Piece, inner: &str) -> String {
    let ordered = piece.name == "ol";
    let start = piece.attribute("start").and_then(|start| start.parse::<i64>().ok());
    let (mut attributes, mut tag) = (Vec::new(), piece.name.clone());
    if ordered {
        attributes.push("\"ordered\":true".to_owned());
    }
    if let Some(start) = start.filter(|_| ordered) {
        attributes.push(format!("\"start\":{start}"));
        tag += &format!(" start=\"{start}\"");
    }
    let attributes = if attributes.is_empty() {
        String::new()
    } else {
        format!(" {{{}}}", attributes.join(","))
    };
    let mut items = String::new();
    for item in pieces(inner).iter().filter(|item| item.name == "li") {
        let text = &inner[item.inner.clone()];
        // A list within comes after the item's own text.
        let parts = pieces(text);
        let mut written = String::new();
        for part in &parts {
            let of = &text[part.outer.clone()];
            if matches!(part.name.as_str(), "ul" | "ol") {
                written.truncate(written.trim_end().len());
                written += &list(part, &text[part.inner.clone()]);
            } else {
                written += of.trim();
            }
        }
        items += &format!("<!-- wp:list-item -->\n<li>{written}</li>\n<!-- /wp:list-item -->");
    }
    format!(
        "<!-- wp:list{attributes} -->\n<{tag} class=\"wp-block-list\">{items}</{}>\n<!-- /wp:list -->",
        piece.name
    )
}

fn code(inner: &str) -> Option<String> {
    let parts = tokens(inner);
    let first = parts.into_iter().next()?;
    let Token::StartTag(tag) = first else { return None };
    if tag.name.as_slice() != b"code" {
        return None;
    }
    let text = inner.get(tag.span.end..)?.strip_suffix("</code>")?;
    let language = tag
        .attributes
        .get(b"class".as_slice())
        .map(|class| String::from_utf8_lossy(&class.value).into_owned());
    let language = language.filter(|class| is_class(class));
    Some(match language {
        Some(class) => format!(
            "<!-- wp:code {{\"className\":\"{class}\"}} -->\n<pre class=\"wp-block-code {class}\"><code>{text}</code></pre>\n<!-- /wp:code -->"
        ),
        None => format!("<!-- wp:code -->\n<pre class=\"wp-block-code\"><code>{text}</code></pre>\n<!-- /wp:code -->"),
    })
}

/// `language-rust`: nothing that could end a comment or an attribute. Two hyphens would, so the editor writes them otherwise.
fn is_class(class: &str) -> bool {
    class.strip_prefix("language-").is_some_and(|name| {
        !name.is_empty()
            && !name.contains("--")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-+#._".contains(c))
    })
}

/// An image with its attributes.
struct Image {
    src: String,
    alt: String,
}

/// The image, where there is one and nothing else.
fn lone_image(inner: &str) -> Option<Image> {
    let mut image = None;
    for token in tokens(inner) {
        match token {
            Token::StartTag(tag) if tag.name.as_slice() == b"img" && image.is_none() => {
                let read = |name: &[u8]| {
                    let value = tag.attributes.get(name);
                    value.map(|value| String::from_utf8_lossy(&value.value).into_owned())
                };
                image = Some(Image {
                    src: read(b"src")?,
                    alt: read(b"alt").unwrap_or_default(),
                });
            }
            Token::String(text) if text.value.trim_ascii().is_empty() => {}
            Token::Error(_) => {}
            _ => return None,
        }
    }
    image
}

/// The value of an attribute that was read, as it stands between double quotes: no short code any more than where it came from.
fn literal(value: &str) -> String {
    without_short_codes(&escaped(value))
}

fn figure(inner: &str, id_of: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (image, caption) = match inner.split_once("<figcaption>") {
        Some((image, caption)) => (image, Some(caption.strip_suffix("</figcaption>")?)),
        None => (inner, None),
    };
    Some(image_block(&lone_image(image)?, caption, id_of))
}

fn image_block(image: &Image, caption: Option<&str>, id_of: &dyn Fn(&str) -> Option<String>) -> String {
    let id = id_of(&image.src).filter(|id| id.bytes().all(|b| b.is_ascii_digit()));
    let (attributes, class) = match &id {
        Some(id) => (
            format!("{{\"id\":{id},\"sizeSlug\":\"full\",\"linkDestination\":\"none\"}}"),
            format!(" class=\"wp-image-{id}\""),
        ),
        None => (
            "{\"sizeSlug\":\"full\",\"linkDestination\":\"none\"}".to_owned(),
            String::new(),
        ),
    };
    let caption = caption.map(|text| format!("<figcaption class=\"wp-element-caption\">{text}</figcaption>"));
    format!(
        "<!-- wp:image {attributes} -->\n<figure class=\"wp-block-image size-full\"><img src=\"{}\" alt=\"{}\"{class}/>{}</figure>\n<!-- /wp:image -->",
        literal(&image.src),
        literal(&image.alt),
        caption.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_become_blocks() {
        let id_of = |src: &str| (src == "/a.png").then(|| "7".to_owned());
        for (html, expected) in [
            ("", ""),
            (
                "<p>One <em>and</em> two</p>\n<p>Three</p>",
                "<!-- wp:paragraph -->\n<p>One <em>and</em> two</p>\n<!-- /wp:paragraph -->\n\n\
                 <!-- wp:paragraph -->\n<p>Three</p>\n<!-- /wp:paragraph -->",
            ),
            (
                "text <b>bold</b>",
                "<!-- wp:paragraph -->\n<p>text <b>bold</b></p>\n<!-- /wp:paragraph -->",
            ),
            (
                "<h3 id=\"x\">X</h3>",
                "<!-- wp:heading {\"level\":3} -->\n<h3 class=\"wp-block-heading\" id=\"x\">X</h3>\n<!-- /wp:heading -->",
            ),
            (
                "<ol start=\"3\"><li>a<ul><li>b</li></ul></li></ol>",
                "<!-- wp:list {\"ordered\":true,\"start\":3} -->\n<ol start=\"3\" class=\"wp-block-list\"><!-- wp:list-item -->\n\
                 <li>a<!-- wp:list -->\n<ul class=\"wp-block-list\"><!-- wp:list-item -->\n<li>b</li>\n<!-- /wp:list-item --></ul>\n\
                 <!-- /wp:list --></li>\n<!-- /wp:list-item --></ol>\n<!-- /wp:list -->",
            ),
            (
                "<ul><li><p>a</p></li></ul>",
                "<!-- wp:html -->\n<ul><li><p>a</p></li></ul>\n<!-- /wp:html -->",
            ),
            (
                "<blockquote>\n<p>q</p>\n</blockquote>",
                "<!-- wp:quote -->\n<blockquote class=\"wp-block-quote\"><!-- wp:paragraph -->\n<p>q</p>\n<!-- /wp:paragraph --></blockquote>\n<!-- /wp:quote -->",
            ),
            (
                "<pre><code class=\"language-rust\">fn a() {}\n</code></pre>",
                "<!-- wp:code {\"className\":\"language-rust\"} -->\n<pre class=\"wp-block-code language-rust\"><code>fn a() {}\n</code></pre>\n<!-- /wp:code -->",
            ),
            (
                "<pre><code class=\"x--&gt;\">a</code></pre>",
                "<!-- wp:code -->\n<pre class=\"wp-block-code\"><code>a</code></pre>\n<!-- /wp:code -->",
            ),
            (
                "<figure><img src=\"/a.png\" alt=\"A &amp; B\"><figcaption>C</figcaption></figure>",
                "<!-- wp:image {\"id\":7,\"sizeSlug\":\"full\",\"linkDestination\":\"none\"} -->\n\
                 <figure class=\"wp-block-image size-full\"><img src=\"/a.png\" alt=\"A &amp; B\" class=\"wp-image-7\"/>\
                 <figcaption class=\"wp-element-caption\">C</figcaption></figure>\n<!-- /wp:image -->",
            ),
            (
                "<h2 id=\"&#91;x]\">&#91;x]</h2><p>&#91;gallery]</p><figure><img src=\"/b.png?a=&#91;x]\" alt=\"&#91;gallery]\"></figure>",
                "<!-- wp:heading -->\n<h2 class=\"wp-block-heading\" id=\"&#91;x]\">&#91;x]</h2>\n<!-- /wp:heading -->\n\n\
                 <!-- wp:paragraph -->\n<p>&#91;gallery]</p>\n<!-- /wp:paragraph -->\n\n\
                 <!-- wp:image {\"sizeSlug\":\"full\",\"linkDestination\":\"none\"} -->\n\
                 <figure class=\"wp-block-image size-full\"><img src=\"/b.png?a=&#91;x]\" alt=\"&#91;gallery]\"/></figure>\n<!-- /wp:image -->",
            ),
            (
                "<p><img src=\"/b.png\"></p>",
                "<!-- wp:image {\"sizeSlug\":\"full\",\"linkDestination\":\"none\"} -->\n\
                 <figure class=\"wp-block-image size-full\"><img src=\"/b.png\" alt=\"\"/></figure>\n<!-- /wp:image -->",
            ),
            (
                "<table><thead><tr><th>a</th></tr></thead></table><hr>",
                "<!-- wp:table {\"hasFixedLayout\":false} -->\n<figure class=\"wp-block-table\"><table><thead><tr><th>a</th></tr></thead></table></figure>\n\
                 <!-- /wp:table -->\n\n<!-- wp:separator -->\n<hr class=\"wp-block-separator has-alpha-channel-opacity\"/>\n<!-- /wp:separator -->",
            ),
            (
                "<div class=\"note\"><p>a</p></div><details><summary>s</summary>t",
                "<!-- wp:html -->\n<div class=\"note\"><p>a</p></div>\n<!-- /wp:html -->\n\n\
                 <!-- wp:html -->\n<details><summary>s</summary>t\n<!-- /wp:html -->",
            ),
        ] {
            assert_eq!(blocks(html, &id_of), expected, "{html}");
        }
    }
}
