//! Closed classes of words by language, in lower case with straight apostrophes (see [`crate::push_lower`]).

mod function_words;
mod transition_words;

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::Language;

/// A set of words.
pub type Words = FxHashSet<&'static str>;

/// Words that carry grammar and no subject: articles, pronouns, prepositions, conjunctions, auxiliaries, numerals, and words
/// as general as `thing`. A keyword is looked for without them. Empty for languages without a list.
pub fn function_words(language: Language) -> &'static Words {
    static EMPTY: LazyLock<Words> = LazyLock::new(Words::default);
    macro_rules! set {
        ($list:ident) => {{
            static SET: LazyLock<Words> = LazyLock::new(|| function_words::$list.split_whitespace().collect());
            &SET
        }};
    }
    match language {
        Language::English => set!(ENGLISH),
        Language::German => set!(GERMAN),
        Language::French => set!(FRENCH),
        Language::Spanish => set!(SPANISH),
        Language::Italian => set!(ITALIAN),
        Language::Dutch => set!(DUTCH),
        Language::Portuguese => set!(PORTUGUESE),
        Language::Russian => set!(RUSSIAN),
        Language::Turkish => set!(TURKISH),
        Language::Unspaced | Language::Other => &EMPTY,
    }
}

/// Articles, demonstratives and small numerals: two sentences that begin with one of them begin with the same word only if the
/// next word is the same too.
pub fn openers(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => &[
            "the", "a", "an", "this", "that", "these", "those", "one", "two", "three", "four", "five", "six", "seven",
            "eight", "nine", "ten",
        ],
        Language::German => &[
            "der", "die", "das", "dem", "den", "des", "ein", "eine", "einem", "einen", "einer", "eines", "dieser",
            "diese", "dieses", "diesem", "diesen", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht",
            "neun", "zehn",
        ],
        Language::French => &[
            "le", "la", "les", "un", "une", "des", "du", "ce", "cet", "cette", "ces", "deux", "trois", "quatre", "cinq",
        ],
        Language::Spanish => &[
            "el", "la", "los", "las", "lo", "un", "una", "unos", "unas", "este", "esta", "estos", "estas", "ese",
            "esa", "esos", "esas", "dos", "tres", "cuatro", "cinco",
        ],
        Language::Italian => &[
            "il", "lo", "la", "i", "gli", "le", "un", "uno", "una", "questo", "questa", "questi", "queste", "quello",
            "quella", "due", "tre", "quattro", "cinque",
        ],
        Language::Dutch => &[
            "de", "het", "een", "deze", "dit", "dat", "die", "twee", "drie", "vier", "vijf",
        ],
        Language::Portuguese => &[
            "o", "a", "os", "as", "um", "uma", "uns", "umas", "este", "esta", "estes", "estas", "esse", "essa", "dois",
            "três",
        ],
        Language::Russian => &[
            "этот", "эта", "это", "эти", "тот", "та", "те", "один", "одна", "два", "две", "три",
        ],
        Language::Turkish => &["bu", "şu", "o", "bir", "iki", "üç", "dört", "beş"],
        Language::Unspaced | Language::Other => &[],
    }
}

/// Whether a word ties a sentence to what was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// By itself.
    Always,
    /// It begins a phrase or a pair that may.
    WithOthers,
    /// No phrase begins with it.
    Never,
}

/// Words that tie a sentence to what was said before.
pub struct Transitions {
    single: Words,
    /// Of several words, by the first.
    phrases: FxHashMap<&'static str, Vec<Vec<&'static str>>>,
    /// `either … or`: both in this order, with words between.
    pairs: &'static [[&'static str; 2]],
}

impl Transitions {
    fn new(source: &transition_words::Source) -> Transitions {
        let mut all = Transitions {
            single: Words::default(),
            phrases: FxHashMap::default(),
            pairs: source.pairs,
        };
        for phrase in source.lists.iter().flat_map(|list| list.split(',')) {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            match words[..] {
                [] => {}
                [word] => {
                    all.single.insert(word);
                }
                [first, ..] => all.phrases.entry(first).or_default().push(words[1..].to_vec()),
            }
        }
        all
    }

    /// What a word in lower case does.
    pub fn tie(&self, word: &str) -> Tie {
        if self.single.contains(word) {
            Tie::Always
        } else if self.phrases.contains_key(word) || self.pairs.iter().any(|[first, _]| *first == word) {
            Tie::WithOthers
        } else {
            Tie::Never
        }
    }

    /// Whether a sentence of these words has one.
    pub fn in_sentence(&self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().any(|(i, word)| {
            self.single.contains(word)
                || self
                    .phrases
                    .get(word)
                    .is_some_and(|rests| rests.iter().any(|rest| words[i + 1..].starts_with(rest)))
        });
        found
            || self.pairs.iter().any(|[first, second]| {
                let at = words.iter().position(|w| w == first);
                at.is_some_and(|at| words.iter().skip(at + 1).any(|w| w == second))
            })
    }
}

/// The transition words of a language, none where there is no list.
pub fn transitions(language: Language) -> Option<&'static Transitions> {
    static ENGLISH: LazyLock<Transitions> = LazyLock::new(|| Transitions::new(&transition_words::ENGLISH));
    static GERMAN: LazyLock<Transitions> = LazyLock::new(|| Transitions::new(&transition_words::GERMAN));
    match language {
        Language::English => Some(&ENGLISH),
        Language::German => Some(&GERMAN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push_lower;

    #[test]
    fn lists_are_in_lower_case() {
        let languages = [
            Language::English,
            Language::German,
            Language::French,
            Language::Spanish,
            Language::Italian,
            Language::Dutch,
            Language::Portuguese,
            Language::Russian,
            Language::Turkish,
        ];
        for language in languages {
            assert!(function_words(language).len() > 100, "{language:?}");
            for word in function_words(language).iter().chain(openers(language)) {
                let mut lower = String::new();
                push_lower(&mut lower, word, language);
                assert_eq!(&lower, word);
            }
        }
    }

    #[test]
    fn transitions_are_words_phrases_and_pairs() {
        let cases = [
            (Language::English, "however we went", true),
            (Language::English, "we went as a result of it", true),
            (Language::English, "we went as a matter", false),
            (Language::English, "either you go or i do", true),
            (Language::English, "or you go either", false),
            (Language::English, "the pump is new", false),
            (Language::German, "außerdem ist sie neu", true),
            (Language::German, "nicht nur neu sondern gut", true),
            (Language::German, "die pumpe ist neu", false),
        ];
        for (language, text, expected) in cases {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(
                transitions(language).is_some_and(|t| t.in_sentence(&words)),
                expected,
                "{text}"
            );
        }
        assert!(transitions(Language::French).is_none());
    }
}
