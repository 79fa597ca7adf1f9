//! The other way round: a person marks words in a text and asks what they could link to.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::dictionary::TermId;
use super::evidence::{Scratch, Source};
use super::rank::{self, Scope};
use super::{Entry, Index};
use crate::page::Page;
use crate::terms::{Analyzer, Words};

/// What speaks for a page as the target of an anchor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnchorEvidence {
    /// How telling the words are that anchor and labels share.
    pub label: f32,
    /// The share of the anchor that these words are.
    pub of_anchor: f32,
    /// The share of the labels that these words are.
    pub of_label: f32,
    /// Cosine of the anchor and the target's text.
    pub body: f32,
    /// Likeness to the nearest anchor used elsewhere for the target.
    pub anchors: f32,
    /// Cosine of the anchor's sentence and the target's text.
    pub sentence: f32,
    /// How telling the words are that sentence and labels share.
    pub sentence_label: f32,
    /// Cosine of the whole texts.
    pub text: f32,
    /// Cosine of the titles.
    pub titles: f32,
    /// Links to the target from pages with similar texts.
    pub similar_link: f32,
    /// 1 for a target that is not newer, ½ where that is unknown.
    pub earlier: f32,
    /// Near in time: 1 on the same day, a third a year apart.
    pub years: f32,
}

impl AnchorEvidence {
    /// Number of kinds.
    pub const KINDS: usize = 12;

    /// In the order they are declared.
    pub fn values(&self) -> [f32; Self::KINDS] {
        [
            self.label,
            self.of_anchor,
            self.of_label,
            self.body,
            self.anchors,
            self.sentence,
            self.sentence_label,
            self.text,
            self.titles,
            self.similar_link,
            self.earlier,
            self.years,
        ]
    }
}

/// Weights of [`AnchorEvidence`], in its order. Found as [`rank::WEIGHTS`] were.
const WEIGHTS: [f32; AnchorEvidence::KINDS] = [1.0, 2.7, 2.1, 4.0, 3.7, 6.5, 4.0, 6.8, 1.5, 1.2, 3.3, 2.0];

/// A page that an anchor could lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnchorTarget {
    /// The page's id.
    pub target: String,
    /// The higher the better; comparable for one anchor.
    pub score: f32,
    /// What speaks for it.
    pub evidence: AnchorEvidence,
}

