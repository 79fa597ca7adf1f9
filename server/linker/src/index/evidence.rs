//! What speaks for a link from one text to one page, each as a number of about 0 to 1.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::dictionary::{Idf, TermId};
use super::window;
use super::{Entry, Index};
use crate::terms::Words;

/// Tokens that a mention may stretch over.
const MENTION: usize = 7;
/// Different anchors of known links to a page that are looked for.
const MOST_ANCHORS: usize = 16;

/// What speaks for a link to a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// Cosine of the two texts.
    pub text: f32,
    /// Cosine of the most similar sentence and the target.
    pub passage: f32,
    /// How telling the words are that the best stretch of the text shares with the target's labels.
    pub mention: f32,
    /// The share of the labels that these words are.
    pub coverage: f32,
    /// The share of an anchor, used elsewhere for the target, that the text has in one place.
    pub anchors: f32,
    /// Cosine of the two titles.
    pub titles: f32,
    /// Links to the target from pages with similar texts.
    pub similar_link: f32,
    /// 1 for a target that is not newer, ½ where that is unknown.
    pub earlier: f32,
    /// Near in time: 1 on the same day, a third a year apart.
    pub years: f32,
    /// The share of the labels that the text has, wherever.
    pub shared: f32,
}

impl Evidence {
    /// Number of kinds.
    pub const KINDS: usize = 10;

    /// In the order they are declared.
    pub fn values(&self) -> [f32; Self::KINDS] {
        [
            self.text,
            self.passage,
            self.mention,
            self.coverage,
            self.anchors,
            self.titles,
            self.similar_link,
            self.earlier,
            self.years,
            self.shared,
        ]
    }
}

/// A text for which targets are looked for, in the index's terms.
pub(crate) struct Source<'a> {
    pub(crate) slot: Option<u32>,
    pub(crate) language: String,
    pub(crate) idf: Idf,
    pub(crate) day: Option<i64>,
    pub(crate) words: &'a Words,
    /// Each token's term; none for words that no page has, and those that only hold sentences together.
    pub(crate) ids: Vec<Option<TermId>>,
    /// The content words of each sentence that some page has, with how telling they are.
    pub(crate) sentences: Vec<(Vec<(TermId, f32)>, f32)>,
    pub(crate) sentence_of: Vec<u32>,
    /// TF-IDF, by term.
    pub(crate) vector: Vec<(TermId, f32)>,
    pub(crate) places: Places,
    pub(crate) title: Vec<TermId>,
}

/// Where each term is among a text's tokens.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// By term and place.
    tokens: Vec<u32>,
    /// First and behind the last in `tokens`.
    ranges: FxHashMap<TermId, (u32, u32)>,
}

impl Places {
    pub(crate) fn new(ids: &[Option<TermId>]) -> Self {
        let placed = (0u32..).zip(ids).filter_map(|(at, id)| Some(((*id)?, at)));
        let mut placed: Vec<(TermId, u32)> = placed.collect();
        placed.sort_unstable();
        let mut ranges = FxHashMap::default();
        let mut first = 0u32;
        for of_term in placed.chunk_by(|a, b| a.0 == b.0) {
            // A text has at most some ten thousand tokens.
            let end = first + u32::try_from(of_term.len()).unwrap_or(0);
            ranges.insert(of_term[0].0, (first, end));
            first = end;
        }
        Self {
            tokens: placed.into_iter().map(|p| p.1).collect(),
            ranges,
        }
    }

    /// The tokens that are this term, in order.
    pub(crate) fn of(&self, term: TermId) -> &[u32] {
        let range = self.ranges.get(&term).copied().unwrap_or_default();
        &self.tokens[range.0 as usize..range.1 as usize]
    }

    pub(crate) fn has(&self, term: TermId) -> bool {
        self.ranges.contains_key(&term)
    }

    /// All terms with how many tokens they are.
    pub(crate) fn terms(&self) -> impl Iterator<Item = (TermId, u32)> + '_ {
        self.ranges.iter().map(|(&term, &(first, end))| (term, end - first))
    }
}

/// What is needed for each comparison with one text, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The text's weights by term.
    source: Vec<f32>,
    /// What each of its sentences shares with a target.
    sentences: Vec<f32>,
}

impl Scratch {
    pub(crate) fn prepare(&mut self, terms: usize, source: &Source<'_>) {
        self.source.clear();
        self.source.resize(terms, 0.0);
        for &(term, weight) in &source.vector {
            self.source[term as usize] = weight;
        }
    }
}

/// Evidence, and where in the text it is strongest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) evidence: Evidence,
    /// The most similar sentence.
    pub(crate) sentence: usize,
}

impl Index {
    pub(crate) fn evidence(
        &self,
        source: &Source<'_>,
        target: &Entry,
        similar: &FxHashMap<u32, f32>,
        scratch: &mut Scratch,
    ) -> Found {
        let mut found = Found::default();
        self.compare_texts(source, target, scratch, &mut found);
        self.mention(source, target, &mut found);
        self.anchors(source, target, similar, &mut found);
        let e = &mut found.evidence;
        e.titles = self.titles(source, target);
        e.earlier = 0.5;
        if let (Some(here), Some(there)) = (source.day, target.day) {
            let days = here.saturating_sub(there) as f32;
            e.earlier = f32::from(days >= 0.0);
            e.years = (-days.abs() / 365.0).exp();
        }
        found
    }

