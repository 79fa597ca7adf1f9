//! Rendering again only what changed, and coming to the same files as a render of everything.
//!
//! A [`Memo`] remembers all facts of a render ([`facts`]), and of every file which of them its making read ([`trace`]). The next render
//! states the facts anew, which takes about a microsecond for each page, and makes only those files again of whose facts one is
//! different. What was found on a page (diagnostics, links, places) is remembered with its file. A change of what
//! every page depends on (settings, theme) makes the memo worthless, and it starts over.

pub(crate) mod facts;
pub(crate) mod trace;

use std::sync::{Arc, Weak};

use crate::diagnostic::Diagnostic;
use crate::output::MadeFile;
use crate::plan::{Plan, PlannedPage};
use crate::prepare::Card;
use crate::related::Kinship;
use crate::share_image::ShareImage;
use crate::site::Page;
use facts::{ByKey, Facts, Stamp, digest_of};
use trace::Fact;

/// What a render remembers for the next render of the same site. Keep one for each site; it takes two or three kilobytes
/// for each page.
#[derive(Default)]
pub struct Memo {
    /// Digest of what everything depends on.
    frame: u64,
    facts: Facts,
    pages: ByKey<PageMemo>,
    kinship: Arc<Kinship>,
    files: ByKey<Arc<JobMemo>>,
    /// Words of texts, for search.
    pub(crate) sums: Arc<crate::search::Sums>,
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
    stamp: Stamp,
    card: CardMemo,
    share: Option<ShareMemo>,
    /// What is wrong with its texts.
    texts: Vec<Diagnostic>,
}

/// A page's share image, with a digest of the words on it.
#[derive(Clone)]
pub(crate) struct ShareMemo {
    pub words: u64,
    pub image: Arc<ShareImage>,
}

/// A card with what it follows from.
#[derive(Clone)]
pub(crate) struct CardMemo {
    pub card: Arc<Card>,
    pub findings: Arc<[Diagnostic]>,
    /// Digest of the card.
    digest: u64,
    reads: Arc<[u64]>,
}

/// What a job left behind, and which facts that follows from.
pub(crate) struct JobMemo {
    reads: Box<[u64]>,
    pub left: Left,
}

/// Files of a job, and what was found while they were made.
#[derive(Default)]
pub(crate) struct Left {
    pub files: Vec<MadeFile>,
    pub pages: usize,
    pub findings: Vec<Diagnostic>,
    /// Hashes of the ids on the page.
    pub anchors: Option<Vec<u64>>,
    /// Identities of pages that texts link to.
    pub links: Vec<u64>,
    /// Links to a place on a page: from, to, fragment.
    pub fragments: Vec<(String, String, String)>,
}

/// A render that remembers: the memo of the one before and the facts of this one.
pub(crate) struct Remembering {
    before: Memo,
    /// A memo that is of no use for this render, in case it is ended early.
    aside: Option<Memo>,
    frame: u64,
    stamps: Vec<Stamp>,
    facts: Facts,
    kinship: Arc<Kinship>,
}

impl Remembering {
    /// `frame` is the digest of what everything depends on.
    pub fn new(memo: Memo, plan: &Plan<'_>, frame: u64) -> Self {
        let (mut before, aside) = if memo.frame == frame {
            (memo, None)
        } else {
            (Memo::default(), Some(memo))
        };
        let stamps = facts::stamps(plan, |planned| {
            let kept = before.pages.get(&planned.identity)?;
            planned.page.is_of(&kept.page).then_some(kept.stamp)
        });
        let mut facts = std::mem::take(&mut before.facts);
        facts.begin();
        facts.plan(plan, &stamps);
        Self {
            before,
            aside,
            frame,
            stamps,
            facts,
            kinship: Arc::default(),
        }
    }

    /// The card of a page: the one made before if it would be the same.
    pub fn card(&self, planned: &PlannedPage<'_>, make: impl FnOnce() -> (Card, Vec<Diagnostic>)) -> CardMemo {
        if let Some(kept) = self.before.pages.get(&planned.identity).map(|page| &page.card)
            && self.facts.hold(&kept.reads)
        {
            return kept.clone();
        }
        let ((card, findings), reads) = trace::watch(make);
        CardMemo {
            digest: card.digest(),
            card: Arc::new(card),
            findings: findings.into(),
            reads: reads.into(),
        }
    }

