//! What goes into clustering.

use serde::{Deserialize, Serialize};

/// What a searcher wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// To know something.
    Informational,
    /// To compare before buying.
    Commercial,
    /// To buy, order or book.
    Transactional,
    /// To reach one site or place.
    Navigational,
}

/// A keyword with everything that may tell which others belong to it. Only the text is needed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keyword {
    /// The keyword as typed.
    pub text: String,
    /// Language tag (`en`, `pt-BR`); decides the stemmer. Without it [`Options::language`].
    pub language: Option<String>,
    /// Searches a month.
    pub volume: Option<u64>,
    /// How hard it is to rank for, 0 to 100.
    pub difficulty: Option<f32>,
    /// Intent where it is known; otherwise it is read from the text.
    pub intent: Option<Intent>,
    /// The first results of a search, best first.
    pub serp_urls: Vec<String>,
    /// The wider topic a keyword tool has put it under.
    pub parent_topic: Option<String>,
    /// The text's vector from a language model. All of one list must come from the same model.
    pub embedding: Option<Vec<f32>>,
    /// The existing cluster it must stay in.
    pub fixed: Option<String>,
}

impl Keyword {
    /// A keyword known only by its text.
    pub fn new(text: impl Into<String>) -> Keyword {
        Keyword {
            text: text.into(),
            ..Keyword::default()
        }
    }
}

/// How to cluster. The defaults are what the figures in the crate's README were measured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Language of keywords that name none.
    pub language: String,
    /// Fewer keywords than this are not a cluster: they are left unclustered. At least 1.
    pub min_size: usize,
    /// More keywords than this are split, however alike they are.
    pub max_size: usize,
    /// Share of result URLs two keywords must have in common to need one page.
    pub shared_urls: f32,
}

impl Options {
    /// What [`max_size`](Self::max_size) may be where a person chooses it.
    pub const SIZES: std::ops::RangeInclusive<usize> = 3..=10_000;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            language: "en".to_owned(),
            min_size: 3,
            max_size: 250,
            shared_urls: 0.4,
        }
    }
}
