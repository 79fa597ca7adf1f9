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
    /// For each sentence the length of its content words' vector, and a little more.
    pub(crate) lengths: Vec<f32>,
    pub(crate) sentence_of: Vec<u32>,
    /// TF-IDF, by term.
    pub(crate) vector: Vec<(TermId, f32)>,
    /// The length of `vector`.
    pub(crate) length: f32,
    pub(crate) places: Places,
    pub(crate) title: Vec<TermId>,
    /// The square of the title's length.
    pub(crate) title_square: f32,
}

/// What a text has of each term, and where. Asked for every term of every candidate, so that terms are found by their number
/// alone, in a table that is small enough to stay near the processor.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// By term: 1 and more for the place in `known`, 0 for what the text does not have.
    numbers: Vec<u16>,
    known: Vec<Known>,
    /// By term and place.
    tokens: Vec<u32>,
    /// The sentence of each of `tokens`.
    sentences: Vec<u32>,
}

/// A term of a text.
#[derive(Debug, Clone, Copy)]
struct Known {
    term: TermId,
    /// First and behind the last in [`Places::tokens`].
    first: u32,
    end: u32,
    idf: f32,
    /// Its weight in [`Source::vector`].
    weight: f32,
}

impl Places {
    /// Of a text's tokens, and of terms that it is said to have beside them; `terms` is how many the index has.
    pub(crate) fn new(terms: usize, ids: &[Option<TermId>], sentence_of: &[u32], beside: &[TermId]) -> Self {
        let placed = (0u32..).zip(ids).filter_map(|(at, id)| Some(((*id)?, at)));
        let mut placed: Vec<(TermId, u32)> = placed.collect();
        placed.sort_unstable();
        let mut places = Self {
            numbers: vec![0; terms],
            ..Self::default()
        };
        let mut first = 0u32;
        for of_term in placed.chunk_by(|a, b| a.0 == b.0) {
            // A text has at most some ten thousand tokens.
            let end = first + u32::try_from(of_term.len()).unwrap_or(0);
            places.put(of_term[0].0, first, end);
            first = end;
        }
        for &term in beside {
            if places.known(term).is_none() {
                places.put(term, 0, 0);
            }
        }
        places.tokens = placed.into_iter().map(|p| p.1).collect();
        let sentences = places.tokens.iter().map(|&at| sentence_of[at as usize]);
        places.sentences = sentences.collect();
        places
    }

    fn put(&mut self, term: TermId, first: u32, end: u32) {
        if let Ok(number) = u16::try_from(self.known.len() + 1) {
            self.numbers[term as usize] = number;
            self.known.push(Known {
                term,
                first,
                end,
                idf: 0.0,
                weight: 0.0,
            });
        }
    }

    /// All terms with how many tokens they are.
    pub(crate) fn terms(&self) -> impl Iterator<Item = (TermId, u32)> + '_ {
        self.known.iter().map(|known| (known.term, known.end - known.first))
    }

    fn known(&self, term: TermId) -> Option<&Known> {
        self.number(term).map(|number| &self.known[number])
    }

    /// Those of a target's terms that the text has: one more than their number, and their weight in the target.
    fn shared<'a>(&self, body: &[(TermId, f32)], room: &'a mut Vec<(u16, f32)>) -> &'a [(u16, f32)] {
        room.clear();
        room.resize(body.len() + 1, (0, 0.0));
        let mut count = 0;
        // Written in any case and kept by counting: whether a text has a term is what no processor can guess.
        for &(term, weight) in body {
            let number = self.numbers[term as usize];
            room[count] = (number, weight);
            count += usize::from(number != 0);
        }
        &room[..count]
    }

    /// The number of a term that the text has.
    pub(crate) fn number(&self, term: TermId) -> Option<usize> {
        usize::from(self.numbers[term as usize]).checked_sub(1)
    }

    /// How much the term with this number tells.
    pub(crate) fn idf(&self, number: usize) -> f32 {
        self.known[number].idf
    }

    /// Notes what a term tells and weighs; no effect on those that the text does not have.
    pub(crate) fn weigh(&mut self, term: TermId, idf: f32, weight: f32) {
        if let Some(number) = self.number(term) {
            let known = &mut self.known[number];
            (known.idf, known.weight) = (idf, weight);
        }
    }

    /// The tokens that are this term, in order.
    pub(crate) fn of(&self, term: TermId) -> &[u32] {
        let range = self
            .known(term)
            .map_or(0..0, |known| known.first as usize..known.end as usize);
        &self.tokens[range]
    }

    /// Whether a token is this term.
    pub(crate) fn has(&self, term: TermId) -> bool {
        self.known(term).is_some_and(|known| known.first < known.end)
    }
}

/// Room that one comparison with a text leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// What each sentence of the text shares with a target.
    sentences: Vec<f32>,
    shared: Vec<(u16, f32)>,
    hits: Vec<Hit>,
}

