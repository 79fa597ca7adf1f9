//! Rendering again only what changed, and coming to the same files as a render of everything.
//!
//! A [`Memo`] remembers of every file which facts its making read ([`trace`]) and a digest of what they were. The next render
//! states all facts anew ([`facts`]), which takes a few microseconds for each page, and makes only those files again of whose
//! facts one is different. What was found on a page (diagnostics, links, places) is remembered with its file. A change of what
//! every page depends on (settings, theme) makes the memo worthless, and it starts over.

pub(crate) mod facts;
pub(crate) mod trace;

use std::sync::{Arc, Weak};

use crate::diagnostic::Diagnostic;
use crate::output::MadeFile;
use crate::plan::{Plan, PlannedPage};
use crate::prepare::Card;
use crate::related::Related;
use crate::site::Page;
use facts::{ByKey, Facts, digest_of};
use trace::Fact;

/// What a render remembers for the next render of the same site. Keep one for each site; it takes two or three kilobytes
/// for each page.
#[derive(Default)]
pub struct Memo {
    /// Digest of what everything depends on.
    frame: u64,
    pages: ByKey<PageMemo>,
    /// Digest of what decides which pages are related.
    kinship: u64,
    files: ByKey<Arc<JobMemo>>,
}

impl Memo {
    /// Pages that are remembered, which tells how much memory it takes.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo")
            .field("pages", &self.pages.len())
            .field("jobs", &self.files.len())
            .finish_non_exhaustive()
    }
}

struct PageMemo {
    page: Weak<Page>,
    stamp: u64,
    card: CardMemo,
    /// Digest of the pages related to it.
    related: u64,
}

/// A card with what it follows from.
#[derive(Clone)]
pub(crate) struct CardMemo {
    pub card: Arc<Card>,
    pub findings: Arc<[Diagnostic]>,
    reads: Arc<[u64]>,
    seen: u64,
}

/// What a job left behind, and what that follows from.
pub(crate) struct JobMemo {
    reads: Box<[u64]>,
    seen: u64,
    pub left: Left,
}

/// Files of a job, and what was found while they were made.
#[derive(Default)]
pub(crate) struct Left {
    pub files: Vec<MadeFile>,
    pub pages: usize,
    pub findings: Vec<Diagnostic>,
    pub anchors: Option<Vec<u64>>,
    /// Addresses of pages that texts link to.
    pub links: Vec<String>,
    pub fragments: Vec<(String, String, String)>,
}

/// A render that remembers: the memo of the one before and the facts of this one.
pub(crate) struct Remembering<'m> {
    memo: &'m Memo,
    frame: u64,
    stamps: Vec<u64>,
    facts: Facts,
    kinship: u64,
    related: Vec<u64>,
}

static NOTHING: std::sync::LazyLock<Memo> = std::sync::LazyLock::new(Memo::default);

impl<'m> Remembering<'m> {
    /// `frame` is the digest of what everything depends on.
    pub fn new(memo: &'m Memo, plan: &Plan<'_>, frame: u64) -> Self {
        let memo = if memo.frame == frame { memo } else { &NOTHING };
        let stamps = facts::stamps(plan, |planned| {
            let kept = memo.pages.get(&planned.identity)?;
            planned.page.is_of(&kept.page).then_some(kept.stamp)
        });
        let facts = Facts::of(plan, &stamps);
        Self {
            memo,
            frame,
            stamps,
            facts,
            kinship: 0,
            related: Vec::new(),
        }
    }

    /// The card of a page: the one made before if it would be the same.
    pub fn card(&self, planned: &PlannedPage<'_>, make: impl FnOnce() -> (Card, Vec<Diagnostic>)) -> CardMemo {
        if let Some(kept) = self.memo.pages.get(&planned.identity).map(|page| &page.card)
            && self.facts.seen(&kept.reads) == kept.seen
        {
            return kept.clone();
        }
        let ((card, findings), reads) = trace::watch(make);
        CardMemo {
            card: Arc::new(card),
            findings: findings.into(),
            seen: self.facts.seen(&reads),
            reads: reads.into(),
        }
    }

