//! HTML of somebody else's form without what runs.

use std::ops::Range;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use crate::publish::html::escaped;

/// Elements that run, or in which a browser reads something else than the text says.
const RUNNING: [&str; 17] = [
    "script",
    "object",
    "applet",
    "embed",
    "base",
    "link",
    "meta",
    "svg",
    "math",
    "noscript",
    "template",
    "frameset",
    "frame",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
];
/// Those of them that hold nothing.
const EMPTY: [&str; 5] = ["embed", "base", "link", "meta", "frame"];
/// Elements whose text is no HTML, unless they stand where a browser passes over them.
const TEXT_ONLY: [&str; 4] = ["style", "title", "textarea", "iframe"];
/// What an address of code begins with.
const CODE: [&str; 5] = [
    "javascript:",
    "vbscript:",
    "data:text/",
    "data:application/",
    "data:image/svg",
];

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|one| one.as_bytes() == name)
}

/// The HTML without what runs in a visitor's browser: scripts, event attributes, addresses of code. Every other byte stays, block
/// comments and shortcodes among them.
pub fn harmless(html: &str) -> String {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut out = String::with_capacity(html.len());
    let (mut done, mut end) = (0, 0);
    // The element that is left out with all that is in it.
    let mut inside: Option<Vec<u8>> = None;
    let mut text_only = false;
    for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
        let cut = match token {
            Token::StartTag(tag) => {
                let (name, at): (&[u8], Range<usize>) = (&tag.name, tag.span.start..tag.span.end);
                end = at.end;
                text_only = is_one_of(name, &TEXT_ONLY);
                if inside.is_some() {
                    None
                } else if is_one_of(name, &RUNNING) {
                    let is_whole = tag.self_closing && is_one_of(name, &["svg", "math"]);
                    if !is_whole && !is_one_of(name, &EMPTY) {
                        inside = Some(name.to_vec());
                    }
                    Some((at, String::new()))
                } else {
                    without_code(&tag).map(|tag| (at, tag))
                }
            }
            Token::EndTag(tag) => {
                let (name, at): (&[u8], Range<usize>) = (&tag.name, tag.span.start..tag.span.end);
                end = at.end;
                text_only = false;
                if inside.as_deref() == Some(name) {
                    inside = None;
                    done = at.end;
                    None
                } else {
                    (inside.is_none() && is_one_of(name, &RUNNING)).then(|| (at, String::new()))
                }
            }
            Token::String(text) => {
                let at = text.span.start..text.span.end;
                end = at.end;
                let has_tags = html.get(at.clone()).is_some_and(|text| text.contains('<'));
                (inside.is_none() && text_only && has_tags).then(|| (at, String::new()))
            }
            Token::Comment(text) => {
                end = text.span.end;
                None
            }
            Token::Doctype(_) | Token::Error(_) => None,
        };
        if let Some((at, instead)) = cut {
            out.push_str(html.get(done..at.start).unwrap_or_default());
            out.push_str(&instead);
            done = at.end;
        }
    }
    if inside.is_none() {
        // A tag that does not end would end in what the site puts behind it.
        let is_open = html.get(end..).is_some_and(|rest| rest.contains('<'));
        let until = if is_open { end.max(done) } else { html.len() };
        out.push_str(html.get(done..until).unwrap_or_default());
    }
    out
}

/// A tag without attributes that run; `None` when it has none.
fn without_code(tag: &StartTag<usize>) -> Option<String> {
    let runs = |name: &[u8], value: &[u8]| {
        let address = value.iter().filter(|byte| **byte > b' ').map(u8::to_ascii_lowercase);
        let address: Vec<u8> = address.take(32).collect();
        let is_code = CODE.iter().any(|code| address.starts_with(code.as_bytes()));
        name.starts_with(b"on") || name == b"srcdoc" || is_code
    };
    if !tag.attributes.iter().any(|(name, value)| runs(name, &value.value)) {
        return None;
    }
    let mut out = format!("<{}", String::from_utf8_lossy(&tag.name));
    for (name, value) in &tag.attributes {
        if !runs(name, &value.value) {
            let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(&value.value));
            out.push_str(&format!(" {name}=\"{}\"", escaped(&value)));
        }
    }
    out.push_str(if tag.self_closing { " />" } else { ">" });
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_goes_and_nothing_else() {
        for (html, expected) in [
            ("", ""),
            (
                "<!-- wp:image {\"id\":1} --><IMG alt='a > b' src=/a.png><!-- /wp:image -->[gallery ids=\"1\"] 1 < 2 &amp; é",
                "<!-- wp:image {\"id\":1} --><IMG alt='a > b' src=/a.png><!-- /wp:image -->[gallery ids=\"1\"] 1 < 2 &amp; é",
            ),
            ("a<script>alert('<b>')</script>b", "ab"),
            ("a<script>alert(1)", "a"),
            ("a</script>b", "ab"),
            (
                "<p onclick=\"x()\" class=\"a&amp;b\">t</p>",
                "<p class=\"a&amp;b\">t</p>",
            ),
            ("<p OnClick=x onclick=y>t</p>", "<p>t</p>"),
            ("<a href=\"java&#10;script:x\">t</a>", "<a>t</a>"),
            ("<svg><style></svg><img onerror=x>", ""),
            ("a<svg/>b", "ab"),
            ("<select><style></select><img src=x onerror=y>", "<select><style>"),
            (
                "<style>p > a { color: red }</style>",
                "<style>p > a { color: red }</style>",
            ),
            (
                "<iframe src=\"https://v.example/\"></iframe><iframe srcdoc=\"x\"></iframe>",
                "<iframe src=\"https://v.example/\"></iframe><iframe></iframe>",
            ),
            ("<p>a</p><img src=x onerror=y ", "<p>a</p>"),
            ("<link href=x><p>a</p>", "<p>a</p>"),
        ] {
            assert_eq!(harmless(html), expected, "{html}");
        }
    }
}
