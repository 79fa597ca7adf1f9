//! Which terms of reference texts a text has, lacks or overdoes.
//!
//! The references are what a subject's other texts say: sibling articles, texts of competitors, a cluster's keywords and questions.
//! Terms are words and pairs of words (stems, function words left out). A term's importance is the share of references that have
//! it, times its mean use there, times how rare it is in `contrast`: texts of the same site on other subjects, so that what
//! every text says tells nothing. How often it should be used is what the middle half of the references do, for the text's length.

use std::cmp::Ordering;

use igny8_text::{lists, tokens};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::checks::number;
use crate::document::Document;
use crate::input::Matching;
use crate::keyphrase::Comparer;

/// Keywords weigh as much as a term that every reference has.
const KEYWORD_SHARE: f64 = 1.0;

/// A use beyond the ninetieth percentile times this is too many.
const OVERUSE: f64 = 1.5;

/// How many terms are kept.
pub const DEFAULT_TERMS: usize = 60;

/// A term that texts on a subject use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// As it is written most often.
    pub text: String,
    /// Sums to 1 over all terms.
    pub importance: f64,
    /// Uses in a thousand words: of the references at the 25th, 75th and 90th percentile among those that have it.
    pub per_thousand: [f64; 3],
    /// It is a keyword, or part of one.
    pub keyword: bool,
    key: Key,
}

/// What texts on a subject say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    language: String,
    terms: Vec<Term>,
}

/// How a text uses a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum State {
    Missing,
    /// Less often than its range.
    Few,
    Good,
    /// Half again more often than nine of ten references.
    Overused,
}

/// A term in a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TermUse {
    pub text: String,
    pub importance: f64,
    pub uses: usize,
    /// How often it should be used, ends included.
    pub min: usize,
    pub max: usize,
    pub state: State,
    pub keyword: bool,
}

/// How much of its subject's terms a text has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// 0 to 100; none where there are no terms.
    pub score: Option<u8>,
    /// The most important first.
    pub terms: Vec<TermUse>,
}

/// The stem of a word, or two that stand together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Key(String, Option<String>);

impl Key {
    fn is_pair(&self) -> bool {
        self.1.is_some()
    }
}

struct Counted {
    words: usize,
    /// Uses, and how it is written first.
    terms: FxHashMap<Key, (usize, String)>,
}

impl Terms {
    /// Learns from `references` and `keywords` (a cluster's keywords and questions), against `contrast`. Keeps the `most`
    /// important terms. All texts are in `language`.
    pub fn learn(
        references: &[&Document],
        keywords: &[&str],
        contrast: &[&Document],
        language: &str,
        most: usize,
    ) -> Terms {
        let reader = Reader::new(language);
        let counted: Vec<Counted> = references.iter().map(|document| reader.document(document)).collect();
        let counted: Vec<Counted> = counted.into_iter().filter(|c| c.words > 0).collect();
        let mut elsewhere: FxHashMap<Key, usize> = FxHashMap::default();
        for document in contrast {
            for key in reader.document(document).terms.into_keys() {
                *elsewhere.entry(key).or_default() += 1;
            }
        }
        let mut wanted: FxHashMap<Key, String> = FxHashMap::default();
        for keyword in keywords {
            for (key, text) in reader.text(keyword) {
                wanted.entry(key).or_insert(text);
            }
        }
        let mut found: FxHashMap<&Key, Vec<f64>> = FxHashMap::default();
        let mut written: FxHashMap<&Key, FxHashMap<&str, usize>> = FxHashMap::default();
        for reference in &counted {
            for (key, (uses, text)) in &reference.terms {
                let rate = number(*uses) * 1000.0 / number(reference.words);
                found.entry(key).or_default().push(rate);
                *written.entry(key).or_default().entry(text).or_default() += uses;
            }
        }
        let texts = number(counted.len().max(1));
        let rarity = |key: &Key| {
            let with = elsewhere.get(key).copied().unwrap_or(0);
            (number(1 + contrast.len()) / number(1 + with)).ln() + 1.0
        };
        // A term of a single text among several is that text's, unless it is a keyword.
        let least = if counted.len() >= 3 { 2 } else { 1 };
        let mut terms: Vec<Term> = Vec::new();
        for (key, mut rates) in found {
            let keyword = wanted.contains_key(key);
            if rates.len() < least && !keyword {
                continue;
            }
            rates.sort_by(f64::total_cmp);
            let share = if keyword {
                KEYWORD_SHARE
            } else {
                number(rates.len()) / texts
            };
            // The mean use grows with the logarithm: a term used ten times is not ten times as important.
            let mean = rates.iter().sum::<f64>() / number(rates.len());
            let most_written = written[key].iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
            terms.push(Term {
                text: most_written.map_or_else(String::new, |(text, _)| (*text).to_owned()),
                importance: share * (1.0 + mean).ln() * rarity(key) * if key.is_pair() { 1.5 } else { 1.0 },
                per_thousand: [
                    percentile(&rates, 0.25),
                    percentile(&rates, 0.75),
                    percentile(&rates, 0.9),
                ],
                keyword,
                key: key.clone(),
            });
        }
        // Keywords that no reference uses are to be used once.
        let known: FxHashSet<Key> = terms.iter().map(|term| term.key.clone()).collect();
        for (key, text) in wanted.into_iter().filter(|(key, _)| !known.contains(key)) {
            terms.push(Term {
                text,
                importance: KEYWORD_SHARE * 2.0f64.ln() * rarity(&key) * if key.is_pair() { 1.5 } else { 1.0 },
                per_thousand: [0.0, 0.0, 0.0],
                keyword: true,
                key,
            });
        }
        terms.sort_by(|a, b| b.importance.total_cmp(&a.importance).then_with(|| a.key.cmp(&b.key)));
        terms.truncate(most);
        let sum: f64 = terms.iter().map(|term| term.importance).sum();
        for term in &mut terms {
            term.importance /= sum;
        }
        Terms {
            language: language.to_owned(),
            terms,
        }
    }

