//! Galleries of texts that are not made of blocks: a shortcode names pictures of the media library by their ids.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Surroundings, compiled};
use crate::Picture;

static GALLERY: LazyLock<Regex> = LazyLock::new(|| compiled(r"\[gallery((?:[\s/][^\]<>]*)?)\]"));
/// What names the pictures: their ids, or those that are left out of what is attached to the post.
static NAMED: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"(?:^|\s)(ids|include|exclude|id)\s*=\s*(?:["']\s*)?([0-9][0-9,\s]*)"#));
/// The pictures are links to their files.
static TO_FILES: LazyLock<Regex> = LazyLock::new(|| compiled(r#"\slink\s*=\s*["']?file\b"#));
static ASIDE: LazyLock<Regex> = LazyLock::new(|| compiled(r"<figure>\x{e004}([0-9]+)</figure>"));

/// Pictures of one text that are shown.
const MOST: usize = 100;
/// A letter of the private use area, before the number of a gallery that was put aside.
pub(super) const NUMBER: char = '\u{e004}';

/// Pictures that the galleries of a text show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GalleryPictures {
    /// Those that they name by their ids, the first hundred.
    pub ids: Vec<u64>,
    /// Those that are attached to the post, too.
    pub attached: bool,
}

impl GalleryPictures {
    /// There is no gallery that shows any.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && !self.attached
    }
}

/// The pictures that the galleries of a text show.
pub fn gallery_pictures(raw: &str) -> GalleryPictures {
    let mut all = GalleryPictures::default();
    if !raw.contains("[gallery") {
        return all;
    }
    let mut seen = HashSet::new();
    for found in GALLERY.captures_iter(raw) {
        match Shows::of(&found[1]) {
            Shows::Named(ids) => all.ids.extend(ids.into_iter().filter(|id| seen.insert(*id))),
            Shows::Attached { .. } => all.attached = true,
            Shows::OfAnother => {}
        }
    }
    all.ids.truncate(MOST);
    all
}

/// What a gallery shows.
enum Shows {
    Named(Vec<u64>),
    /// What is attached to the post, but for some.
    Attached {
        but: Vec<u64>,
    },
    /// What is attached to another post.
    OfAnother,
}

impl Shows {
    /// Read from the attributes of a shortcode.
    fn of(attributes: &str) -> Self {
        let mut but = Vec::new();
        let mut is_of_another = false;
        for found in NAMED.captures_iter(attributes) {
            let ids = found[2]
                .split(',')
                .filter_map(|id| id.trim().parse::<u64>().ok())
                .take(MOST);
            match &found[1] {
                "id" => is_of_another = true,
                "exclude" => but = ids.collect(),
                _ => return Self::Named(ids.collect()),
            }
        }
        if is_of_another {
            Self::OfAnother
        } else {
            Self::Attached { but }
        }
    }

    fn ids(self, attached: &[u64]) -> Vec<u64> {
        match self {
            Self::Named(ids) => ids,
            Self::Attached { but } => attached.iter().filter(|id| !but.contains(id)).copied().collect(),
            Self::OfAnother => Vec::new(),
        }
    }
}

/// Galleries of a text that are made: what lines become is no concern of theirs.
#[derive(Default)]
pub(super) struct Galleries {
    made: Vec<String>,
    shown: usize,
}

impl Galleries {
    /// Makes the gallery that a shortcode stands for, and answers what stands in its place until then; nothing where none of its
    /// pictures is known.
    pub(super) fn put_aside(&mut self, shortcode: &str, around: &dyn Surroundings) -> String {
        let ids = Shows::of(shortcode).ids(around.attached());
        let known = ids.into_iter().filter_map(|id| around.picture(id));
        let known: Vec<&Picture> = known.take(MOST - self.shown).collect();
        if known.is_empty() {
            return String::new();
        }
        self.shown += known.len();
        self.made.push(figure(&known, TO_FILES.is_match(shortcode)));
        format!("<figure>{NUMBER}{}</figure>", self.made.len() - 1)
    }

    pub(super) fn put_back(self, text: &str) -> String {
        if self.made.is_empty() {
            return text.to_owned();
        }
        let text = ASIDE.replace_all(text, |found: &Captures| {
            let made = found[1].parse::<usize>().ok().and_then(|n| self.made.get(n));
            made.cloned().unwrap_or_default()
        });
        text.into_owned()
    }
}

