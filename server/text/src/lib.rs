//! From a text to what is compared, by language: folded text, words, stems. Shared by planner, linker and optimizer.

#![forbid(unsafe_code)]

mod addresses;
pub mod index;
mod language;
pub mod lists;
pub mod passive;
pub mod search;
mod sentences;
pub mod syllables;
mod tokens;

pub use addresses::{is_slug, slug};
pub use language::{Language, capital, lower, push_lower, without_possessive};
use rust_stemmers::Algorithm;
pub use rust_stemmers::Stemmer;
pub use sentences::sentences;
pub use tokens::tokens;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Longer texts are read up to here. Keyword tools cut at 80 characters; questions of people run to some hundred.
pub const MAX_CHARS: usize = 400;

/// A token is cut here: what is longer is an address or noise, and 20 letters tell two of them apart.
const MAX_TOKEN_CHARS: usize = 32;

/// NFKC, lower case, every run of white space and control characters one space. At most [`MAX_CHARS`] characters.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARS * 4));
    let mut pending = false;
    let mut length = 0;
    // One compatibility character may become eighteen, so the cut is made after folding, not before.
    for c in lower(text.nfkc()).nfkc() {
        if length >= MAX_CHARS {
            break;
        }
        if c.is_whitespace() || c.is_control() {
            pending = !out.is_empty();
            continue;
        }
        if pending {
            out.push(' ');
            length += 1;
            pending = false;
        }
        out.push(match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' | '`' => '\'',
            c => c,
        });
        length += 1;
    }
    out
}

/// The words of a folded text (UAX 29), without `'s`; scripts without spaces come character by character.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.unicode_words().map(|word| {
        let word = word.strip_suffix("'s").unwrap_or(word);
        match word.char_indices().nth(MAX_TOKEN_CHARS) {
            Some((at, _)) => &word[..at],
            None => word,
        }
    })
}

/// A stemmer for a language tag (`en`, `pt-BR`), none where Snowball has no algorithm for it.
pub fn stemmer(language: &str) -> Option<Stemmer> {
    let primary = language
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(Stemmer::create(match primary.as_str() {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" => Algorithm::English,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "es" => Algorithm::Spanish,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_width_spaces_and_control_characters() {
        assert_eq!(fold("  Ｓump\u{0}\tPUMP\u{a0} "), "sump pump");
        assert_eq!(fold("\u{0}"), "");
        assert_eq!(fold("it’s"), "it's");
        for text in ["İzmir", "i\u{307}zmir", "IZMIR"] {
            assert_eq!(fold(text), "izmir", "{text:?}");
        }
        assert_eq!(fold("i\u{307}\u{301}"), "í", "what is left is composed");
    }

    #[test]
    fn folding_is_cut_and_stays_folded() {
        let long = fold(&"ﷺ".repeat(10_000));
        assert!(long.chars().count() <= MAX_CHARS + 1);
        assert_eq!(fold(&long), long);
    }

    #[test]
    fn words_lose_the_possessive_and_come_in_every_script() {
        assert_eq!(words("dog's bowl 12v").collect::<Vec<_>>(), ["dog", "bowl", "12v"]);
        assert_eq!(words("水泵").count(), 2);
        assert_eq!(words("🦀 !!").count(), 0);
    }

    #[test]
    fn a_language_tag_finds_its_stemmer() {
        assert!(stemmer("pt-BR").is_some());
        assert!(stemmer("EN_us").is_some());
        assert!(stemmer("zh").is_none());
        assert!(stemmer("").is_none());
    }
}
