//! A stored text as visitors are to see it, as far as that can be told without the site: WordPress makes paragraphs of lines and
//! pictures with captions of shortcodes when it shows a post, and keeps neither.

mod blocks;
mod galleries;
mod paragraphs;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::Picture;

pub use blocks::shared_blocks;
use galleries::Galleries;
pub use galleries::{GalleryPictures, gallery_pictures};
use paragraphs::paragraphs;

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test runs every pattern")
}

static CAPTION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?s)\[(?:wp_)?caption\b[^\]]*\]\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*?)\[/(?:wp_)?caption\]")
});
static EMBED: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"\[embed\b[^\]]*\]\s*(https?://[^\s<>"\[\]]+)\s*\[/embed\]"#));
/// A shortcode that only the site can fill, without its brackets: one of WordPress's own, or a name with attributes.
const SHORTCODE: &str = r#"(?:(?:gallery|playlist|audio|video|caption|wp_caption|embed)(?:[\s/][^\]<>]*)?|[a-z][a-z0-9_-]*(?:\s+[a-z0-9_-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]'"]+))+\s*/?)"#;
static OTHER: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"\[/?({SHORTCODE})\]")));
/// The end of what a shortcode encloses.
static ENDS: LazyLock<Regex> = LazyLock::new(|| compiled(r"\[/([a-z][a-z0-9_-]*)\]"));
/// Doubled brackets stand for a shortcode that is meant as text, alone or around what it encloses.
static AS_TEXT: LazyLock<Regex> = LazyLock::new(|| compiled(&format!(r"\[\[(/?{SHORTCODE})\]\]")));
static AS_TEXT_AROUND: LazyLock<Regex> =
    LazyLock::new(|| compiled(&format!(r"(?s)\[\[({SHORTCODE})\](.*?)\[/([a-z][a-z0-9_-]*)\]\]")));