    /// States the facts about cards.
    pub fn cards(&mut self, plan: &Plan<'_>, cards: &[CardMemo]) {
        for (planned, card) in plan.pages.rows().iter().zip(cards) {
            let terms: Vec<u64> = planned
                .terms
                .iter()
                .map(|&t| self.facts.get(Fact::TermLink, plan.terms.rows()[t].listing.identity))
                .collect();
            let section = planned
                .section
                .map(|(s, _)| self.facts.get(Fact::Section, plan.sections.rows()[s].listing.identity));
            let page = self.facts.get(Fact::Page, planned.identity);
            self.facts
                .set(Fact::Card, planned.identity, &(page, card.seen, terms, section));
        }
        self.facts.all_pages(plan);
    }

    /// States what a template sees of the site: `values` are digests of what it looks at.
    pub fn frame(&mut self, language: usize, template: &str, values: &[u64]) {
        self.facts.set(Fact::Frame, frame_identity(language, template), &values);
    }

    /// States which pages are related, looking for them only if what decides it is different.
    pub fn related(&mut self, plan: &Plan<'_>, related: &Related, most: usize) {
        let pages = plan.pages.rows();
        let mut kin = Vec::with_capacity(pages.len());
        for planned in pages {
            let cluster = planned.page.cluster.as_ref().map(|c| c.id.as_str());
            let terms: Vec<u64> = planned
                .terms
                .iter()
                .map(|&t| plan.terms.rows()[t].listing.identity)
                .collect();
            let keywords: Vec<&str> = crate::related::keywords(planned.page).collect();
            kin.push(trace::identity(&(
                (planned.identity, planned.language, planned.page.kind),
                (planned.date(), planned.of_term, plan.newest[kin.len()]),
                (cluster, terms, keywords),
            )));
        }
        let terms = plan.terms.rows().iter();
        let lists: Vec<u64> = terms.map(|t| self.facts.get(Fact::Items, t.listing.identity)).collect();
        self.kinship = trace::identity(&(kin, lists));
        if self.kinship == self.memo.kinship {
            self.related = pages
                .iter()
                .map(|p| self.memo.pages.get(&p.identity).map_or(0, |kept| kept.related))
                .collect();
        } else {
            use rayon::prelude::*;
            self.related = (0..pages.len())
                .into_par_iter()
                .map(|i| {
                    let of = related.of(plan, i, most);
                    trace::identity(&of.into_iter().map(|p| pages[p].identity).collect::<Vec<_>>())
                })
                .collect();
        }
        for (planned, related) in pages.iter().zip(&self.related) {
            self.facts.set(Fact::Related, planned.identity, related);
        }
    }

    /// What the job left behind before, if it would leave the same now.
    pub fn job(&self, key: u64) -> Option<&Arc<JobMemo>> {
        let kept = self.memo.files.get(&key)?;
        (self.facts.seen(&kept.reads) == kept.seen).then_some(kept)
    }

    /// What a job leaves to the next render, with what it read.
    pub fn noted(&self, reads: Vec<u64>, left: Left) -> Arc<JobMemo> {
        Arc::new(JobMemo {
            seen: self.facts.seen(&reads),
            reads: reads.into(),
            left,
        })
    }

    /// The memo for the next render.
    pub fn into_memo(self, plan: &Plan<'_>, cards: &[CardMemo], files: Vec<(u64, Arc<JobMemo>)>) -> Memo {
        let mut pages = ByKey::with_capacity_and_hasher(cards.len(), Default::default());
        for (i, (planned, card)) in plan.pages.rows().iter().zip(cards).enumerate() {
            let page = PageMemo {
                page: planned.page.handle(),
                stamp: self.stamps[i],
                card: card.clone(),
                related: self.related.get(i).copied().unwrap_or_default(),
            };
            pages.insert(planned.identity, page);
        }
        Memo {
            frame: self.frame,
            pages,
            kinship: self.kinship,
            files: files.into_iter().collect(),
        }
    }
}

/// Names what a template sees of the site in a language.
pub(crate) fn frame_identity(language: usize, template: &str) -> u64 {
    trace::identity(&(language, template))
}

/// Digest of what every file depends on: the settings, the theme, the taxonomies' own names.
pub(crate) fn frame_of(plan: &Plan<'_>, theme: &crate::theme::Theme) -> u64 {
    let taxonomies: Vec<u64> = plan
        .site
        .taxonomies
        .iter()
        .map(|t| digest_of(&(&t.name, &t.title, t.kind, &t.path, t.per_page, t.feed)))
        .collect();
    let site = digest_of(&(plan.site.version, &plan.site.settings));
    trace::identity(&(site, taxonomies, theme.fingerprint, &plan.address.base_url))
}
