//! A text as the index takes it.

use igny8_text::search::{Forms, words};
use rustc_hash::FxHashMap;
use tantivy::tokenizer::{PreTokenizedString, Token};

use crate::query::{primary, stem_of};

/// A piece of content.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub id: u128,
    /// The revision of the row that it was made of.
    pub rev: i64,
    /// BCP 47 tag.
    pub language: String,
    pub title: String,
    /// Texts of its headings.
    pub headings: Vec<String>,
    /// Its other texts, as readers see them: paragraph by paragraph.
    pub texts: Vec<String>,
    /// Conditions that it fulfils, each a text of the caller's own.
    pub facts: Vec<String>,
    /// When it was deleted, in seconds since 1970.
    pub deleted: Option<i64>,
}

/// Known words before those seen longest ago make room: with them, most words of a text need no work.
const KNOWN: usize = 50_000;
/// Between the last word of a paragraph and the first of the next: no phrase goes across.
const GAP: usize = 2;

/// Divides texts of one language into what the index keeps of them.
pub(crate) struct Reader {
    language: String,
    forms: Forms,
    known: FxHashMap<String, Known>,
}

#[derive(Clone)]
struct Known {
    folded: String,
    stems: [Option<String>; 2],
}

impl Reader {
    pub(crate) fn new(tag: &str) -> Self {
        Self {
            language: primary(tag),
            forms: Forms::of(tag),
            known: FxHashMap::default(),
        }
    }

    /// The words of some texts, each with its stems at the same place.
    pub(crate) fn read<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> PreTokenizedString {
        let mut tokens = Vec::new();
        let mut place = 0;
        for text in texts {
            for range in words(text) {
                let known = self.known(&text[range]);
                if known.folded.is_empty() {
                    continue;
                }
                let all = std::iter::once(&known.folded).chain(known.stems.iter().flatten());
                for word in all {
                    tokens.push(Token {
                        position: place,
                        text: word.clone(),
                        ..Token::default()
                    });
                }
                place += 1;
            }
            place += GAP;
        }
        PreTokenizedString {
            text: String::new(),
            tokens,
        }
    }

    fn known(&mut self, word: &str) -> &Known {
        // Two look-ups, since a borrow cannot end in a branch; most words are known.
        if !self.known.contains_key(word) {
            if self.known.len() >= KNOWN {
                self.known.clear();
            }
            let folded = self.forms.folded(word);
            let (a, b) = self.forms.stems(word, &folded);
            let stems = [a, b].map(|stem| stem.map(|stem| stem_of(&stem, &self.language)));
            self.known.insert(word.to_owned(), Known { folded, stems });
        }
        &self.known[word]
    }
}