/// An address that is all of an element, which WordPress shows as a player.
static ALONE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)(<(?:p|div|figure)(?:\s[^>]*)?>\s*)(https?://[^\s<>"\[\]]+)(\s*(?:</(?:p|div|figure)>|<figcaption\b))"#,
    )
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| compiled(r#"https?://[^\s<>"'\[\]]+"#));
static PLAYER: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?is)<(?:video|audio)\b[^>]*>.*?</(?:video|audio)\s*>"));
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"(?i)\ssrc\s*=\s*(?:"((?:https?:/)?/[^"<>]+)"|'((?:https?:/)?/[^'"<>]+)')"#));
/// What was written in the editor before blocks, within blocks.
static CLASSIC: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?s)(<!-- wp:(?:core/)?freeform\b.*?-->)(.*?)(<!-- /wp:(?:core/)?freeform -->)"));
/// A letter of the private use area: a bracket that begins no shortcode.
const BRACKET: char = '\u{e001}';

/// As [`shown_with`], of a site of which nothing is known.
#[cfg(any(test, feature = "testing"))]
pub fn shown(raw: &str) -> String {
    shown_with(raw, &Nothing)
}

/// What a text shows that is not in it.
pub trait Surroundings {
    /// The text of a block that posts share ([`shared_blocks`]).
    fn block(&self, id: u64) -> Option<&str>;
    /// A picture of the media library ([`gallery_pictures`]).
    fn picture(&self, id: u64) -> Option<&Picture>;
    /// Ids of the pictures that are attached to the post.
    fn attached(&self) -> &[u64];
}

/// Nothing is known of the site.
#[cfg(any(test, feature = "testing"))]
struct Nothing;

#[cfg(any(test, feature = "testing"))]
impl Surroundings for Nothing {
    fn block(&self, _: u64) -> Option<&str> {
        None
    }

    fn picture(&self, _: u64) -> Option<&Picture> {
        None
    }

    fn attached(&self) -> &[u64] {
        &[]
    }
}

/// The text of a post as HTML that needs no WordPress: shortcodes become what they stand for or go, films and what is embedded links,
/// and lines become paragraphs unless the text is made of blocks. What is known of the site is put in: the blocks that the text
/// shares with others, and the pictures of its galleries. It is cleaned by whoever shows it.
pub fn shown_with(raw: &str, around: &dyn Surroundings) -> String {
    let text = blocks::put_in(raw, &|id| around.block(id));
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.replace([BRACKET, paragraphs::LINE, paragraphs::NUMBER, galleries::NUMBER], "");
    let text = meant_as_text(&text);
    let text = CAPTION.replace_all(&text, |found: &Captures| {
        format!(
            "<figure>{}<figcaption>{}</figcaption></figure>",
            &found[1],
            found[2].trim()
        )
    });
    let text = EMBED.replace_all(&text, r#"<p><a href="$1">$1</a></p>"#);
    let mut galleries = Galleries::default();
    let text = without_shortcodes(&text, &mut |attributes| galleries.put_aside(attributes, around));
    let text = PLAYER.replace_all(&text, |found: &Captures| {
        let source = SOURCE.captures(&found[0]);
        let source = source
            .as_ref()
            .and_then(|source| source.get(1).or_else(|| source.get(2)));
        source.map_or_else(String::new, |source| file_link(source.as_str()))
    });
    let text = ALONE.replace_all(&text, r#"$1<a href="$2">$2</a>$3"#);
    let text = if raw.contains("<!-- wp:") {
        CLASSIC
            .replace_all(&text, |found: &Captures| {
                format!("{}\n{}{}", &found[1], paragraphs(&found[2]), &found[3])
            })
            .into_owned()
    } else {
        paragraphs(&text)
    };
    galleries.put_back(&text.replace(BRACKET, "["))
}

/// Takes one pair of doubled brackets away, and marks the other.
fn meant_as_text(text: &str) -> String {
    let text = AS_TEXT.replace_all(text, |found: &Captures| format!("{BRACKET}{}]", &found[1]));
    let text = AS_TEXT_AROUND.replace_all(&text, |found: &Captures| {
        if name_of(&found[1]) == &found[3] {
            format!("{BRACKET}{}]{}{BRACKET}/{}]", &found[1], &found[2], &found[3])
        } else {
            found[0].to_owned()
        }
    });
    text.into_owned()
}

/// Takes shortcodes out, and leaves what they enclose; films and sounds become links, galleries what `gallery` makes of them.
fn without_shortcodes(text: &str, gallery: &mut dyn FnMut(&str) -> String) -> String {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let text = OTHER.replace_all(text, |found: &Captures| {
        let name = name_of(&found[1]);
        if name == "gallery" && !found[0].starts_with("[/") {
            return gallery(&found[1]);
        }
        let file = ADDRESS.find(&found[1]).filter(|_| matches!(name, "video" | "audio"));
        let link = file.map_or_else(String::new, |file| file_link(file.as_str()));
        names.insert(name.to_owned());
        link
    });
    let text = ENDS.replace_all(&text, |found: &Captures| {
        let all = if names.contains(&found[1]) { "" } else { &found[0] };
        all.to_owned()
    });
    text.into_owned()
}

/// The name of a shortcode.
fn name_of(shortcode: &str) -> &str {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let end = shortcode.find(|c| !name(c)).unwrap_or(shortcode.len());
    &shortcode[..end]
}

/// A link to a file, called by its name. The address is as it stands in HTML.
fn file_link(address: &str) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(address);
    format!("<a href=\"{address}\">{name}</a>")
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
                "<figure><a href=\"/b\"><img src=\"/a.png\"></a><figcaption>A text</figcaption></figure>\n",
            ),
            (
                "[embed]https://v.example/1[/embed]",
                "<p><a href=\"https://v.example/1\">https://v.example/1</a></p>\n",
            ),
            (
                "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->\n\n[gallery]\n",
                "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->\n\n\n",
            ),
            // What a shortcode encloses stays, its end goes; doubled brackets are text.
            (
                "[button color=\"red\"]Press [b] here[/button] [/other]",
                "<p>Press [b] here [/other]</p>\n",
            ),
            (
                "[[gallery]] and [[caption id=\"a\"]x[/caption]] [gallery-like]",
                "<p>[gallery] and [caption id=\"a\"]x[/caption] [gallery-like]</p>\n",
            ),
            (
                "See\nhttps://v.example/watch?v=1\n<a href=\"/b\">\nhttps://v.example/2\n</a>",
                "<p>See<br>\n<a href=\"https://v.example/watch?v=1\">https://v.example/watch?v=1</a><br>\n\
                 <a href=\"/b\"><br>\nhttps://v.example/2<br>\n</a></p>\n",
            ),
            (
                "<pre>\nhttps://v.example/1\n</pre>",
                "<pre>\nhttps://v.example/1\n</pre>\n",
            ),
            (
                "[video width=\"1\" mp4=\"https://v.example/a/film.mp4\"][/video]",
                "<p><a href=\"https://v.example/a/film.mp4\">film.mp4</a></p>\n",
            ),
            (
                "<!-- wp:embed {\"url\":\"https://v.example/1\"} -->\n<figure class=\"wp-block-embed\"><div class=\"wp-block-embed__wrapper\">\n\
                 https://v.example/1\n</div><figcaption>A film</figcaption></figure>\n<!-- /wp:embed -->",
                "<!-- wp:embed {\"url\":\"https://v.example/1\"} -->\n<figure class=\"wp-block-embed\"><div class=\"wp-block-embed__wrapper\">\n\
                 <a href=\"https://v.example/1\">https://v.example/1</a>\n</div><figcaption>A film</figcaption></figure>\n<!-- /wp:embed -->",
            ),
            (
                "<!-- wp:video -->\n<figure class=\"wp-block-video\"><video controls src=\"https://v.example/a.mp4?x=1\"></video></figure>\n<!-- /wp:video -->",
                "<!-- wp:video -->\n<figure class=\"wp-block-video\"><a href=\"https://v.example/a.mp4?x=1\">a.mp4</a></figure>\n<!-- /wp:video -->",
            ),
            (
                "<video><source src='/a.webm'></video><audio src=\"javascript:x\"></audio>",
                "<p><a href=\"/a.webm\">a.webm</a></p>\n",
            ),
            (
                "<!-- wp:freeform -->\nOne\ntwo\n\nthree\n<!-- /wp:freeform -->\n<p>x</p>",
                "<!-- wp:freeform -->\n<p>One<br>\ntwo</p>\n<p>three</p>\n<!-- /wp:freeform -->\n<p>x</p>",
            ),
        ] {
            assert_eq!(shown(raw), expected, "{raw}");
        }
        // Linear, whatever is not closed.
        let long = "[caption]<img <pre <!-- ".repeat(20_000);
        assert!(shown(&long).len() >= 1000);
        let scripts = "<script <style <pre ".repeat(50_000);
        assert!(shown(&scripts).len() >= scripts.len());
        let crossed = "<pre<!---->".repeat(100_000);
        assert!(shown(&crossed).len() >= crossed.len());
    }
}
