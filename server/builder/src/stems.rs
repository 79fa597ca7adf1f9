//! What texts are compared by: their words' stems in the site's language.

use std::collections::BTreeSet;

use igny8_text::Stemmer;

/// Stems words of one language.
pub(crate) struct Stems(Option<Stemmer>);

impl Stems {
    pub(crate) fn of_language(tag: &str) -> Self {
        Self(igny8_text::stemmer(tag))
    }

    /// The stems of a text, each once.
    pub(crate) fn set(&self, text: &str) -> BTreeSet<String> {
        let folded = igny8_text::fold(text);
        igny8_text::words(&folded).map(|word| self.stem(word)).collect()
    }

    /// The form in which variants of a keyword (inflection, order of words) are the same. Texts without a word stand for
    /// themselves.
    pub(crate) fn variant(&self, text: &str) -> String {
        let folded = igny8_text::fold(text);
        let mut stems: Vec<String> = igny8_text::words(&folded).map(|word| self.stem(word)).collect();
        if stems.is_empty() {
            return folded;
        }
        stems.sort_unstable();
        stems.join(" ")
    }

    fn stem(&self, word: &str) -> String {
        match &self.0 {
            Some(stemmer) => stemmer.stem(word).into_owned(),
            None => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_the_same() {
        let stems = Stems::of_language("en");
        assert_eq!(stems.variant("Coffee makers"), stems.variant("maker coffee"));
        assert_ne!(stems.variant("coffee maker"), stems.variant("best coffee maker"));
        assert_eq!(stems.variant("🦀"), "🦀");
        assert_eq!(stems.set("pumps and Pump").len(), 2);
    }
}