    /// States the facts about cards: what they show, which is less than what there is of a page.
    pub fn cards(&mut self, plan: &Plan<'_>, cards: &[CardMemo]) {
        for ((planned, card), stamp) in plan.pages.rows().iter().zip(cards).zip(&self.stamps) {
            let mut parts: Vec<u64> = vec![stamp.shown, card.digest];
            parts.extend(
                planned
                    .terms
                    .iter()
                    .map(|&t| self.facts.get(Fact::TermLink, plan.terms.rows()[t].listing.identity)),
            );
            let section = planned.section.map(|(s, _)| plan.sections.rows()[s].listing.identity);
            let section = section.map(|of| (of, self.facts.get(Fact::Section, of)));
            let place = (planned.path.as_str(), planned.language);
            self.facts.set(Fact::Card, planned.identity, &(place, parts, section));
        }
        self.facts.all_pages(plan);
    }

    /// The share image of a page: the one from before if it says the same.
    pub fn share(&self, planned: &PlannedPage<'_>, words: u64) -> Option<ShareMemo> {
        let kept = self.before.pages.get(&planned.identity)?.share.as_ref()?;
        (kept.words == words).then(|| kept.clone())
    }

    /// What was found in the texts of the `i`th page alone, if it is as before.
    pub fn texts(&self, plan: &Plan<'_>, i: usize) -> Option<&[Diagnostic]> {
        let kept = self.before.pages.get(&plan.pages.rows()[i].identity)?;
        (kept.stamp.whole == self.stamps[i].whole).then_some(&kept.texts)
    }

    /// States what a template sees of the site: `values` are digests of what it looks at.
    pub fn frame(&mut self, language: usize, template: &str, values: &[u64]) {
        self.facts.set(Fact::Frame, frame_identity(language, template), &values);
    }

    /// Finds which pages are related, if what decides it is different, and states it.
    pub fn related(&mut self, plan: &Plan<'_>, most: usize) -> Arc<Kinship> {
        self.kinship = crate::related::find_all(plan, &self.before.kinship, most);
        let pages = plan.pages.rows();
        for (planned, related) in pages.iter().zip(&self.kinship.pages) {
            let related: Vec<u64> = related.iter().map(|&page| pages[page as usize].identity).collect();
            self.facts.set(Fact::Related, planned.identity, &related);
        }
        Arc::clone(&self.kinship)
    }

    /// To be called when all facts are stated.
    pub fn close(&mut self) {
        self.facts.close();
    }

    /// What the job left behind before, if it would leave the same now.
    pub fn job(&self, key: u64) -> Option<&Arc<JobMemo>> {
        let kept = self.before.files.get(&key)?;
        self.facts.unchanged(&kept.reads).then_some(kept)
    }

    /// The memo for the next render. `shares` and `texts` are by page, or empty where the site has none.
    pub fn into_memo(
        mut self,
        plan: &Plan<'_>,
        cards: Vec<CardMemo>,
        shares: Vec<Option<ShareMemo>>,
        texts: Vec<Vec<Diagnostic>>,
        files: impl Iterator<Item = (u64, Arc<JobMemo>)>,
    ) -> Memo {
        let mut pages = ByKey::with_capacity_and_hasher(cards.len(), Default::default());
        let (mut shares, mut texts) = (shares.into_iter(), texts.into_iter());
        for (i, (planned, card)) in plan.pages.rows().iter().zip(cards).enumerate() {
            let page = PageMemo {
                page: planned.page.handle(),
                stamp: self.stamps[i],
                card,
                share: shares.next().flatten(),
                texts: texts.next().unwrap_or_default(),
            };
            pages.insert(planned.identity, page);
        }
        self.facts.keep();
        Memo {
            sums: Arc::default(),
            frame: self.frame,
            facts: self.facts,
            pages,
            kinship: self.kinship,
            files: files.collect(),
        }
    }

    /// The memo as it was before a render that was ended early.
    pub fn into_former(mut self) -> Memo {
        if let Some(aside) = self.aside {
            return aside;
        }
        self.facts.revert();
        self.before.facts = self.facts;
        self.before
    }
}

impl JobMemo {
    /// What a job leaves to the next render, with what it read.
    pub fn new(reads: Vec<u64>, left: Left) -> Arc<Self> {
        Arc::new(Self {
            reads: reads.into(),
            left,
        })
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