    /// The terms, the most important first.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// What a text has of them.
    pub fn score(&self, document: &Document) -> Coverage {
        let counted = Reader::new(&self.language).document(document);
        let thousands = number(counted.words) / 1000.0;
        let mut total = 0.0;
        let terms: Vec<TermUse> = self
            .terms
            .iter()
            .map(|term| {
                let uses = counted.terms.get(&term.key).map_or(0, |(uses, _)| *uses);
                let [min, max, most] = term.per_thousand.map(|rate| rate * thousands);
                let min = whole(min.floor()).max(1);
                let max = whole(max.ceil()).max(min);
                let limit = (most * OVERUSE).max(number(max) * OVERUSE);
                let state = match uses {
                    0 => State::Missing,
                    _ if uses < min => State::Few,
                    _ if number(uses) > limit.max(2.0) => State::Overused,
                    _ => State::Good,
                };
                total += match state {
                    // What is said too often is worth half.
                    State::Overused => term.importance / 2.0,
                    _ => term.importance * (number(uses) / number(min)).min(1.0),
                };
                TermUse {
                    text: term.text.clone(),
                    importance: term.importance,
                    uses,
                    min,
                    max,
                    state,
                    keyword: term.keyword,
                }
            })
            .collect();
        Coverage {
            score: (!terms.is_empty()).then(|| u8::try_from(whole((total * 100.0).round())).unwrap_or(100).min(100)),
            terms,
        }
    }
}

/// Finds terms. Words are stemmed once each.
struct Reader {
    comparer: Comparer,
    language: igny8_text::Language,
}

impl Reader {
    fn new(language: &str) -> Reader {
        Reader {
            comparer: Comparer::new(language, Matching::Stems),
            language: igny8_text::Language::of(language),
        }
    }

    /// The stem of a word that says something of a subject.
    fn key(&self, lower: &str) -> Option<String> {
        let says = lower.chars().any(char::is_alphabetic)
            && (lower.chars().nth(1).is_some() || !lower.is_ascii())
            && !lists::function_words(self.language).contains(lower);
        says.then(|| self.comparer.key(lower))
    }

    fn document(&self, document: &Document) -> Counted {
        let keys: Vec<Option<String>> = document.vocabulary().forms().map(|form| self.key(form)).collect();
        let mut terms: FxHashMap<Key, (usize, String)> = FxHashMap::default();
        let vocabulary = document.vocabulary();
        // Counted by form first, so that a term's key is made once for each pair of forms.
        let mut pairs: FxHashMap<(u32, u32), usize> = FxHashMap::default();
        for sentence in document.sentences() {
            for (i, pair) in sentence.words().windows(2).enumerate() {
                let (a, b) = (pair[0].form, pair[1].form);
                if keys[a as usize].is_some() && keys[b as usize].is_some() && joined(sentence.between(i)) {
                    *pairs.entry((a, b)).or_default() += 1;
                }
            }
        }
        let mut pairs: Vec<((u32, u32), usize)> = pairs.into_iter().collect();
        pairs.sort_unstable_by(|a, b| match b.1.cmp(&a.1) {
            Ordering::Equal => a.0.cmp(&b.0),
            unequal => unequal,
        });
        for ((key, &uses), form) in keys.iter().zip(vocabulary.uses()).zip(vocabulary.forms()) {
            if let Some(key) = key {
                let entry = terms
                    .entry(Key(key.clone(), None))
                    .or_insert_with(|| (0, form.to_owned()));
                entry.0 += uses as usize;
            }
        }
        for ((a, b), uses) in pairs {
            if let (Some(first), Some(second)) = (&keys[a as usize], &keys[b as usize]) {
                let key = Key(first.clone(), Some(second.clone()));
                let text = || format!("{} {}", vocabulary.form(a), vocabulary.form(b));
                terms.entry(key).or_insert_with(|| (0, text())).0 += uses;
            }
        }
        Counted {
            words: document.words().len(),
            terms,
        }
    }

    /// The terms of a keyword.
    fn text(&self, text: &str) -> Vec<(Key, String)> {
        let words: Vec<(Option<String>, String)> = tokens(text)
            .take(32)
            .map(|range| {
                let mut lower = String::new();
                igny8_text::push_lower(&mut lower, &text[range], self.language);
                (self.key(&lower), lower)
            })
            .collect();
        let single = words
            .iter()
            .filter_map(|(key, text)| Some((Key(key.clone()?, None), text.clone())));
        let pairs = words.windows(2).filter_map(|pair| match pair {
            [(Some(a), first), (Some(b), second)] => {
                Some((Key(a.clone(), Some(b.clone())), format!("{first} {second}")))
            }
            _ => None,
        });
        single.chain(pairs).collect()
    }
}

/// Nothing but white space is between two words.
fn joined(between: &str) -> bool {
    between.chars().all(char::is_whitespace)
}

/// Of sorted values, linear between neighbours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * number(last);
    let low = place.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * (place - place.floor())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that was rounded"
)]
fn whole(value: f64) -> usize {
    value.max(0.0) as usize
}

#[cfg(test)]
mod tests;
