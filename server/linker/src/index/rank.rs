//! Ranking the pages a text could link to.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::dictionary::TermId;
use super::evidence::{Evidence, Found, Places, Scratch, Source};
use super::{Entry, Index};
use crate::page::Page;
use crate::terms::{Analyzer, Words};

/// How many pages the first look, at texts and at labels, leaves for the second.
pub(super) const FIRST_LOOK: usize = 80;
/// Terms of a text, the most telling, that are looked up.
const QUERY_TERMS: usize = 160;

/// Weights of [`Evidence`], in its order. Found by `examples/held_out.rs --tune`; see the README.
pub(crate) const WEIGHTS: [f32; Evidence::KINDS] = [6.5, 4.5, 2.3, 1.8, 1.6, 1.1, 1.2, 3.2, 2.2, 1.0];

/// Which pages are targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every published page.
    #[default]
    All,
    /// Pages that are not newer than the source, as when it is written.
    Earlier,
}

/// A page that a text could link to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The page's id.
    pub target: String,
    /// The higher the better; comparable for one source.
    pub score: f32,
    /// What speaks for it.
    pub evidence: Evidence,
}

pub(crate) struct Ranked {
    pub(crate) slot: u32,
    pub(crate) score: f32,
    pub(crate) found: Found,
}

impl Index {
    /// The pages that `page` could link to, the best first, at most `limit`.
    pub fn rank(&self, page: &Page, scope: Scope, limit: usize) -> Vec<Candidate> {
        let reading = crate::body::read(&page.body, page.format);
        let mut analyzer = Analyzer::new(&page.language);
        let words = Words::new(&reading, &mut analyzer);
        let source = self.source(page, &words, &mut analyzer);
        let mut ranked = self.ranked(&source, scope, &[]);
        ranked.truncate(limit);
        ranked
            .into_iter()
            .filter_map(|r| {
                Some(Candidate {
                    target: self.entry(r.slot)?.id.clone(),
                    score: r.score,
                    evidence: r.found.evidence,
                })
            })
            .collect()
    }