    fn compare_texts(&self, source: &Source<'_>, target: &Entry, scratch: &mut Scratch, found: &mut Found) {
        let (mut dot, mut norm) = (0.0f32, 0.0f32);
        scratch.sentences.clear();
        scratch.sentences.resize(source.sentences.len().max(1), 0.0);
        for &(term, weight) in &target.body {
            let idf = source.idf.of(self.bodies.logarithm(term));
            let weight = weight * idf;
            norm += weight * weight;
            let own = scratch.source[term as usize];
            if own > 0.0 {
                dot += weight * own;
                for &at in source.places.of(term) {
                    scratch.sentences[source.sentence_of[at as usize] as usize] += idf * weight;
                }
            }
        }
        let norm = norm.sqrt().max(f32::MIN_POSITIVE);
        let own: f32 = source.vector.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        found.evidence.text = dot / (norm * own.max(f32::MIN_POSITIVE));
        for (index, ((_, length), dot)) in source.sentences.iter().zip(&scratch.sentences).enumerate() {
            let cosine = dot / (norm * length);
            if cosine > found.evidence.passage {
                found.evidence.passage = cosine;
                found.sentence = index;
            }
        }
    }

    fn mention(&self, source: &Source<'_>, target: &Entry, found: &mut Found) {
        let labels = self.labels_of(target, source);
        let total: f32 = labels.iter().map(|l| l.1).sum();
        let mention = window::best(&source.hits(&labels), MENTION);
        found.evidence.mention = mention.weight / 2.0;
        found.evidence.coverage = mention.weight / total.max(f32::MIN_POSITIVE);
        let shared: f32 = labels
            .iter()
            .filter(|(term, _)| source.places.has(*term))
            .map(|l| l.1)
            .sum();
        found.evidence.shared = shared / total.max(f32::MIN_POSITIVE);
    }

    fn anchors(&self, source: &Source<'_>, target: &Entry, similar: &FxHashMap<u32, f32>, found: &mut Found) {
        let Some(sources) = self.inbound.get(&target.id) else {
            return;
        };
        let mut near = 0.0f32;
        for from in sources.keys().filter(|from| source.slot != Some(**from)) {
            near = near.max(similar.get(from).copied().unwrap_or(0.0));
        }
        found.evidence.similar_link = near;
        for anchor in self.known_anchors(&target.id, source.slot) {
            let words = self.weighed(source, anchor);
            let total: f32 = words.iter().map(|w| w.1).sum();
            let window = window::best(&source.hits(&words), words.len() + 2);
            // A word that is everywhere says nothing, even if it is the whole anchor.
            let share = window.weight / total.max(f32::MIN_POSITIVE) * (window.weight / (window.weight + 0.3));
            if share > found.evidence.anchors {
                found.evidence.anchors = share;
            }
        }
    }

    /// The anchors that other pages link to a page with, the most frequent first.
    pub(crate) fn known_anchors(&self, target: &str, but_of: Option<u32>) -> Vec<&[u64]> {
        let mut counts: FxHashMap<&[u64], usize> = FxHashMap::default();
        for (_, anchors) in self
            .inbound
            .get(target)
            .into_iter()
            .flatten()
            .filter(|(from, _)| but_of != Some(**from))
        {
            for anchor in anchors {
                *counts.entry(anchor).or_default() += 1;
            }
        }
        let mut counts: Vec<(&[u64], usize)> = counts.into_iter().collect();
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts.into_iter().take(MOST_ANCHORS).map(|c| c.0).collect()
    }

    /// Those of some words that pages have, each once, with how telling they are.
    pub(crate) fn weighed(&self, source: &Source<'_>, words: &[u64]) -> Vec<(TermId, f32)> {
        let mut out: Vec<(TermId, f32)> = Vec::with_capacity(words.len());
        for id in words.iter().filter_map(|&term| self.bodies.id(term)) {
            if out.iter().all(|w| w.0 != id) {
                out.push((id, source.idf.of(self.bodies.logarithm(id))));
            }
        }
        out
    }

    /// The words of a page's labels with how much they tell.
    pub(crate) fn labels_of(&self, target: &Entry, source: &Source<'_>) -> Vec<(TermId, f32)> {
        let labels = target.labels.iter();
        labels
            .map(|&(_, term, weight)| (term, weight * source.idf.of(self.bodies.logarithm(term))))
            .collect()
    }

    /// The words of a page's text with how much they tell.
    pub(crate) fn bodies_of(&self, target: &Entry, source: &Source<'_>) -> Vec<(TermId, f32)> {
        let words = target.body.iter().filter(|(term, _)| source.places.has(*term));
        words
            .map(|&(term, weight)| (term, weight * source.idf.of(self.bodies.logarithm(term))))
            .collect()
    }

    fn titles(&self, source: &Source<'_>, target: &Entry) -> f32 {
        let squares = |terms: &[TermId]| {
            terms
                .iter()
                .map(|&t| source.idf.of(self.bodies.logarithm(t)).powi(2))
                .sum::<f32>()
        };
        let both: f32 = source
            .title
            .iter()
            .filter(|t| target.title_terms.contains(t))
            .map(|&t| source.idf.of(self.bodies.logarithm(t)).powi(2))
            .sum();
        both / (squares(&source.title) * squares(&target.title_terms)).sqrt().max(0.01)
    }
}

impl Source<'_> {
    /// Where these words are, for [`window::best`].
    pub(crate) fn hits(&self, words: &[(TermId, f32)]) -> Vec<(usize, u32, usize, f32)> {
        let mut hits: Vec<(usize, u32, usize, f32)> = Vec::new();
        for (index, (term, weight)) in words.iter().enumerate() {
            for &at in self.places.of(*term) {
                hits.push((at as usize, self.sentence_of[at as usize], index, *weight));
            }
        }
        hits.sort_unstable_by_key(|h| (h.0, h.2));
        hits
    }
}
