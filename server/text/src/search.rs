//! Words as a full-text search compares them: folded, so that case, marks and ligatures do not matter, and as stems of their
//! language.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::{Language, Stemmer, push_lower, stemmer, without_possessive};

/// A word is cut here: what is longer is noise, and 48 letters tell two compounds apart.
pub const MAX_LETTERS: usize = 48;

/// The places of the words of a text, in order: its words by UAX 29, without `'s`, divided at what is no letter or digit, so
/// that `node.js` is two, `l'eau` is two, and `İstanbul'da` is found as `İstanbul`.
pub fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.unicode_word_indices().flat_map(|(at, word)| {
        let word = word
            .strip_suffix("'s")
            .or_else(|| word.strip_suffix("\u{2019}s"))
            .unwrap_or(word);
        Runs {
            rest: word,
            at,
            plain: word.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    })
}

/// The runs of letters and digits of a word.
struct Runs<'t> {
    rest: &'t str,
    at: usize,
    plain: bool,
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let (from, length) = if self.plain {
            (0, self.rest.len())
        } else {
            let from = self.rest.find(char::is_alphanumeric)?;
            let run = &self.rest[from..];
            (from, run.find(|c| !within(c)).unwrap_or(run.len()))
        };
        if length == 0 {
            return None;
        }
        let start = self.at + from;
        let end = start + length;
        self.rest = &self.rest[from + length..];
        self.at = end;
        Some(start..end)
    }
}

/// What belongs to a word once it has begun: letters, digits, marks on them, and what joins or divides them unseen.
fn within(c: char) -> bool {
    c.is_alphanumeric()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
}

/// How the words of a language are compared.
pub struct Forms {
    language: Language,
    stemmer: Option<Stemmer>,
}

impl Forms {
    /// For a language tag (`en`, `pt-BR`).
    pub fn of(tag: &str) -> Self {
        Self {
            language: Language::of(tag),
            stemmer: stemmer(tag),
        }
    }

    /// A word without case and marks: `Straße` is `strasse`, `Wärme` and German `Waerme` are `warme`, `IŞIK` is `isik`. Empty
    /// where nothing is left.
    pub fn folded(&self, word: &str) -> String {
        if word.len() <= MAX_LETTERS && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return self.spelled(word.to_owned());
        }
        let folded = without_marks(&self.lower(word));
        self.spelled(folded)
    }

    /// The stems of a word, folded: of the word as it is written and of its folded form, since a search is often typed without
    /// marks. None where there are no rules for the language.
    pub fn stems(&self, word: &str, folded: &str) -> (Option<String>, Option<String>) {
        let Some(stemmer) = &self.stemmer else {
            return (None, None);
        };
        let stem = |lower: &str| {
            let stem = stemmer.stem(without_possessive(lower, self.language));
            self.spelled(without_marks(&stem))
        };
        let first = stem(&self.lower(word));
        let second = stem(folded);
        let differs = second != first && !second.is_empty();
        ((!first.is_empty()).then_some(first), differs.then_some(second))
    }

    fn lower(&self, word: &str) -> String {
        let mut lower = String::with_capacity(word.len() + 2);
        // Composed, as the stemmers' rules are written.
        let composed: String = word.nfkc().take(MAX_LETTERS).collect();
        push_lower(&mut lower, &composed, self.language);
        lower
    }

    /// German has two ways to write an umlaut; after a vowel or `q` the letters are only what they are (`neue`, `Quelle`).
    fn spelled(&self, folded: String) -> String {
        if self.language != Language::German || !folded.contains('e') {
            return folded;
        }
        let mut out = String::with_capacity(folded.len());
        let mut before = ' ';
        for c in folded.chars() {
            let umlaut = match out.chars().last() {
                Some('a' | 'o') => c == 'e',
                Some('u') => c == 'e' && !matches!(before, 'a' | 'e' | 'i' | 'o' | 'q'),
                _ => false,
            };
            if umlaut {
                before = 'e';
                continue;
            }
            before = out.chars().last().unwrap_or(' ');
            out.push(c);
        }
        out
    }
}

