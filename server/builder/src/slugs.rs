//! Slugs: the last part of an address, and what cannot be one.

use std::collections::{HashMap, HashSet};

/// Characters a slug is cut to where it is made of a text; result pages cut addresses near there.
const LONGEST: usize = 75;

/// A slug from a text of a language, cut between words; empty where the text has no letters.
pub fn slug_of(text: &str, language: &str) -> String {
    let cut = text.char_indices().nth(400).map_or(text, |(at, _)| &text[..at]);
    let mut slug = igny8_text::slug(cut, language);
    if slug.len() > LONGEST {
        let end = slug[..=LONGEST].rfind('-').filter(|end| *end > LONGEST / 2);
        slug.truncate(end.unwrap_or(LONGEST));
        slug.truncate(slug.trim_end_matches('-').len());
    }
    slug
}

/// Addresses that are given away, each once.
#[derive(Debug, Default)]
pub struct Addresses {
    taken: HashSet<String>,
    /// How far numbers were tried for an address, so that a thousand pages of one name are a thousand steps.
    tried: HashMap<String, usize>,
}

/// Parts that the renderer has for itself at the top of a site.
const RESERVED: [&str; 3] = ["/search/", "/assets/", "/media/"];

impl Addresses {
    /// With nothing given away but what the renderer needs.
    pub fn new() -> Self {
        Self {
            taken: RESERVED.iter().map(|&path| path.to_owned()).collect(),
            tried: HashMap::new(),
        }
    }

    /// Takes an address; false if it was taken before.
    pub fn take(&mut self, address: &str) -> bool {
        self.taken.insert(address.to_owned())
    }

    /// Whether an address is taken.
    pub fn has(&self, address: &str) -> bool {
        self.taken.contains(address)
    }

    /// Takes an address in a folder for a slug, with a number behind it where that is needed, and answers the slug.
    pub fn slug(&mut self, section: &str, wanted: &str) -> String {
        let first = format!("{section}{wanted}/");
        if self.taken.insert(first.clone()) {
            return wanted.to_owned();
        }
        let number = self.tried.entry(first).or_insert(1);
        loop {
            *number += 1;
            // Room for the number within what a slug may have.
            let kept: String = wanted.chars().take(90).collect();
            let slug = format!("{}-{number}", kept.trim_end_matches('-'));
            if self.taken.insert(format!("{section}{slug}/")) {
                return slug;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use igny8_text::is_slug;

    use super::*;

    #[test]
    fn slugs_of_texts_are_slugs_cut_between_words() {
        let long = "how to ".repeat(40);
        for (text, slug) in [
            ("How to Make Cold Brew?", "how-to-make-cold-brew"),
            ("C++", "c"),
            ("🦀", "crab"),
            ("!!", ""),
            ("Über uns", "uber-uns"),
        ] {
            assert_eq!(slug_of(text, "en"), slug, "{text}");
        }
        let cut = slug_of(&long, "en");
        assert!(is_slug(&cut) && cut.len() <= LONGEST && cut.ends_with("-how"), "{cut}");
        assert_eq!(slug_of(&"x".repeat(300), "en").len(), LONGEST);
    }

    #[test]
    fn a_thousand_pages_of_one_name() {
        let mut addresses = Addresses::new();
        assert!(addresses.take("/blog/a-3/"));
        let slugs: Vec<String> = (0..1000).map(|_| addresses.slug("/blog/", "a")).collect();
        assert_eq!(slugs[..3], ["a", "a-2", "a-4"]);
        assert_eq!(slugs.iter().collect::<HashSet<_>>().len(), 1000);
        assert_eq!(addresses.slug("/shop/", "a"), "a");
        assert_eq!(addresses.slug("/", "search"), "search-2");
    }
}