/// Where a text has one of some words: the token, its sentence, which of the words it is, and how much that tells.
pub(crate) type Hit = (usize, u32, usize, f32);

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
        slot: u32,
        target: &Entry,
        similar: &FxHashMap<u32, f32>,
        scratch: &mut Scratch,
    ) -> Found {
        let mut found = Found::default();
        self.compare_texts(source, slot, target, scratch, &mut found);
        self.mention(source, target, scratch, &mut found);
        self.anchors(source, target, similar, scratch, &mut found);
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

    fn compare_texts(&self, source: &Source<'_>, slot: u32, target: &Entry, scratch: &mut Scratch, found: &mut Found) {
        let mut dot = 0.0f32;
        let sentences = &mut scratch.sentences;
        sentences.clear();
        sentences.resize(source.lengths.len().max(1), 0.0);
        for &(number, weight) in source.places.shared(&target.body, &mut scratch.shared) {
            let known = &source.places.known[usize::from(number) - 1];
            let weight = weight * known.idf;
            dot += weight * known.weight;
            let share = known.idf * weight;
            for &sentence in &source.places.sentences[known.first as usize..known.end as usize] {
                sentences[sentence as usize] += share;
            }
        }
        let norm = self.length(source, slot, target);
        found.evidence.text = dot / (norm * source.length.max(f32::MIN_POSITIVE));
        for (index, (length, dot)) in source.lengths.iter().zip(sentences).enumerate() {
            let cosine = *dot / (norm * length);
            if cosine > found.evidence.passage {
                found.evidence.passage = cosine;
                found.sentence = index;
            }
        }
    }

    /// The length of a target's vector.
    pub(super) fn length(&self, source: &Source<'_>, slot: u32, target: &Entry) -> f32 {
        self.lengths.of(slot, || {
            let weights = target.body.iter();
            let squares = weights.map(|&(term, weight)| (weight * source.idf.of(self.bodies.logarithm(term))).powi(2));
            squares.sum::<f32>().sqrt().max(f32::MIN_POSITIVE)
        })
    }

    fn mention(&self, source: &Source<'_>, target: &Entry, scratch: &mut Scratch, found: &mut Found) {
        let hits = &mut scratch.hits;
        hits.clear();
        let (mut total, mut shared) = (0.0f32, 0.0f32);
        for (index, &(_, term, weight)) in target.labels.iter().enumerate() {
            let weight = weight * source.idf.of(self.bodies.logarithm(term));
            total += weight;
            if source.places.has(term) {
                shared += weight;
                source.add_hits(hits, index, term, weight);
            }
        }
        if hits.is_empty() {
            return;
        }
        hits.sort_unstable_by_key(|h| (h.0, h.2));
        let mention = window::best(hits, MENTION);
        let total = total.max(f32::MIN_POSITIVE);
        found.evidence.mention = mention.weight / 2.0;
        found.evidence.coverage = mention.weight / total;
        found.evidence.shared = shared / total;
    }

    fn anchors(
        &self,
        source: &Source<'_>,
        target: &Entry,
        similar: &FxHashMap<u32, f32>,
        scratch: &mut Scratch,
        found: &mut Found,
    ) {
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
            source.hits(&words, &mut scratch.hits);
            if scratch.hits.is_empty() {
                continue;
            }
            let total: f32 = words.iter().map(|w| w.1).sum();
            let window = window::best(&scratch.hits, words.len() + 2);
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

    /// How much the words tell that a page's text shares with the source, by their numbers there ([`Places::number`]).
    pub(crate) fn bodies_of(&self, target: &Entry, source: &Source<'_>) -> Vec<f32> {
        let mut out = vec![0.0; source.places.known.len()];
        for &(term, weight) in &target.body {
            if let Some(number) = source.places.number(term).filter(|_| source.places.has(term)) {
                out[number] = weight * source.places.idf(number);
            }
        }
        out
    }

    fn titles(&self, source: &Source<'_>, target: &Entry) -> f32 {
        let idf = |term: TermId| source.idf.of(self.bodies.logarithm(term));
        let shared = source.title.iter().filter(|t| target.title_terms.contains(t));
        let both: f32 = shared.map(|&t| idf(t).powi(2)).sum();
        if both == 0.0 {
            return 0.0;
        }
        let square: f32 = target.title_terms.iter().map(|&t| idf(t).powi(2)).sum();
        both / (source.title_square * square).sqrt().max(0.01)
    }
}

impl Source<'_> {
    /// Where these words are, for [`window::best`], instead of what `hits` holds.
    pub(crate) fn hits(&self, words: &[(TermId, f32)], hits: &mut Vec<Hit>) {
        hits.clear();
        for (index, &(term, weight)) in words.iter().enumerate() {
            self.add_hits(hits, index, term, weight);
        }
        hits.sort_unstable_by_key(|h| (h.0, h.2));
    }

    fn add_hits(&self, hits: &mut Vec<Hit>, index: usize, term: TermId, weight: f32) {
        let places = self.places.of(term).iter();
        hits.extend(places.map(|&at| (at as usize, self.sentence_of[at as usize], index, weight)));
    }
}
