//! Users' HTML against an allow list: no scripts, styles, frames, forms or event attributes come through.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;

/// Classes that the writer itself uses; others could borrow a theme's looks for a lie.
const CLASSES: &[&str] = &[
    "anchor",
    "left",
    "right",
    "center",
    "table-wrap",
    "footnote-ref",
    "footnotes",
    "footnote-back",
    "note",
    "note-title",
    "note-note",
    "note-tip",
    "note-important",
    "note-warning",
    "note-caution",
    "task-list",
    "visually-hidden",
    "math",
    "math-block",
];

/// Classes of the arrangements that WordPress's editor makes: names that no theme of ours has for something of its own.
const ARRANGEMENTS: &[&str] = &[
    "wp-block-columns",
    "wp-block-column",
    "wp-block-group",
    "wp-block-media-text",
    "has-media-on-the-right",
    "wp-block-buttons",
    "wp-block-button",
    "wp-block-gallery",
    "wp-block-cover",
    "wp-block-pullquote",
];

/// Elements with text that nobody reads.
const UNSEEN: [&str; 6] = ["script", "style", "iframe", "noscript", "template", "title"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags(["section", "tfoot", "input", "picture", "small"])
        .add_generic_attributes(["id", "class", "dir", "role", "aria-label", "aria-hidden", "align"])
        .add_tag_attributes("input", ["checked"])
        // Of the fields of a form, [`super::structure`] keeps what shows as text does: a box that is ticked or not.
        .add_tag_attribute_values("input", "type", ["checkbox"])
        .set_tag_attribute_value("input", "disabled", "")
        .add_tag_attributes("a", ["name"])
        .add_tag_attributes("time", ["datetime"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("ol", ["reversed", "type"])
        .add_tag_attributes("div", ["tabindex"])
        .add_tag_attributes("pre", ["tabindex"])
        .rm_tags(["map", "area", "data", "rtc"])
        .rm_tag_attributes("hr", ["align", "size", "width"])
        .rm_tag_attributes("table", ["char", "charoff", "summary"])
        .rm_tag_attributes("td", ["char", "charoff", "headers"])
        .rm_tag_attributes("th", ["char", "charoff", "headers"])
        .rm_tag_attributes("tr", ["char", "charoff"])
        .rm_tag_attributes("thead", ["char", "charoff"])
        .rm_tag_attributes("tbody", ["char", "charoff"])
        .rm_tag_attributes("tfoot", ["char", "charoff"])
        .rm_tag_attributes("col", ["char", "charoff"])
        .rm_tag_attributes("colgroup", ["char", "charoff"])
        .url_schemes(HashSet::from([
            "http", "https", "mailto", "tel", "sms", "geo", "xmpp", "matrix", "irc", "ircs",
        ]))
        .link_rel(None)
        .attribute_filter(|_, attribute, value| match attribute {
            "class" => {
                let kept: Vec<&str> = value.split_ascii_whitespace().filter(|c| allowed_class(c)).collect();
                (!kept.is_empty()).then(|| Cow::Owned(kept.join(" ")))
            }
            "tabindex" => (value == "0").then_some(Cow::Borrowed(value)),
            "id" | "name" => {
                (!value.is_empty() && !value.contains(char::is_whitespace)).then_some(Cow::Borrowed(value))
            }
            _ => Some(Cow::Borrowed(value)),
        });
    builder
});

static TEXT_ONLY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder.tags(HashSet::new()).clean_content_tags(HashSet::from(UNSEEN));
    builder
});

fn allowed_class(class: &str) -> bool {
    CLASSES.contains(&class) || ARRANGEMENTS.contains(&class) || (class.starts_with("language-") && class.len() < 40)
}

/// Clean HTML, written as html5ever writes it (attributes in double quotes), which [`super::structure`] and [`super::finish`] rely on.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

/// The element that a tag of raw HTML opens, if nobody reads the text in it.
pub(super) fn unseen(tag: &str) -> Option<&'static str> {
    let name = tag.strip_prefix('<')?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric())?;
    UNSEEN
        .into_iter()
        .find(|unseen| unseen.eq_ignore_ascii_case(&name[..end]))
}

/// Whether there is an end tag of an element in raw HTML.
pub(super) fn ends(html: &str, element: &str) -> bool {
    html.match_indices("</").any(|(at, _)| {
        let name = html.as_bytes()[at + 2..].get(..element.len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(element.as_bytes()))
    })
}

/// The text of an HTML source, still escaped, with a space where a block ended.
pub(super) fn text_only(html: &str) -> String {
    let spaced = html
        .replace("</p>", "</p> ")
        .replace("<br", " <br")
        .replace("</li>", "</li> ")
        .replace("</h", " </h");
    TEXT_ONLY.clean(&super::depth::bound(&spaced).0).to_string()
}
