//! Pictures that stand for pages without one where links to them are shared: 1200 × 630, made from the title, the site's name and
//! the brand's colour.
//!
//! Drawing is pure. Titles are set in Inter, which is part of the program; a title in a script that it lacks gives way to
//! the site's name, so that nobody ever sees empty boxes in place of letters.

mod canvas;
mod draw;
mod letters;
mod look;

pub use look::Look;

/// Pixels.
pub const WIDTH: u32 = 1200;
/// Pixels.
pub const HEIGHT: u32 = 630;

/// Raised when the same words are drawn otherwise.
const DESIGN: &str = "igny8 share 1";
/// Characters of a title that are looked at; more do not fit.
const LONGEST: usize = 240;

/// What a share image says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShareImage {
    title: String,
    site: String,
    label: String,
    look: Look,
    key: String,
}

impl ShareImage {
    /// `label` is a short line above the title, such as the name of a section; it may be empty, like the title of a home page.
    pub fn new(title: &str, label: &str, site: &str, look: Look) -> Self {
        let plain = |text: &str| {
            use unicode_normalization::UnicodeNormalization as _;
            let words: Vec<&str> = text.split_whitespace().collect();
            let text: String = words.join(" ").nfc().take(LONGEST).collect();
            text
        };
        let (title, site) = (plain(title), plain(site));
        let mut label = plain(label);
        if label == title || label == site {
            label.clear();
        }
        let mut image = Self {
            label,
            title,
            site,
            look,
            key: String::new(),
        };
        image.key = image.hash();
        image
    }

    /// A hash of all that it is drawn from.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [DESIGN, &self.title, &self.site, &self.label] {
            // With lengths, so that no two lists of words are alike.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&self.look.bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Its file below the site's root.
    pub fn file(&self) -> String {
        file_of(&self.key)
    }

    /// A PNG of [`WIDTH`] × [`HEIGHT`].
    pub fn draw(&self) -> Vec<u8> {
        draw::draw(self)
    }
}

/// The file of the share image with that key.
pub(crate) fn file_of(key: &str) -> String {
    format!("assets/share/{key}.png")
}
