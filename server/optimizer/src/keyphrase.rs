//! Where keywords are used.
//!
//! A keyword's function words are left out; the others must stand in one sentence, in any order. In double quotes it must be
//! there word for word.

use igny8_text::{Language, Stemmer, lists, push_lower, sentences, tokens, without_possessive};
use rustc_hash::FxHashMap;

use crate::document::{Document, Word};
use crate::input::Matching;

/// More words of a keyword are not looked for.
const MAX_WORDS: usize = 32;

/// More synonyms, or more secondary keywords, are not looked for.
pub const MAX_PHRASES: usize = 50;

/// How a text is compared with keywords.
pub struct Comparer {
    language: Language,
    stemmer: Option<Stemmer>,
}

impl Comparer {
    /// For a language tag.
    pub fn new(tag: &str, matching: Matching) -> Comparer {
        Comparer {
            language: Language::of(tag),
            stemmer: match matching {
                Matching::Stems => igny8_text::stemmer(tag),
                Matching::Words => None,
            },
        }
    }

    /// What is compared of a word in lower case: its stem without a possessive, or the word itself.
    pub fn key(&self, lower: &str) -> String {
        match &self.stemmer {
            Some(stemmer) => stemmer.stem(without_possessive(lower, self.language)).into_owned(),
            None => lower.to_owned(),
        }
    }

    fn lower_words(&self, text: &str) -> Vec<String> {
        tokens(text)
            .map(|range| {
                let mut lower = String::new();
                push_lower(&mut lower, &text[range], self.language);
                lower
            })
            .collect()
    }
}

/// A keyword, prepared.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Keys of all words, in order.
    all: Vec<String>,
    /// Keys of the words with meaning, each once; all words where none has any.
    content: Vec<String>,
    /// As `all`, words with a hyphen or a full stop divided.
    spaced: Vec<String>,
    exact: bool,
    only_function_words: bool,
}

impl Phrase {
    /// None where the text has no word.
    pub fn new(text: &str, comparer: &Comparer) -> Option<Phrase> {
        let text = text.trim();
        let quoted = |open: char, close: char| text.len() > 2 && text.starts_with(open) && text.ends_with(close);
        let exact = quoted('"', '"') || quoted('“', '”') || quoted('„', '“');
        let mut words = comparer.lower_words(text);
        words.truncate(MAX_WORDS);
        let function = lists::function_words(comparer.language);
        let with_meaning: Vec<&String> = words.iter().filter(|w| !function.contains(w.as_str())).collect();
        let only_function_words = with_meaning.is_empty();
        let kept = if only_function_words {
            words.iter().collect()
        } else {
            with_meaning
        };
        let mut content: Vec<String> = Vec::new();
        for word in kept {
            let key = comparer.key(word);
            if !content.contains(&key) {
                content.push(key);
            }
        }
        let all: Vec<String> = words.iter().map(|word| comparer.key(word)).collect();
        let spaced = words
            .iter()
            .flat_map(|word| split(word))
            .map(|part| comparer.key(part))
            .collect();
        (!all.is_empty()).then_some(Phrase {
            all,
            spaced,
            content,
            exact,
            only_function_words,
        })
    }

    /// Number of words with meaning; a quoted keyword is one.
    pub fn length(&self) -> usize {
        if self.exact { 1 } else { self.content.len() }
    }

    /// Nothing but words like `the`, `is`, `for`.
    pub fn only_function_words(&self) -> bool {
        self.only_function_words
    }

    /// Must be found word for word.
    pub fn exact(&self) -> bool {
        self.exact
    }

    /// Words with meaning.
    pub fn words(&self) -> usize {
        self.content.len()
    }

    /// A bit for each word with meaning.
    fn full(&self) -> u32 {
        u32::MAX >> (32 - self.content.len().clamp(1, MAX_WORDS))
    }

    /// Which words with meaning are said by a key, as bits.
    fn bit(&self, key: &str) -> u32 {
        self.content.iter().position(|word| word == key).map_or(0, |i| 1 << i)
    }

    /// Which words with meaning are said by a word in lower case: it, or one of its parts.
    fn bits(&self, lower: &str, comparer: &Comparer) -> u32 {
        let whole = self.bit(&comparer.key(lower));
        parts(lower)
            .map(|part| self.bit(&comparer.key(part)))
            .fold(whole, |a, b| a | b)
    }

    /// Uses in a short text that is no part of a document.
    pub fn uses_in(&self, text: &str, comparer: &Comparer) -> usize {
        sentences(text, comparer.language)
            .into_iter()
            .map(|range| {
                let words = comparer.lower_words(&text[range]);
                if self.exact {
                    let keys: Vec<String> = words.iter().map(|word| comparer.key(word)).collect();
                    runs(&keys, &self.all)
                } else {
                    self.complete(words.iter().map(|word| self.bits(word, comparer)))
                }
            })
            .sum()
    }

    /// How many words with meaning a short text has.
    pub fn found_in(&self, text: &str, comparer: &Comparer) -> usize {
        if self.exact {
            return self.content.len() * usize::from(self.uses_in(text, comparer) > 0);
        }
        let words = comparer.lower_words(text);
        let mask = words.iter().map(|word| self.bits(word, comparer)).fold(0, |a, b| a | b);
        mask.count_ones() as usize
    }