/// Letters without the marks that European, Hebrew and Arabic readers leave out when they type. Signs of other scripts, which are
/// vowels or other consonants, stay.
fn without_marks(lower: &str) -> String {
    if lower.is_ascii() {
        return lower.to_owned();
    }
    let bare = lower.nfkd().filter(|c| {
        !matches!(c,
            '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}'
            | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
    });
    let mut out = String::with_capacity(lower.len());
    for c in bare.nfc() {
        match c {
            'ı' => out.push('i'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ς' => out.push('σ'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("!? – & 🦀", &[]),
            ("The dog's BOWL, 12v", &["The", "dog", "BOWL", "12v"]),
            ("node.js well-known a_b", &["node", "js", "well", "known", "a", "b"]),
            ("10,000 l'eau", &["10", "000", "l", "eau"]),
            ("İstanbul'da", &["İstanbul", "da"]),
            (
                "re\u{301}sume\u{301} so\u{ad}ft",
                &["re\u{301}sume\u{301}", "so\u{ad}ft"],
            ),
            ("水泵", &["水", "泵"]),
            ("مضخة المياه", &["مضخة", "المياه"]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = words(text).map(|r| &text[r]).collect();
            assert_eq!(&found, expected, "{text:?}");
        }
    }

    #[test]
    fn words_are_folded_as_their_language_does() {
        for (tag, word, expected) in [
            ("en", "BOWL", "bowl"),
            ("de", "Straße", "strasse"),
            ("de", "Wärme", "warme"),
            ("de", "WAERME", "warme"),
            ("de", "Wa\u{308}rme", "warme"),
            ("de", "neue", "neue"),
            ("de", "Quelle", "quelle"),
            ("de", "Feuer", "feuer"),
            ("de", "Goethe", "gothe"),
            ("en", "Goethe", "goethe"),
            ("tr", "IŞIK", "isik"),
            ("en", "IŞIK", "isik"),
            ("tr", "İSTANBUL", "istanbul"),
            ("en", "İstanbul", "istanbul"),
            ("en", "I\u{307}stanbul", "istanbul"),
            ("fr", "Générateur", "generateur"),
            ("pl", "Łódź", "lodz"),
            ("da", "Rødgrød", "rodgrod"),
            ("ru", "Ёлка", "елка"),
            ("ja", "が", "が"),
            ("hi", "हिन्दी", "हिन्दी"),
            ("ko", "한국", "한국"),
            ("en", "so\u{ad}ft", "soft"),
            ("en", "ﬁt", "fit"),
        ] {
            assert_eq!(Forms::of(tag).folded(word), expected, "{tag} {word}");
        }
        assert_eq!(Forms::of("en").folded(&"x".repeat(99)).len(), MAX_LETTERS);
        assert_eq!(Forms::of("en").folded(&"Ä".repeat(99)).len(), MAX_LETTERS);
    }

    #[test]
    fn inflections_share_a_stem() {
        for (tag, one, other) in [
            ("en", "pump", "pumps"),
            ("en", "brewing", "brewed"),
            ("de", "Haus", "Häuser"),
            ("de", "Haus", "Haeuser"),
            ("de", "Wärmepumpe", "Wärmepumpen"),
            ("de", "waermepumpe", "Wärmepumpen"),
            ("de", "warmepumpen", "Wärmepumpe"),
            ("fr", "generateurs", "générateur"),
            ("tr", "pompa", "pompaları"),
            ("tr", "pompası", "POMPA"),
            ("tr", "IŞIKLAR", "isik"),
        ] {
            let forms = Forms::of(tag);
            let stems = |word: &str| {
                let (a, b) = forms.stems(word, &forms.folded(word));
                a.into_iter().chain(b).collect::<Vec<_>>()
            };
            let (a, b) = (stems(one), stems(other));
            assert!(a.iter().any(|stem| b.contains(stem)), "{tag} {one} {a:?} {other} {b:?}");
        }
        assert_eq!(Forms::of("zh").stems("水", "水"), (None, None));
    }
}
