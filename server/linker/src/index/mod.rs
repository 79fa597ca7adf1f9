//! What every page is about, so that for one page the others can be ranked by how well a link to them would fit.
//!
//! Each page is kept as the stems of its text (TF-IDF, Salton & Buckley 1988), as labels (title, slug, keywords, anchor
//! terms), and with the links that are known already. Replacing a page costs what its own words cost.

mod anchor;
pub(crate) mod dictionary;
pub(crate) mod evidence;
mod lengths;
pub(crate) mod rank;
pub(crate) mod uses;
pub(crate) mod window;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::{Kind, Reading};
use crate::page::{Page, Role};
use crate::rules::{self, Refusal};
use crate::terms::Analyzer;
use dictionary::{Dictionary, Idf, TermId};
use lengths::Lengths;
use uses::{AnchorKey, Both, Uses};

pub use anchor::{AnchorEvidence, AnchorTarget};
pub use evidence::Evidence;
pub use rank::{Candidate, Scope};

/// A link that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLink {
    /// The page it leads to.
    pub target: String,
    /// Its text.
    pub anchor: String,
}

/// Terms of a page's text and its headings, at most; what is behind them is not searched.
const MOST_TERMS: usize = 4_000;
const MOST_LABEL_TERMS: usize = 64;
const MOST_PHRASES: usize = 32;
const MOST_PHRASE_TERMS: usize = 12;
/// Known links of a page that are remembered.
const MOST_LINKS: usize = 1_000;

/// Uses of a title's and a heading's word that one use counts as.
const TITLE_USES: f32 = 3.0;
const HEADING_USES: f32 = 1.0;

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) language: String,
    pub(crate) published: bool,
    pub(crate) day: Option<i64>,
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) topic: Option<String>,
    pub(crate) role: Option<Role>,
    /// By term, so that sums do not depend on the order pages came in.
    body: Vec<(TermId, f32)>,
    /// Number in `labels`, number in `bodies`, weight.
    labels: Vec<(TermId, TermId, f32)>,
    title_terms: Vec<TermId>,
    /// What it is called: keywords, anchor terms, title, slug.
    pub(crate) phrases: Vec<Vec<u64>>,
    links: Vec<Outgoing>,
}

/// A link in a page's text.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) target: String,
    /// Of its anchor.
    terms: Vec<u64>,
    key: Option<AnchorKey>,
}

/// What a page's sums are divided by so that long ones do not win by their length.
#[derive(Debug, Default, Clone, Copy)]
struct Sizes {
    body: f32,
    labels: f32,
}

/// The pages of a site by what they are about.
#[derive(Debug, Default, Clone)]
pub struct Index {
    slots: Vec<Option<Entry>>,
    /// Of each slot, apart from the rest of its page, since all of them are looked at for every text.
    sizes: Vec<Sizes>,
    lengths: Lengths,
    free: Vec<u32>,
    by_id: FxHashMap<String, u32>,
    bodies: Dictionary,
    labels: Dictionary,
    /// Target, then source: anchors, as terms, of the links between them.
    inbound: FxHashMap<String, FxHashMap<u32, Vec<Vec<u64>>>>,
    uses: Uses,
    /// By the key of what a page is called: pages.
    names: FxHashMap<u64, Vec<u32>>,
    /// Pages that are ways to others and no targets.
    archives: FxHashSet<String>,
    languages: FxHashMap<String, usize>,
    /// The pages of a topic.
    topics: FxHashMap<String, Vec<u32>>,
}

