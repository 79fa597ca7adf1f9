//! Families of letters that a theme's options can choose: those that devices have, and open ones that come from the site itself.
//!
//! While a family of the site's own is on its way, one of the device stands in for it, scaled so that nothing moves when it arrives: its
//! `size-adjust` is the ratio of the mean widths of letters, weighted by how often English has them, and the other three are the
//! family's ascent, descent and line gap (`hhea`) by its em, divided by that ratio. The stand-ins were measured on Arimo and Tinos, which
//! have the metrics of Arial and of Times New Roman.

use tera::{Map, Value};

use super::hashed_path;

/// One family.
#[derive(Debug)]
pub struct Family {
    /// The word for it in options.
    pub word: &'static str,
    /// True if its letters have serifs.
    pub serif: bool,
    /// `None` for what devices have.
    own: Option<Own>,
}

/// What the site brings.
#[derive(Debug)]
struct Own {
    name: &'static str,
    /// The device's family that stands in, and its adjustments in percent: size, ascent, descent.
    stand_in: (&'static str, &'static str, &'static str, &'static str),
    faces: &'static [Face],
}

#[derive(Debug)]
struct Face {
    file: &'static str,
    bytes: &'static [u8],
    style: &'static str,
    weights: &'static str,
    letters: &'static str,
}

/// Letters of Western European languages, as Google's fonts are cut.
const LATIN: &str = "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD";
/// Those of other languages in Latin script.
const LATIN_EXT: &str = "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF";

macro_rules! face {
    ($file:literal, $style:literal, $weights:literal, $letters:expr) => {
        Face {
            file: concat!("fonts/", $file),
            bytes: include_bytes!(concat!("../../assets/fonts/web/", $file)),
            style: $style,
            weights: $weights,
            letters: $letters,
        }
    };
}

/// All that there are.
pub static FAMILIES: [Family; 4] = [
    Family {
        word: "sans",
        serif: false,
        own: None,
    },
    Family {
        word: "serif",
        serif: true,
        own: None,
    },
    Family {
        word: "inter",
        serif: false,
        own: Some(Own {
            name: "Inter",
            stand_in: ("Arial", "107.3", "90.28", "22.48"),
            faces: &[
                face!("inter-latin.woff2", "normal", "100 900", LATIN),
                face!("inter-latin-ext.woff2", "normal", "100 900", LATIN_EXT),
            ],
        }),
    },
    Family {
        word: "source-serif",
        serif: true,
        own: Some(Own {
            name: "Source Serif 4",
            stand_in: ("Times New Roman", "119.04", "87.03", "28.14"),
            faces: &[
                face!("source-serif-latin.woff2", "normal", "200 900", LATIN),
                face!("source-serif-latin-ext.woff2", "normal", "200 900", LATIN_EXT),
                face!("source-serif-italic-latin.woff2", "italic", "200 900", LATIN),
                face!("source-serif-italic-latin-ext.woff2", "italic", "200 900", LATIN_EXT),
            ],
        }),
    },
];

impl Family {
    /// The family of that word.
    pub fn of(word: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.word == word)
    }

    /// What templates see: `name`, `serif`, and `family` for a stylesheet.
    pub(super) fn value(&self) -> Value {
        let system = if self.serif { "var(--serif)" } else { "var(--sans)" };
        let family = match &self.own {
            Some(own) => format!("\"{0}\", \"{0} stand-in\", {system}", own.name),
            None => system.to_owned(),
        };
        let mut map = Map::new();
        map.insert("name".into(), Value::from(self.word));
        map.insert("serif".into(), Value::from(self.serif));
        map.insert("family".into(), Value::from(family));
        Value::from(map)
    }

    /// The files that the site brings for it, by site path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, &'static [u8])> {
        let faces = self.own.as_ref().map_or(&[][..], |own| own.faces);
        faces
            .iter()
            .map(|face| (hashed_path(face.file, face.bytes), face.bytes))
    }

    /// Its `@font-face` rules, for a stylesheet in `/assets/`.
    pub(super) fn rules(&self) -> String {
        let Some(own) = &self.own else { return String::new() };
        let mut css = String::new();
        for face in own.faces {
            let path = hashed_path(face.file, face.bytes);
            css.push_str(&format!(
                "@font-face {{ font-family: \"{}\"; font-style: {}; font-weight: {}; font-display: swap; \
                 src: url({}) format(\"woff2\"); unicode-range: {} }}\n",
                own.name,
                face.style,
                face.weights,
                path.trim_start_matches("/assets/"),
                face.letters
            ));
        }
        let (local, size, ascent, descent) = own.stand_in;
        css.push_str(&format!(
            "@font-face {{ font-family: \"{} stand-in\"; src: local(\"{local}\"); size-adjust: {size}%; \
             ascent-override: {ascent}%; descent-override: {descent}%; line-gap-override: 0% }}\n",
            own.name
        ));
        css
    }
}
