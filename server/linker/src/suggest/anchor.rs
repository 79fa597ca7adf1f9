//! The words of a text that a link to a page goes around.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::names::{Name, Said};
use crate::body::Reading;
use crate::edit::places::Places;
use crate::index::evidence::Source;
use crate::index::uses::{AnchorKey, Uses};
use crate::index::{Entry, Index, evidence};
use crate::rules;
use crate::terms;

/// How an anchor was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It is what the target is called.
    Named,
    /// Others link to the target with it.
    KnownAnchor,
    /// Its words say enough of what the target is called, and tell most of it.
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
/// Stretches that say a name which are looked at.
const MOST_NAMED: usize = 120;
/// What each word costs that is beside a name.
const NEIGHBOUR: f32 = 0.2;
/// Words of an anchor; [`crate::rules::Rules`] may allow fewer.
const LONGEST: usize = 6;
/// What a word costs that says nothing of the target: more than a gap is worth, less than a word that does.
const IDLE_WORD: f32 = 0.07;
/// What it costs that all links to the target have the anchor; those that only some have cost their share.
const USED: f32 = 0.6;
/// What a place in the first third of the text is worth where that is wanted: as much as saying the whole name.
const EARLY: f32 = 1.0;
/// What it is worth that the sentence as a whole is about the target.
const SENTENCE: f32 = 0.5;

struct Span {
    first: usize,
    last: usize,
    score: f32,
    how: How,
}

/// What an anchor is looked for in and for.
pub(super) struct Search<'a> {
    pub(super) index: &'a Index,
    pub(super) source: &'a Source<'a>,
    pub(super) reading: &'a Reading,
    pub(super) target: &'a Entry,
    /// The target's.
    pub(super) slot: u32,
    pub(super) found: &'a evidence::Found,
    /// Whether the first third of the text is the better place.
    pub(super) early: bool,
}