impl Index {
    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether a page is there.
    pub fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Takes a page in, or what has changed of it. `reading` is its body. Its links come with [`Index::set_links`].
    pub fn replace(&mut self, page: &Page, reading: &Reading) {
        self.remove(&page.id);
        let mut analyzer = Analyzer::new(&page.language);
        let (bodies, labels) = weights(page, reading, &mut analyzer);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.sizes.push(Sizes::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let body: Vec<(TermId, f32)> = bodies
            .iter()
            .map(|&(term, weight)| (self.bodies.insert(term, slot, weight), weight))
            .collect();
        let labels: Vec<(TermId, TermId, f32)> = labels
            .iter()
            .filter_map(|&(term, weight)| {
                let body = self.bodies.id(term)?;
                Some((self.labels.insert(term, slot, weight), body, weight))
            })
            .collect();
        let title_terms = analyzer
            .content(&page.title)
            .into_iter()
            .filter_map(|term| self.bodies.id(term))
            .take(MOST_LABEL_TERMS)
            .collect();
        let language = page.primary_language();
        *self.languages.entry(language.clone()).or_default() += 1;
        if let Some(topic) = page.topic() {
            self.topics.entry(topic.to_owned()).or_default().push(slot);
        }
        let phrases = phrases(page, &mut analyzer);
        for phrase in &phrases {
            let named = self.names.entry(rules::key_of(phrase.clone())).or_default();
            if !named.contains(&slot) {
                named.push(slot);
            }
        }
        self.by_id.insert(page.id.clone(), slot);
        self.sizes[slot as usize] = Sizes {
            body: (20.0 + body.len() as f32).sqrt(),
            labels: (2.0 + labels.len() as f32).sqrt(),
        };
        self.lengths.forget(self.slots.len());
        self.slots[slot as usize] = Some(Entry {
            id: page.id.clone(),
            language,
            published: page.published,
            day: page.day,
            path: page.path.clone(),
            title: page.title.clone(),
            topic: page.topic().map(str::to_owned),
            role: page.role,
            body,
            labels,
            title_terms,
            phrases,
            links: Vec::new(),
        });
    }

    /// Tells which links to other pages a page has in its text, instead of those it was said to have before.
    pub fn set_links(&mut self, id: &str, links: &[KnownLink]) {
        let Some(slot) = self.slot(id) else {
            return;
        };
        self.forget_links(slot);
        let Some(entry) = self.slots[slot as usize].as_mut() else {
            return;
        };
        let mut analyzer = Analyzer::new(&entry.language);
        let links = links.iter().filter(|link| link.target != id).take(MOST_LINKS);
        entry.links = links
            .map(|link| {
                let mut terms = analyzer.content(&link.anchor);
                terms.truncate(MOST_PHRASE_TERMS);
                Outgoing {
                    target: link.target.clone(),
                    terms,
                    key: AnchorKey::new(&link.anchor, &mut analyzer),
                }
            })
            .collect();
        for link in &entry.links {
            let sources = self.inbound.entry(link.target.clone()).or_default();
            sources.entry(slot).or_default().push(link.terms.clone());
            if let Some(key) = link.key {
                self.uses.add(&link.target, key);
            }
        }
    }

    fn forget_links(&mut self, slot: u32) {
        let Some(entry) = self.slots[slot as usize].as_mut() else {
            return;
        };
        for link in std::mem::take(&mut entry.links) {
            if let Some(key) = link.key {
                self.uses.remove(&link.target, key);
            }
            if let Some(sources) = self.inbound.get_mut(&link.target) {
                sources.remove(&slot);
                if sources.is_empty() {
                    self.inbound.remove(&link.target);
                }
            }
        }
    }

    /// Forgets a page; links to it from others stay known, for when it comes back.
    pub fn remove(&mut self, id: &str) {
        self.archives.remove(id);
        let Some(slot) = self.by_id.remove(id) else {
            return;
        };
        self.forget_links(slot);
        let Some(entry) = self.slots[slot as usize].take() else {
            return;
        };
        for &(term, _) in &entry.body {
            self.bodies.remove(term, slot);
        }
        for &(term, _, _) in &entry.labels {
            self.labels.remove(term, slot);
        }
        for phrase in &entry.phrases {
            let key = rules::key_of(phrase.clone());
            if let Some(named) = self.names.get_mut(&key) {
                named.retain(|&other| other != slot);
                if named.is_empty() {
                    self.names.remove(&key);
                }
            }
        }
        if let Some(count) = self.languages.get_mut(&entry.language) {
            *count -= 1;
            if *count == 0 {
                self.languages.remove(&entry.language);
            }
        }
        if let Some(topic) = &entry.topic
            && let Some(members) = self.topics.get_mut(topic)
        {
            members.retain(|&member| member != slot);
            if members.is_empty() {
                self.topics.remove(topic);
            }
        }
        self.free.push(slot);
        self.lengths.forget(self.slots.len());
    }

    /// Tells that a page is an archive: it is no target, but anchors that lead to it are taken.
    pub(crate) fn set_archive(&mut self, id: &str) {
        self.remove(id);
        self.archives.insert(id.to_owned());
    }

    /// Whether a further link to `target` may have this anchor: it leads nowhere else, neither now nor by what is `planned`, and
    /// the anchors of the links to the page stay a mix.
    pub(crate) fn anchor_fits(&self, target: &str, key: AnchorKey, planned: &Uses) -> Result<(), Refusal> {
        let there = |id: &str| self.by_id.contains_key(id) || self.archives.contains(id);
        if self.uses.elsewhere(key, target).any(there) || planned.elsewhere(key, target).next().is_some() {
            return Err(Refusal::Competing);
        }
        self.mix(planned, target).stays_mixed(key.stems)
    }

    /// The anchors of the links to a page.
    pub(crate) fn mix<'a>(&'a self, planned: &'a Uses, target: &str) -> Both<'a> {
        self.uses.mix(planned, target)
    }

    /// Whether an anchor is what another page is called, and not what `target` is.
    pub(crate) fn names_another(&self, target: u32, stems: u64) -> bool {
        let named = self.names.get(&stems).map_or(&[][..], Vec::as_slice);
        !named.contains(&target) && named.iter().any(|&slot| self.entry(slot).is_some_and(|e| e.published))
    }

    pub(crate) fn entry(&self, slot: u32) -> Option<&Entry> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn slot(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// The pages of a topic.
    pub(crate) fn topic(&self, topic: &str) -> &[u32] {
        self.topics.get(topic).map_or(&[], Vec::as_slice)
    }

    fn idf(&self, language: &str) -> Idf {
        Idf::new(self.languages.get(language).copied().unwrap_or(0))
    }
}

/// A page's terms with their weights, and those of its labels, both by term.
#[expect(clippy::type_complexity, reason = "a pair of lists")]
fn weights(page: &Page, reading: &Reading, analyzer: &mut Analyzer) -> (Vec<(u64, f32)>, Vec<(u64, f32)>) {
    let mut uses: FxHashMap<u64, f32> = FxHashMap::default();
    let mut labels: FxHashMap<u64, f32> = FxHashMap::default();
    let named = [(page.title.as_str(), 1.0), (page.slug.as_str(), 0.6)]
        .into_iter()
        .chain(page.primary_keyword.as_deref().map(|k| (k, 1.0)))
        .chain(page.anchor_terms.iter().take(MOST_PHRASES).map(|t| (t.as_str(), 1.0)))
        .chain(
            page.secondary_keywords
                .iter()
                .take(MOST_PHRASES)
                .map(|k| (k.as_str(), 0.7)),
        );
    for (text, weight) in named {
        for term in analyzer.content(text) {
            let new = labels.len() < MOST_LABEL_TERMS;
            match labels.get_mut(&term) {
                Some(known) => *known = known.max(weight),
                None if new => {
                    labels.insert(term, weight);
                    *uses.entry(term).or_default() += TITLE_USES;
                }
                None => {}
            }
        }
    }
    for block in &reading.blocks {
        let extra = if block.kind == Kind::Heading { HEADING_USES } else { 0.0 };
        for token in analyzer.tokens(&block.text) {
            if token.stop {
                continue;
            }
            if let Some(count) = uses.get_mut(&token.term) {
                *count += 1.0 + extra;
            } else if uses.len() < MOST_TERMS {
                uses.insert(token.term, 1.0 + extra);
            }
        }
        if uses.len() >= MOST_TERMS {
            break;
        }
    }
    let mut bodies: Vec<(u64, f32)> = uses.into_iter().map(|(t, n)| (t, 1.0 + n.ln())).collect();
    let mut labels: Vec<(u64, f32)> = labels.into_iter().collect();
    bodies.sort_unstable_by_key(|b| b.0);
    labels.sort_unstable_by_key(|l| l.0);
    (bodies, labels)
}

fn phrases(page: &Page, analyzer: &mut Analyzer) -> Vec<Vec<u64>> {
    let slug = page.slug.replace(['-', '_'], " ");
    let texts = page
        .anchor_terms
        .iter()
        .chain(page.primary_keyword.as_ref())
        .chain(&page.secondary_keywords)
        .map(String::as_str)
        .take(MOST_PHRASES)
        .chain([page.title.as_str(), slug.as_str()]);
    let mut out: Vec<Vec<u64>> = Vec::new();
    for text in texts {
        let mut terms: Vec<u64> = Vec::new();
        for term in analyzer.content(text).into_iter().take(MOST_PHRASE_TERMS) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        if !terms.is_empty() && !out.contains(&terms) {
            out.push(terms);
        }
    }
    out
}
