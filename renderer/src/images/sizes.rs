//! How wide images are shown, by the place they stand in: what `sizes` attributes say.

use std::collections::BTreeMap;

/// Places and their widths in the base's layouts; `[sizes]` in `theme.toml` replaces them.
const BASE: [(&str, &str); 8] = [
    // In a text.
    ("text", "(min-width: 54rem) 48rem, calc(100vw - 2.25rem)"),
    // As wide as the frame.
    ("wide", "(min-width: 80rem) 75rem, calc(100vw - 2.25rem)"),
    // From edge to edge.
    ("full", "100vw"),
    // Half of the frame beside a text, all of it on a phone.
    (
        "half",
        "(min-width: 80rem) 36rem, (min-width: 52rem) 46vw, calc(100vw - 2.25rem)",
    ),
    // One of two to four in a row.
    (
        "card",
        "(min-width: 80rem) 24rem, (min-width: 40rem) 45vw, calc(100vw - 2.25rem)",
    ),
    // Beside the lines of a list.
    ("row", "(min-width: 62rem) 15rem, 24vw"),
    // In the columns of a gallery.
    ("gallery", "(min-width: 52rem) 36rem, 88vw"),
    // A face or a mark.
    ("mark", "6rem"),
];

/// The place of an image in a text.
pub(crate) const TEXT: &str = "text";

/// `sizes` by place.
#[derive(Debug, Clone)]
pub(crate) struct Sizes(BTreeMap<String, String>);

impl Sizes {
    /// The base's, with those of a theme in their place. Fails with the reason where one could not stand in an attribute.
    pub fn with(own: BTreeMap<String, String>) -> Result<Self, String> {
        let mut all: BTreeMap<String, String> = BASE.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        for (place, sizes) in own {
            let plain = |c: char| c.is_ascii_alphanumeric() || " ().,:%*/+-".contains(c);
            if sizes.trim().is_empty() || !sizes.chars().all(plain) {
                return Err(format!(
                    "sizes.{place}: {sizes:?} is no list of widths such as \"(min-width: 40rem) 20rem, 90vw\""
                ));
            }
            all.insert(place, sizes);
        }
        Ok(Self(all))
    }

    /// The widths at `place`; for places nobody declared, those of the whole frame.
    pub fn at(&self, place: &str) -> &str {
        let found = self.0.get(place).or_else(|| self.0.get("wide"));
        found.map_or("100vw", String::as_str)
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self(BASE.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_replaces_what_it_names() {
        let own = |value: &str| BTreeMap::from([("card".to_owned(), value.to_owned())]);
        let sizes = Sizes::with(own("20rem")).unwrap();
        assert_eq!(sizes.at("card"), "20rem");
        assert_eq!(sizes.at("full"), "100vw");
        assert_eq!(sizes.at("nowhere"), sizes.at("wide"));
        for bad in ["", " ", "\" onload=\"x", "<b>"] {
            assert!(Sizes::with(own(bad)).is_err(), "{bad}");
        }
    }
}