    /// The place of all words in order in a short text, function words before it not counted; none where they are not in order.
    pub fn place_in(&self, text: &str, comparer: &Comparer) -> Option<usize> {
        let words: Vec<String> = comparer
            .lower_words(text)
            .iter()
            .flat_map(|word| split(word).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let keys: Vec<String> = words.iter().map(|word| comparer.key(word)).collect();
        let at = keys
            .windows(self.spaced.len())
            .position(|window| *window == self.spaced)?;
        let function = lists::function_words(comparer.language);
        Some(
            words[..at]
                .iter()
                .filter(|word| !function.contains(word.as_str()))
                .count(),
        )
    }

    /// Whether a short text says this and nothing else with meaning.
    pub fn is_all_of(&self, text: &str, comparer: &Comparer) -> bool {
        let words = comparer.lower_words(text);
        let function = lists::function_words(comparer.language);
        self.found_in(text, comparer) == self.content.len()
            && words
                .iter()
                .all(|word| function.contains(word.as_str()) || self.bits(word, comparer) != 0)
    }

    /// How often all words are there, in any order: the count of the rarest.
    fn complete(&self, bits: impl Iterator<Item = u32>) -> usize {
        let mut counts = [0usize; MAX_WORDS];
        for mut mask in bits {
            while mask != 0 {
                counts[mask.trailing_zeros() as usize] += 1;
                mask &= mask - 1;
            }
        }
        counts[..self.content.len()].iter().copied().min().unwrap_or(0)
    }
}

/// What stands between the hyphens and full stops of a word: `e-mail`, `node.js`.
fn split(word: &str) -> impl Iterator<Item = &str> {
    word.split(['-', '.', '\u{2010}', '\u{2011}'])
}

/// The parts of a word that has several.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    split(word).filter(move |part| part.len() < word.len())
}

fn runs(keys: &[String], wanted: &[String]) -> usize {
    keys.windows(wanted.len()).filter(|window| *window == wanted).count()
}

/// Keywords looked up in a document: which of their words each of its words says.
pub struct Uses<'d> {
    document: &'d Document,
    phrases: Vec<Phrase>,
    /// By the document's forms that say something: phrase and bits.
    hits: FxHashMap<u32, Vec<(usize, u32)>>,
}

impl<'d> Uses<'d> {
    /// Looks them up; phrases without words say nothing.
    pub fn new(document: &'d Document, phrases: Vec<Phrase>, comparer: &Comparer) -> Uses<'d> {
        let mut wanted: FxHashMap<&str, Vec<(usize, u32)>> = FxHashMap::default();
        for (i, phrase) in phrases.iter().enumerate() {
            for (bit, word) in phrase.content.iter().enumerate() {
                wanted.entry(word).or_default().push((i, 1 << bit));
            }
        }
        let mut hits: FxHashMap<u32, Vec<(usize, u32)>> = FxHashMap::default();
        if !wanted.is_empty() {
            // Stemming is dear and changes ends only, but for marks on vowels: most words are told apart by how they begin.
            let mut starts = [false; 128];
            let mut other_start = false;
            for word in wanted.keys() {
                match word.bytes().next() {
                    Some(b) if b.is_ascii() => starts[usize::from(b)] = true,
                    _ => other_start = true,
                }
            }
            let can = |lower: &str| match lower.bytes().next() {
                Some(b) if b.is_ascii() => starts[usize::from(b)],
                Some(_) => other_start || starts.iter().any(|&s| s),
                None => false,
            };
            for (id, lower) in (0..).zip(document.vocabulary().forms()) {
                let mut add = |part: &str| {
                    if can(part)
                        && let Some(found) = wanted.get(comparer.key(part).as_str())
                    {
                        hits.entry(id).or_default().extend(found);
                    }
                };
                add(lower);
                parts(lower).for_each(add);
            }
        }
        Uses {
            document,
            phrases,
            hits,
        }
    }

    /// The keywords.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    fn bits(&self, phrase: usize, word: Word) -> u32 {
        self.hits.get(&word.form).map_or(0, |hits| {
            hits.iter()
                .filter(|(p, _)| *p == phrase)
                .fold(0, |mask, (_, bits)| mask | bits)
        })
    }

    /// Uses of a keyword within a sentence.
    pub fn in_sentence(&self, phrase: usize, words: &[Word], comparer: &Comparer) -> usize {
        let p = &self.phrases[phrase];
        if p.exact {
            // Only where all words are there at all is their order looked at.
            if self.mask(phrase, words) != p.full() {
                return 0;
            }
            let vocabulary = self.document.vocabulary();
            let keys: Vec<String> = words.iter().map(|w| comparer.key(vocabulary.form(w.form))).collect();
            return runs(&keys, &p.all);
        }
        p.complete(
            words
                .iter()
                .map(|&word| self.bits(phrase, word))
                .filter(|&bits| bits != 0),
        )
    }

    /// Which words with meaning are among these, as bits.
    fn mask(&self, phrase: usize, words: &[Word]) -> u32 {
        words.iter().fold(0, |mask, &word| mask | self.bits(phrase, word))
    }

    /// How many words with meaning are among these.
    pub fn found(&self, phrase: usize, words: &[Word]) -> usize {
        self.mask(phrase, words).count_ones() as usize
    }
}
