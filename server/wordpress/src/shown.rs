//! A stored text as visitors are to see it, as far as that can be told without the site: WordPress makes paragraphs of lines and
//! pictures with captions of shortcodes when it shows a post, and keeps neither.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Elements that stand for themselves: lines around them are no paragraphs.
const BLOCKS: &str = "address|article|aside|blockquote|canvas|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|\
figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|iframe|legend|li|main|map|menu|nav|object|ol|optgroup|option|p|picture|pre|\
script|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|tr|ul|video|audio";

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test runs every pattern")
}

static CAPTION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?s)\[(?:wp_)?caption\b[^\]]*\]\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*?)\[/(?:wp_)?caption\]")
});
static EMBED: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"\[embed\b[^\]]*\]\s*(https?://[^\s<>"\[\]]+)\s*\[/embed\]"#));
/// What only the site can fill: a name with attributes, or one of WordPress's own.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"\[/?(?:(?:gallery|playlist|audio|video|caption|wp_caption|embed)\b[^\]<>]*|[a-z][a-z0-9_-]*(?:\s+[a-z0-9_-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]'"]+))+\s*/?)\]"#,
    )
});
/// What stays as it is: how it begins, each kind in a group of its own, and how these end.
static KEPT: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i)<(?:(pre)\b|(script)\b|(style)\b|(textarea)\b|(!--))"));
static KEPT_ENDS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r"(?i)</pre\s*>",
        r"(?i)</script\s*>",
        r"(?i)</style\s*>",
        r"(?i)</textarea\s*>",
        "-->",
    ]
    .map(compiled)
});
static OPENS: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"(?i)<(?:{BLOCKS})(?:[\s/][^>]*)?>")));
static CLOSES: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"(?i)</(?:{BLOCKS})\s*>|<hr\b[^>]*>")));
static IS_BLOCK: LazyLock<Regex> =
    LazyLock::new(|| compiled(&format!(r"(?i)^(?:</?(?:{BLOCKS})(?:[\s/][^>]*)?>|\u{{e000}})")));
static BLANK: LazyLock<Regex> = LazyLock::new(|| compiled(r"\n[ \t]*\n\s*"));

/// The text of a post as HTML that needs no WordPress: shortcodes become what they stand for or go, and lines become paragraphs
/// unless the text is made of blocks. It is cleaned by whoever shows it.
pub fn shown(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    let text = CAPTION.replace_all(&text, |found: &Captures| {
        format!(
            "<figure>{}<figcaption>{}</figcaption></figure>",
            &found[1],
            found[2].trim()
        )
    });
    let text = EMBED.replace_all(&text, r#"<p><a href="$1">$1</a></p>"#);
    let text = OTHER.replace_all(&text, "");
    if raw.contains("<!-- wp:") {
        return text.into_owned();
    }
    paragraphs(&text)
}

/// Where there is something that stays as it is. What has no end does not.
fn kept(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    // Kinds of which no end follows any more. Each is looked for once: one expression for beginning and end would go through
    // the rest of the text for every beginning without an end.
    let mut endless = [false; 5];
    let mut at = 0;
    while let Some(begins) = KEPT.captures_at(text, at) {
        let kind = (0..endless.len()).find_map(|kind| Some((kind, begins.get(kind + 1)?)));
        let (Some((kind, name)), Some(whole)) = (kind, begins.get(0)) else {
            break;
        };
        at = name.end();
        if endless[kind] {
            continue;
        }
        match KEPT_ENDS[kind].find_at(text, at) {
            Some(end) => {
                at = end.end();
                parts.push(whole.start()..at);
            }
            None => endless[kind] = true,
        }
    }
    parts
}

/// Makes paragraphs of lines: an empty line parts two, a single one breaks.
fn paragraphs(text: &str) -> String {
    // A letter of the private use area stands for what must stay as it is.
    let text = text.replace('\u{e000}', "");
    let parts = kept(&text);
    let mut marked = String::with_capacity(text.len());
    let mut done = 0;
    for part in &parts {
        marked.push_str(&text[done..part.start]);
        marked.push_str("\n\n\u{e000}\n\n");
        done = part.end;
    }
    marked.push_str(&text[done..]);
    let marked = OPENS.replace_all(&marked, "\n\n$0");
    let marked = CLOSES.replace_all(&marked, "$0\n\n");
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut kept = parts.into_iter().map(|part| &text[part]);
    for part in BLANK.split(&marked).map(str::trim).filter(|part| !part.is_empty()) {
        if part == "\u{e000}" {
            out.extend(kept.next());
        } else if IS_BLOCK.is_match(part) {
            out.push_str(part);
        } else {
            out.push_str("<p>");
            out.push_str(&part.replace('\n', "<br>\n"));
            out.push_str("</p>");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_paragraphs_and_shortcodes_what_they_stand_for() {
        for (raw, expected) in [
            ("", ""),
            ("One\r\ntwo\r\n\r\nthree", "<p>One<br>\ntwo</p>\n<p>three</p>\n"),
            ("<p>done</p>\nmore", "<p>done</p>\n<p>more</p>\n"),
            (
                "a <em>b</em>\n\n<ul>\n<li>c</li>\n</ul>\nd",
                "<p>a <em>b</em></p>\n<ul>\n<li>c</li>\n</ul>\n<p>d</p>\n",
            ),
            ("<pre>a\n\nb</pre>\nc", "<pre>a\n\nb</pre>\n<p>c</p>\n"),
            ("<!--more-->\nx", "<!--more-->\n<p>x</p>\n"),
            ("a [gallery ids=\"1,2\"] b", "<p>a  b</p>\n"),
            ("[contact-form-7 id=\"1\" title='x']", ""),
            (
                "[note] and [citation needed] and [1]",
                "<p>[note] and [citation needed] and [1]</p>\n",
            ),
            (
                "[caption id=\"a\" width=\"3\"]<a href=\"/b\"><img src=\"/a.png\"></a> A text[/caption]",
                "<figure><a href=\"/b\"><img src=\"/a.png\"></a>\n<figcaption>A text</figcaption>\n</figure>\n",
            ),
            (
                "[embed]https://v.example/1[/embed]",
                "<p><a href=\"https://v.example/1\">https://v.example/1</a></p>\n",
            ),
            (
                "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->\n\n[gallery]\n",
                "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->\n\n\n",
            ),
        ] {
            assert_eq!(shown(raw), expected, "{raw}");
        }
        // Linear, whatever is not closed.
        let long = "[caption]<img <pre <!-- ".repeat(20_000);
        assert!(shown(&long).len() >= 1000);
        assert_eq!(shown("<pre a<!-- b -->c"), "<p><pre a</p>\n<!-- b -->\n<p>c</p>\n");
        let crossed = "<pre<!---->".repeat(100_000);
        assert!(shown(&crossed).len() >= crossed.len());
    }
}
