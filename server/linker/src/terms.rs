//! From text to what is compared: stems as numbers, with their places.

use std::collections::HashSet;

use rustc_hash::FxHashMap;

use crate::body::Reading;

/// A word of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) term: u64,
    /// Only holds sentences together.
    pub(crate) stop: bool,
    /// Carries grammar or quantity and no subject: "much", "two", "seems".
    function: bool,
}

impl Token {
    /// Whether it has no place at the edge of words that name something.
    pub(crate) fn is_grammar(&self) -> bool {
        self.stop || self.function
    }
}

/// What is known of a word.
#[derive(Debug, Clone, Copy)]
struct Known {
    term: u64,
    stop: bool,
    function: bool,
}

/// Makes terms of the words of one language. The language is part of a term, so that texts of two languages share none.
pub(crate) struct Analyzer {
    stemmer: Option<igny8_text::Stemmer>,
    stop_words: &'static HashSet<String>,
    language: igny8_text::Language,
    function_words: &'static igny8_text::lists::Words,
    seed: u64,
    seen: FxHashMap<String, Known>,
}

/// Words are remembered up to this many; a text with more of them is noise.
const REMEMBERED: usize = 50_000;

impl Analyzer {
    pub(crate) fn new(language: &str) -> Self {
        let of = igny8_text::Language::of(language);
        Self {
            language: of,
            stemmer: igny8_text::stemmer(language),
            stop_words: igny8_text::index::stop_words(language),
            function_words: igny8_text::lists::function_words(of),
            seed: fnv(0xcbf2_9ce4_8422_2325, &crate::page::primary(language)),
            seen: FxHashMap::default(),
        }
    }

    pub(crate) fn tokens(&mut self, text: &str) -> Vec<Token> {
        igny8_text::index::tokens(text)
            .map(|(start, word)| {
                let Known { term, stop, function } = self.term(word);
                Token {
                    start,
                    end: start + word.len(),
                    term,
                    stop,
                    function,
                }
            })
            .collect()
    }

    /// The terms of a short text without words that only hold it together; all of them if nothing else is there.
    pub(crate) fn content(&mut self, text: &str) -> Vec<u64> {
        let tokens = self.tokens(text);
        let content: Vec<u64> = tokens.iter().filter(|t| !t.stop).map(|t| t.term).collect();
        if content.is_empty() {
            return tokens.iter().map(|t| t.term).collect();
        }
        content
    }

    fn term(&mut self, word: &str) -> Known {
        if let Some(known) = self.seen.get(word) {
            return *known;
        }
        let folded = igny8_text::index::fold_word(word);
        let stem = match &self.stemmer {
            Some(stemmer) => stemmer.stem(&folded),
            None => folded.as_ref().into(),
        };
        let mut lower = String::with_capacity(word.len());
        igny8_text::push_lower(&mut lower, word, self.language);
        let made = Known {
            term: fnv(self.seed, &stem),
            stop: self.stop_words.contains(folded.as_ref()),
            function: self.function_words.contains(lower.as_str()),
        };
        if self.seen.len() < REMEMBERED {
            self.seen.insert(word.to_owned(), made);
        }
        made
    }
}

/// The wording of an anchor, the same in all languages, whatever its case and white space.
pub(crate) fn wording(text: &str) -> u64 {
    fnv(0xcbf2_9ce4_8422_2325, &igny8_text::fold(text))
}

/// FNV-1a, whose values are the same in every build.
fn fnv(seed: u64, text: &str) -> u64 {
    let hash = text
        .bytes()
        .chain([0xff])
        .fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    // The low bits are its weak ones, and they choose the slot of a map.
    hash ^ (hash >> 32)
}

/// A sentence of a body.
#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) block: usize,
    /// Places in [`Words::tokens`].
    pub(crate) tokens: std::ops::Range<usize>,
}

/// The words of a body with their sentences.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) tokens: Vec<Token>,
    pub(crate) sentences: Vec<Sentence>,
}

/// What is behind this many words of a body is not searched.
const MOST_WORDS: usize = 20_000;

impl Words {
    pub(crate) fn new(reading: &Reading, analyzer: &mut Analyzer) -> Self {
        let mut out = Self::default();
        for (index, block) in reading.blocks.iter().enumerate() {
            if out.tokens.len() >= MOST_WORDS {
                break;
            }
            let mut at = out.tokens.len();
            out.tokens.extend(analyzer.tokens(&block.text));
            for sentence in igny8_text::index::sentences(&block.text) {
                let end = at + out.tokens[at..].partition_point(|t| t.start < sentence.end);
                if end > at {
                    out.sentences.push(Sentence {
                        block: index,
                        tokens: at..end,
                    });
                }
                at = end;
            }
        }
        out
    }
}
