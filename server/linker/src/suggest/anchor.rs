//! The words of a text that a link to a page goes around.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::Reading;
use crate::edit::places::Places;
use crate::index::evidence::Source;
use crate::index::{Entry, Index, evidence};

/// How an anchor was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It is what the target is called.
    Named,
    /// Others link to the target with it.
    KnownAnchor,
    /// Its words are those that tell most of the target.
    Words,
}

/// An anchor in a text.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) block: usize,
    pub(super) text: Range<usize>,
    pub(super) source: Range<usize>,
    pub(super) how: How,
}

/// Stretches of words that are tried for one page.
const MOST_TRIES: usize = 60;
/// Words of an anchor; [`crate::rules::Rules`] may allow fewer.
const LONGEST: usize = 6;
/// What a word costs that says nothing of the target: more than a gap is worth, less than a word that does.
const IDLE_WORD: f32 = 0.07;
/// What it is worth that the sentence as a whole is about the target.
const SENTENCE: f32 = 0.5;

struct Span {
    first: usize,
    last: usize,
    score: f32,
    how: How,
}

/// Finds the best anchor for a page and takes its place.
pub(super) fn find(
    index: &Index,
    source: &Source<'_>,
    reading: &Reading,
    target: &Entry,
    found: &evidence::Found,
    places: &mut Places<'_>,
) -> Option<Found> {
    let mut spans = named(index, source, target);
    spans.extend(telling(index, source, target, found));
    spans.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| (a.last - a.first).cmp(&(b.last - b.first)))
            .then_with(|| a.first.cmp(&b.first))
    });
    let mut tried: FxHashSet<(usize, usize)> = FxHashSet::default();
    for span in spans {
        if tried.len() >= MOST_TRIES {
            break;
        }
        if !tried.insert((span.first, span.last)) {
            continue;
        }
        let block = source.words.sentences[source.sentence_of[span.first] as usize].block;
        let text = source.words.tokens[span.first].start..source.words.tokens[span.last].end;
        let text = with_possessive(&reading.blocks[block].text, text);
        if let Ok(source) = places.take_in(block, &text) {
            return Some(Found {
                block,
                text,
                source,
                how: span.how,
            });
        }
    }
    None
}

/// "agency's" is one word of an anchor's end only if more follows; at the end the link goes around all of it.
fn with_possessive(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = &text[range.end..];
    let extra = ["'s", "\u{2019}s"]
        .iter()
        .find(|p| rest.starts_with(**p))
        .map_or(0, |p| p.len());
    range.start..range.end + extra
}

/// Stretches that say all words of something the target is called, in any order, with little in between.
fn named(index: &Index, source: &Source<'_>, target: &Entry) -> Vec<Span> {
    let mut out = Vec::new();
    let known = index.known_anchors(&target.id, source.slot);
    let phrases = target.phrases.iter().map(|p| (p.as_slice(), How::Named));
    for (phrase, how) in phrases.chain(known.iter().map(|a| (*a, How::KnownAnchor))) {
        let words = index.weighed(source, phrase);
        if words.len() < phrase.len() || words.is_empty() {
            continue;
        }
        let total: f32 = words.iter().map(|w| w.1).sum();
        // A phrase of everyday words names nothing.
        if total < 0.45 {
            continue;
        }
        let hits = source.hits(&words);
        let longest = words.len() + 2;
        for (i, &(first, sentence, _, _)) in hits.iter().enumerate() {
            let mut seen = 0u64;
            for &(at, its, word, _) in &hits[i..] {
                if its != sentence || at - first >= longest {
                    break;
                }
                seen |= 1 << word.min(63);
                if seen.count_ones() as usize == words.len() {
                    out.push(Span {
                        first,
                        last: at,
                        score: 1.0 + total,
                        how,
                    });
                    break;
                }
            }
            if out.len() >= MOST_TRIES {
                return out;
            }
        }
    }
    out
}

/// Stretches around the words that tell most of the target, in the sentences that say most of it.
fn telling(index: &Index, source: &Source<'_>, target: &Entry, found: &evidence::Found) -> Vec<Span> {
    let labels: FxHashMap<u32, f32> = index.labels_of(target, source).into_iter().collect();
    let bodies: FxHashMap<u32, f32> = index.bodies_of(target, source).into_iter().collect();
    let most = bodies.values().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut sentences: Vec<u32> = vec![u32::try_from(found.sentence).unwrap_or(0)];
    for term in labels.keys() {
        let places = source.places.get(term).map_or(&[][..], Vec::as_slice);
        sentences.extend(places.iter().take(30).map(|&at| source.sentence_of[at as usize]));
    }
    sentences.sort_unstable();
    sentences.dedup();
    let mut out: Vec<Span> = Vec::new();
    for sentence in sentences {
        let Some(range) = source.words.sentences.get(sentence as usize).map(|s| s.tokens.clone()) else {
            continue;
        };
        let (words, length) = &source.sentences[sentence as usize];
        let about: f32 = words
            .iter()
            .filter_map(|(t, idf)| Some(bodies.get(t)? * idf))
            .sum::<f32>()
            / (most * length);
        let weight = |at: usize| -> f32 {
            let Some(id) = source.ids[at] else {
                return 0.0;
            };
            labels.get(&id).copied().unwrap_or(0.0) + 0.35 * bodies.get(&id).copied().unwrap_or(0.0) / most
        };
        let weights: Vec<f32> = range.clone().map(weight).collect();
        for first in range.clone() {
            if source.words.tokens[first].stop {
                continue;
            }
            let mut seen: Vec<u64> = Vec::new();
            let mut score = SENTENCE * about;
            let mut tells = false;
            for last in first..range.end.min(first + LONGEST) {
                let token = &source.words.tokens[last];
                let own = weights[last - range.start];
                if own > 0.0 && !seen.contains(&token.term) {
                    seen.push(token.term);
                    score += own;
                    tells |= own > 0.1;
                }
                if own < 0.1 {
                    score -= IDLE_WORD;
                }
                if !token.stop && tells {
                    out.push(Span {
                        first,
                        last,
                        score,
                        how: How::Words,
                    });
                }
            }
        }
    }
    // Only the best are tried.
    out.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.first.cmp(&b.first)));
    out.truncate(MOST_TRIES);
    out
}