/// As the editor of blocks writes a gallery. Captions are HTML there, too.
fn figure(pictures: &[&Picture], to_files: bool) -> String {
    let mut out = String::from("<figure class=\"wp-block-gallery\">");
    for picture in pictures {
        let url = quoted(&picture.url);
        let mut image = format!("<img src=\"{url}\" alt=\"{}\"", quoted(&picture.alt));
        if let Some([width, height]) = picture.size {
            let _ = write!(image, " width=\"{width}\" height=\"{height}\"");
        }
        image.push('>');
        if to_files {
            image = format!("<a href=\"{url}\">{image}</a>");
        }
        let caption = match picture.caption.trim() {
            "" => String::new(),
            caption => format!("<figcaption>{caption}</figcaption>"),
        };
        let _ = write!(out, "<figure>{image}{caption}</figure>");
    }
    out.push_str("</figure>");
    out
}

/// A text as the value of an attribute.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::shown_with;
    use super::*;

    fn picture(url: &str, caption: &str) -> Picture {
        Picture {
            url: url.to_owned(),
            alt: "A \"b\" <c>".to_owned(),
            caption: caption.to_owned(),
            size: Some([40, 30]),
        }
    }

    /// Two pictures, of which the first is attached, and one that is gone.
    struct Known([Picture; 2]);

    impl Surroundings for Known {
        fn block(&self, _: u64) -> Option<&str> {
            None
        }

        fn picture(&self, id: u64) -> Option<&Picture> {
            match id {
                4 => self.0.first(),
                5 => self.0.last(),
                _ => None,
            }
        }

        fn attached(&self) -> &[u64] {
            &[4, 6]
        }
    }

    #[test]
    fn galleries_show_the_pictures_that_are_known() {
        let one = picture("https://a.example/1.png", "");
        let two = picture("https://a.example/2.png?a=1&b", "<em>Two</em>");
        let known = Known([one, two]);
        let shown = |raw: &str| shown_with(raw, &known);
        let image =
            |url: &str| format!("<img src=\"{url}\" alt=\"A &quot;b&quot; &lt;c&gt;\" width=\"40\" height=\"30\">");
        let first = format!("<figure>{}</figure>", image("https://a.example/1.png"));
        let second = format!(
            "<figure>{}<figcaption><em>Two</em></figcaption></figure>",
            image("https://a.example/2.png?a=1&amp;b")
        );
        let linked = format!(
            "<figure><a href=\"https://a.example/1.png\">{}</a></figure>",
            image("https://a.example/1.png")
        );
        let gallery = |inside: &str| format!("<figure class=\"wp-block-gallery\">{inside}</figure>");
        for (raw, expected) in [
            (
                "Before\n\n[gallery ids=\"5, 4,6\" columns=\"2\"]\n\nAfter",
                format!(
                    "<p>Before</p>\n{}\n<p>After</p>\n",
                    gallery(&format!("{second}{first}"))
                ),
            ),
            ("[gallery link=\"file\" include='4']", format!("{}\n", gallery(&linked))),
            (
                "<!-- wp:shortcode -->\n[gallery ids=4]\n<!-- /wp:shortcode -->",
                format!("<!-- wp:shortcode -->\n{}\n<!-- /wp:shortcode -->", gallery(&first)),
            ),
            ("[gallery]", format!("{}\n", gallery(&first))),
            (
                "[gallery columns=\"4\" size=\"large\"]",
                format!("{}\n", gallery(&first)),
            ),
            // Nothing is known of these.
            (
                "a [gallery ids=\"6\"] b [gallery exclude=\"4\"] c [gallery id=\"9\"]",
                "<p>a  b  c </p>\n".to_owned(),
            ),
            (
                "a [[gallery ids=\"4\"]] b",
                "<p>a [gallery ids=\"4\"] b</p>\n".to_owned(),
            ),
            (
                "<figure>\u{e004}0</figure>x",
                "<figure>0</figure>\n<p>x</p>\n".to_owned(),
            ),
        ] {
            assert_eq!(shown(raw), expected, "{raw}");
        }
        let many = "[gallery ids=\"4,5\"]\n\n".repeat(80);
        assert_eq!(shown(&many).matches("<img").count(), MOST);
    }

    #[test]
    fn pictures_are_told_by_their_ids() {
        let many: Vec<String> = (1..300).map(|id: u64| id.to_string()).collect();
        let many = format!("[gallery ids=\"{}\"]", many.join(","));
        for (raw, ids, attached) in [
            (
                "[gallery ids=\"4,6,5\" columns=\"2\"] [gallery columns='3' ids='6, 7']",
                vec![4, 6, 5, 7],
                false,
            ),
            ("[gallery] [gallery include=4]", vec![4], true),
            ("[gallery columns=\"3\"]", vec![], true),
            (
                "[gallery id=\"4\"] [galleries ids=\"5\"] ids=\"6\" [/gallery]",
                vec![],
                false,
            ),
            (many.as_str(), (1..=100).collect(), false),
        ] {
            assert_eq!(gallery_pictures(raw), GalleryPictures { ids, attached }, "{raw}");
        }
    }
}