/// Finds the best anchor for a page and takes its place. One that leads to another page, now or by what is `planned`, that names
/// another page, or that most links to this one have already, is none; where no other is left, there is no link, since words that
/// say little of a page are no substitute for its name.
pub(super) fn find(search: &Search<'_>, places: &mut Places<'_>, planned: &mut Uses) -> Option<Found> {
    let &Search {
        index,
        source,
        reading,
        target,
        slot,
        ..
    } = search;
    let names = Name::all(index, source, target);
    let mut spans = named(search, &names);
    spans.extend(telling(search, &names));
    let mix = index.mix(planned, &target.id);
    for span in &mut spans {
        span.score -= USED * mix.share(stems(source, span));
    }
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
        let key = AnchorKey {
            stems: stems(source, &span),
            wording: terms::wording(&reading.blocks[block].text[text.clone()]),
        };
        if index.names_another(slot, key.stems) || index.anchor_fits(&target.id, key, planned).is_err() {
            continue;
        }
        if let Ok(source) = places.take_in(block, &text) {
            planned.add(&target.id, key);
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

/// [`rules::anchor_key`] of a stretch.
fn stems(source: &Source<'_>, span: &Span) -> u64 {
    let tokens = &source.words.tokens[span.first..=span.last];
    let content: Vec<u64> = tokens.iter().filter(|t| !t.stop).map(|t| t.term).collect();
    rules::key_of(content)
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

impl Search<'_> {
    /// What it is worth that a stretch begins with this token.
    fn early_at(&self, token: usize) -> f32 {
        if self.early && token * 3 < self.source.words.tokens.len() {
            EARLY
        } else {
            0.0
        }
    }
}

/// Stretches that say all words of something the target is called, in any order, with little in between.
fn named(search: &Search<'_>, names: &[Name]) -> Vec<Span> {
    let &Search {
        index, source, target, ..
    } = search;
    let mut out = Vec::new();
    let mut hits = Vec::new();
    let known = index.known_anchors(&target.id, source.slot);
    let known: Vec<Name> = known.iter().filter_map(|a| Name::new(index, source, a)).collect();
    let names = names.iter().map(|name| (name, How::Named));
    let names = names.chain(known.iter().map(|name| (name, How::KnownAnchor)));
    for (Name { words, total }, how) in names.filter(|(name, _)| name.is_telling()) {
        source.hits(words, &mut hits);
        let longest = words.len() + 2;
        for (i, &(first, sentence, _, _)) in hits.iter().enumerate() {
            let mut seen = 0u64;
            for &(at, its, word, _) in &hits[i..] {
                if its != sentence || at - first >= longest {
                    break;
                }
                seen |= 1 << word.min(63);
                if seen.count_ones() as usize == words.len() {
                    out.extend(with_neighbours(source, first, at).map(|(extra, first, last)| Span {
                        first,
                        last,
                        score: 1.0 + total - NEIGHBOUR * extra as f32 + search.early_at(first),
                        how,
                    }));
                    break;
                }
            }
            if out.len() >= MOST_NAMED {
                return out;
            }
        }
    }
    out
}

/// A stretch, and the same with a word or two beside it, as long as none of grammar or quantity is at an edge: other words for a
/// name that is used enough already. Each with how many words were added.
fn with_neighbours(source: &Source<'_>, first: usize, last: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let sentence = source.words.sentences[source.sentence_of[first] as usize]
        .tokens
        .clone();
    let content = |at: usize| source.words.tokens.get(at).is_some_and(|token| !token.is_grammar());
    [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 1)]
        .into_iter()
        .filter_map(move |(before, after)| {
            let (begin, end) = (first.checked_sub(before)?, last + after);
            let fits = sentence.contains(&begin) && sentence.contains(&end);
            let clean = (before == 0 || content(begin)) && (after == 0 || content(end));
            (fits && clean).then_some((before + after, begin, end))
        })
}

/// Stretches that say enough of what the target is called, around the words that tell most of it, in the sentences that say most
/// of it.
fn telling(search: &Search<'_>, names: &[Name]) -> Vec<Span> {
    let &Search {
        index,
        source,
        target,
        found,
        ..
    } = search;
    let labels = index.labels_of(target, source);
    let bodies = index.bodies_of(target, source);
    let most = bodies.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut sentences: Vec<u32> = vec![u32::try_from(found.sentence).unwrap_or(0)];
    for &(term, _) in &labels {
        let places = source.places.of(term).iter().take(30);
        sentences.extend(places.map(|&at| source.sentence_of[at as usize]));
    }
    sentences.sort_unstable();
    sentences.dedup();
    let mut by_number = vec![0.0f32; bodies.len()];
    for (term, weight) in labels {
        if let Some(number) = source.places.number(term) {
            by_number[number] = weight;
        }
    }
    let labels = by_number;
    let mut out: Vec<Span> = Vec::new();
    let mut seen: Vec<u64> = Vec::with_capacity(LONGEST);
    let mut said = Said::new(names);
    for sentence in sentences {
        let Some(range) = source.words.sentences.get(sentence as usize).map(|s| s.tokens.clone()) else {
            continue;
        };
        let numbers = source.ids[range.clone()].iter();
        let numbers: Vec<Option<usize>> = numbers.map(|id| source.places.number((*id)?)).collect();
        let shared = numbers.iter().flatten();
        let about: f32 = shared
            .map(|&number| bodies[number] * source.places.idf(number))
            .sum::<f32>()
            / (most * source.lengths[sentence as usize]);
        let weights: Vec<f32> = numbers
            .iter()
            .map(|number| number.map_or(0.0, |number| labels[number] + 0.35 * bodies[number] / most))
            .collect();
        for first in range.clone() {
            if source.words.tokens[first].is_grammar() {
                continue;
            }
            seen.clear();
            said.clear();
            let mut score = SENTENCE * about + search.early_at(first);
            for last in first..range.end.min(first + LONGEST) {
                let token = &source.words.tokens[last];
                let own = weights[last - range.start];
                if own > 0.0 && !seen.contains(&token.term) {
                    seen.push(token.term);
                    score += own;
                    // Words of grammar are in many a title, and lead nowhere.
                    let term = source.ids[last].filter(|_| !token.is_grammar());
                    term.into_iter().for_each(|term| said.add(term));
                }
                if own < 0.1 {
                    score -= IDLE_WORD;
                }
                // What comes last says something of the page; before it there may be whatever tells the one from the other.
                if own > 0.0 && !token.is_grammar() && said.is_enough() {
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
    let order = |a: &Span, b: &Span| {
        let by_place = || (a.first, a.last).cmp(&(b.first, b.last));
        b.score.total_cmp(&a.score).then_with(by_place)
    };
    if out.len() > MOST_TRIES {
        out.select_nth_unstable_by(MOST_TRIES, order);
        out.truncate(MOST_TRIES);
    }
    out
}