    pub(crate) fn source<'a>(&self, page: &Page, words: &'a Words, analyzer: &mut Analyzer) -> Source<'a> {
        let language = page.primary_language();
        let idf = self.idf(&language);
        let ids: Vec<Option<TermId>> = words
            .tokens
            .iter()
            .map(|t| if t.stop { None } else { self.bodies.id(t.term) })
            .collect();
        let mut sentence_of = vec![0u32; ids.len()];
        for (index, sentence) in words.sentences.iter().enumerate() {
            for at in sentence.tokens.clone() {
                sentence_of[at] = u32::try_from(index).unwrap_or(u32::MAX);
            }
        }
        let title: Vec<TermId> = analyzer
            .content(&page.title)
            .into_iter()
            .filter_map(|term| self.bodies.id(term))
            .take(super::MOST_LABEL_TERMS)
            .collect();
        let mut places = Places::new(self.bodies.len(), &ids, &sentence_of, &title);
        let idf_of = |term: TermId| idf.of(self.bodies.logarithm(term));
        let lengths = words
            .sentences
            .iter()
            .map(|sentence| {
                let words = ids[sentence.tokens.clone()].iter().flatten();
                // A little extra, so that sentences of a word or two do not win.
                (0.5 + words.map(|&id| idf_of(id).powi(2)).sum::<f32>()).sqrt()
            })
            .collect();
        let mut vector: Vec<(TermId, f32)> = places.terms().map(|(term, uses)| (term, uses as f32)).collect();
        for (term, weight) in &mut vector {
            let titles = title.iter().filter(|t| *t == term).count() as f32;
            let uses = *weight + super::TITLE_USES * titles;
            let idf = idf_of(*term);
            *weight = (1.0 + uses.ln()) * idf;
            places.weigh(*term, idf, *weight);
        }
        // By term, not by number, so that sums do not depend on the order pages came in.
        vector.sort_unstable_by_key(|v| self.bodies.term(v.0));
        let length = vector.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        let title_square = title.iter().map(|&term| idf_of(term).powi(2)).sum();
        Source {
            slot: self.slot(&page.id),
            language,
            day: page.day,
            words,
            ids,
            lengths,
            idf,
            sentence_of,
            vector,
            length,
            places,
            title,
            title_square,
        }
    }

    /// Every page worth a look, the best first; `wanted` are looked at in any case.
    pub(crate) fn ranked(&self, source: &Source<'_>, scope: Scope, wanted: &[u32]) -> Vec<Ranked> {
        let mut scratch = Scratch::default();
        let similar = self.first_look(source);
        let mut slots: Vec<u32> = self.candidates(source, &similar);
        slots.extend(wanted);
        slots.sort_unstable();
        slots.dedup();
        let similar: FxHashMap<u32, f32> = similar.into_iter().collect();
        let mut out: Vec<Ranked> = slots
            .into_iter()
            .filter_map(|slot| {
                let entry = self.entry(slot).filter(|entry| allowed(source, scope, slot, entry))?;
                Some(self.judge(source, slot, entry, &similar, &mut scratch))
            })
            .collect();
        out.sort_by(|a, b| {
            b.score.total_cmp(&a.score).then_with(|| {
                let id = |r: &Ranked| self.entry(r.slot).map(|e| &e.id);
                id(a).cmp(&id(b))
            })
        });
        out
    }

    /// Leaves the best; of equal ones those that come first by id.
    pub(super) fn keep_best(&self, found: &mut Vec<(u32, f32)>, count: usize) {
        let id = |slot: u32| self.entry(slot).map(|e| &e.id);
        let by_score = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1);
        if found.len() > count && count > 0 {
            // Ids are far away, so they are asked only for those that are as good as the last that stays.
            let (_, last, _) = found.select_nth_unstable_by(count - 1, by_score);
            let last = last.1;
            found.retain(|f| f.1.total_cmp(&last).is_ge());
            if found.len() > count {
                let (better, equal) = (found.iter().copied()).partition::<Vec<_>, _>(|f| f.1.total_cmp(&last).is_gt());
                let mut equal: Vec<(u32, f32)> = equal;
                let room = count - better.len();
                equal.select_nth_unstable_by(room - 1, |a, b| id(a.0).cmp(&id(b.0)));
                equal.truncate(room);
                *found = better;
                found.extend(equal);
            }
        }
        found.truncate(count);
        found.sort_unstable_by(|a, b| by_score(a, b).then_with(|| id(a.0).cmp(&id(b.0))));
    }

    pub(crate) fn judge(
        &self,
        source: &Source<'_>,
        slot: u32,
        entry: &Entry,
        similar: &FxHashMap<u32, f32>,
        scratch: &mut Scratch,
    ) -> Ranked {
        let found = self.evidence(source, slot, entry, similar, scratch);
        let score = score(&found.evidence);
        Ranked { slot, score, found }
    }

    /// Pages that link to a page.
    pub(crate) fn linking(&self, id: &str) -> impl Iterator<Item = u32> + '_ {
        self.inbound.get(id).into_iter().flatten().map(|(source, _)| *source)
    }

    /// Pages whose text says what a page is called.
    pub(crate) fn saying(&self, page: &Page, analyzer: &mut Analyzer) -> Vec<u32> {
        let texts = page
            .primary_keyword
            .iter()
            .chain(&page.anchor_terms)
            .chain([&page.title]);
        let terms: Vec<u64> = texts
            .flat_map(|t| analyzer.content(t))
            .take(super::MOST_LABEL_TERMS)
            .collect();
        let idf = self.idf(&page.primary_language());
        let mut words: Vec<(TermId, f32)> = terms
            .iter()
            .filter_map(|&t| self.bodies.id(t))
            .map(|id| (id, idf.of(self.bodies.logarithm(id))))
            .collect();
        words.sort_unstable_by_key(|w| self.bodies.term(w.0));
        words.dedup_by_key(|w| w.0);
        self.pages_with(&words)
    }

    /// The pages with the most similar texts; 0 to 1, the best first.
    pub(crate) fn first_look(&self, source: &Source<'_>) -> Vec<(u32, f32)> {
        let mut terms: Vec<(TermId, f32)> = source.vector.clone();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1));
        terms.truncate(QUERY_TERMS);
        let most = self.len() / 4 + 20;
        let mut sums = vec![0.0f32; self.slots.len()];
        for (term, weight) in terms {
            let postings = self.bodies.postings(term);
            if postings.len() > most {
                continue;
            }
            let idf = source.idf.of(self.bodies.logarithm(term));
            for &(slot, its) in postings {
                sums[slot as usize] += weight * its * idf;
            }
        }
        let mut found: Vec<(u32, f32)> = (0u32..)
            .zip(sums)
            .filter(|&(slot, sum)| sum > 0.0 && Some(slot) != source.slot)
            .map(|(slot, sum)| (slot, sum / self.sizes[slot as usize].body))
            .collect();
        let best = found.iter().map(|f| f.1).fold(f32::MIN_POSITIVE, f32::max);
        self.keep_best(&mut found, FIRST_LOOK);
        found.iter_mut().for_each(|f| f.1 /= best);
        found
    }

    pub(super) fn candidates(&self, source: &Source<'_>, similar: &[(u32, f32)]) -> Vec<u32> {
        let mut slots: Vec<u32> = similar.iter().map(|s| s.0).collect();
        // Pages whose labels the text mentions.
        let mut sums = vec![0.0f32; self.slots.len()];
        let most = self.len() / 10 + 20;
        for &(term, _) in source.vector.iter().filter(|(term, _)| source.places.has(*term)) {
            let Some(label) = self.labels.id(self.bodies.term(term)) else {
                continue;
            };
            let postings = self.labels.postings(label);
            if postings.len() > most {
                continue;
            }
            let idf = source.idf.of(self.bodies.logarithm(term));
            for &(slot, weight) in postings {
                sums[slot as usize] += weight * idf;
            }
        }
        let mut mentioned: Vec<(u32, f32)> = (0u32..)
            .zip(sums)
            .filter(|&(_, sum)| sum > 0.0)
            .map(|(slot, sum)| (slot, sum / self.sizes[slot as usize].labels))
            .collect();
        self.keep_best(&mut mentioned, FIRST_LOOK);
        slots.extend(mentioned.iter().map(|m| m.0));
        // Pages that similar pages link to.
        for (slot, _) in similar.iter().take(20) {
            if let Some(entry) = self.entry(*slot) {
                slots.extend(entry.links.iter().take(20).filter_map(|link| self.slot(&link.target)));
            }
        }
        slots
    }
}

pub(super) fn allowed(source: &Source<'_>, scope: Scope, slot: u32, entry: &Entry) -> bool {
    Some(slot) != source.slot
        && entry.published
        && entry.language == source.language
        && (scope == Scope::All || !matches!((source.day, entry.day), (Some(a), Some(b)) if b > a))
}

fn score(evidence: &Evidence) -> f32 {
    evidence.values().iter().zip(WEIGHTS).map(|(v, w)| v * w).sum()
}