impl Index {
    /// The pages that `anchor`, words of the page's body, could link to, the best first, at most `limit`.
    pub fn targets_of(&self, page: &Page, anchor: &str, scope: Scope, limit: usize) -> Vec<AnchorTarget> {
        let reading = crate::body::read(&page.body, page.format);
        let mut analyzer = Analyzer::new(&page.language);
        let words = Words::new(&reading, &mut analyzer);
        let source = self.source(page, &words, &mut analyzer);
        let anchor: Vec<u64> = analyzer.content(anchor).into_iter().take(24).collect();
        let sentence = sentence_with(&words, &anchor);
        let ids = |terms: &[u64]| -> Vec<(TermId, f32)> {
            let different: FxHashSet<TermId> = terms.iter().filter_map(|&t| self.bodies.id(t)).collect();
            let mut ids: Vec<(TermId, f32)> = different
                .into_iter()
                .map(|id| (id, source.idf.of(self.bodies.logarithm(id))))
                .collect();
            ids.sort_unstable_by_key(|i| self.bodies.term(i.0));
            ids
        };
        let anchor_ids = ids(&anchor);
        let sentence_ids = ids(&sentence);
        // Words that no page has count as much as the rarest.
        let unknown = anchor.iter().filter(|&&t| self.bodies.id(t).is_none()).count();
        let wanted: Vec<u32> = self.pages_with(&anchor_ids);
        let mut scratch = Scratch::default();
        let similar = self.first_look(&source);
        let mut slots = self.candidates(&source, &similar);
        slots.extend(wanted);
        slots.sort_unstable();
        slots.dedup();
        let similar: FxHashMap<u32, f32> = similar.into_iter().collect();
        let question = Question {
            anchor: anchor_ids,
            terms: anchor,
            unknown: unknown as f32,
            sentence: sentence_ids,
        };
        let mut out: Vec<AnchorTarget> = slots
            .into_iter()
            .filter_map(|slot| {
                let entry = self.entry(slot).filter(|e| rank::allowed(&source, scope, slot, e))?;
                let evidence = self.anchor_evidence(&question, &source, slot, entry, &similar, &mut scratch);
                Some(AnchorTarget {
                    target: entry.id.clone(),
                    score: evidence.values().iter().zip(WEIGHTS).map(|(v, w)| v * w).sum(),
                    evidence,
                })
            })
            .collect();
        out.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.target.cmp(&b.target)));
        out.truncate(limit);
        out
    }

    /// Pages that say these words, those that say the most telling of them most often first.
    pub(super) fn pages_with(&self, words: &[(TermId, f32)]) -> Vec<u32> {
        let mut sums: FxHashMap<u32, f32> = FxHashMap::default();
        for &(term, idf) in words {
            let postings = self.bodies.postings(term);
            if postings.len() > self.len() / 4 + 20 {
                continue;
            }
            for &(slot, weight) in postings {
                *sums.entry(slot).or_default() += weight * idf * idf;
            }
        }
        let mut found: Vec<(u32, f32)> = sums.into_iter().collect();
        self.keep_best(&mut found, rank::FIRST_LOOK);
        found.into_iter().map(|f| f.0).collect()
    }

    fn anchor_evidence(
        &self,
        question: &Question,
        source: &Source<'_>,
        slot: u32,
        target: &Entry,
        similar: &FxHashMap<u32, f32>,
        scratch: &mut Scratch,
    ) -> AnchorEvidence {
        let whole = self.evidence(source, slot, target, similar, scratch).evidence;
        let mut out = AnchorEvidence {
            text: whole.text,
            titles: whole.titles,
            similar_link: whole.similar_link,
            earlier: whole.earlier,
            years: whole.years,
            ..AnchorEvidence::default()
        };
        let labels: FxHashMap<TermId, f32> = target.labels.iter().map(|&(_, term, weight)| (term, weight)).collect();
        let all: f32 = labels
            .iter()
            .map(|(&t, w)| w * source.idf.of(self.bodies.logarithm(t)))
            .sum();
        let matched =
            |words: &[(TermId, f32)]| -> f32 { words.iter().filter_map(|(t, idf)| Some(labels.get(t)? * idf)).sum() };
        let of = |words: &[(TermId, f32)]| words.iter().map(|w| w.1).sum::<f32>();
        let label = matched(&question.anchor);
        out.label = label / 2.0;
        out.of_anchor = label / (of(&question.anchor) + question.unknown).max(0.1);
        out.of_label = label / all.max(0.1);
        out.sentence_label = matched(&question.sentence) / 2.0;
        let norm = self.length(source, slot, target);
        let cosine = |words: &[(TermId, f32)], extra: f32| -> f32 {
            let own = (words.iter().map(|w| w.1 * w.1).sum::<f32>() + extra).sqrt().max(0.1);
            let dot: f32 = words
                .iter()
                .map(|&(term, idf)| idf * idf * self.bodies.weight(term, slot))
                .sum();
            dot / (norm * own)
        };
        out.body = cosine(&question.anchor, question.unknown);
        out.sentence = cosine(&question.sentence, 0.0);
        out.anchors = self.nearest_anchor(question, source, target);
        out
    }

    fn nearest_anchor(&self, question: &Question, source: &Source<'_>, target: &Entry) -> f32 {
        let Some(sources) = self.inbound.get(&target.id) else {
            return 0.0;
        };
        let weight = |term: u64| {
            self.bodies
                .id(term)
                .map_or(1.0, |id| source.idf.of(self.bodies.logarithm(id)))
        };
        let own: f32 = question.terms.iter().map(|&t| weight(t)).sum();
        let mut best = 0.0f32;
        let anchors = sources.iter().filter(|(from, _)| source.slot != Some(**from));
        for anchor in anchors.flat_map(|(_, anchors)| anchors).take(200) {
            let its: f32 = anchor.iter().map(|&t| weight(t)).sum();
            let both: f32 = anchor
                .iter()
                .filter(|t| question.terms.contains(t))
                .map(|&t| weight(t))
                .sum();
            best = best.max(both / (own + its - both).max(0.1) * (both / (both + 0.2)));
        }
        best
    }
}

struct Question {
    anchor: Vec<(TermId, f32)>,
    terms: Vec<u64>,
    /// Words of the anchor that no page has.
    unknown: f32,
    sentence: Vec<(TermId, f32)>,
}

/// The content words of the first sentence that says all of these, in their order.
fn sentence_with(words: &Words, anchor: &[u64]) -> Vec<u64> {
    words
        .sentences
        .iter()
        .map(|s| -> Vec<u64> {
            words.tokens[s.tokens.clone()]
                .iter()
                .filter(|t| !t.stop)
                .map(|t| t.term)
                .collect()
        })
        .find(|terms| !anchor.is_empty() && terms.windows(anchor.len()).any(|w| w == anchor))
        .unwrap_or_default()
}
