//! Rendering again only what changed, and coming to the same files as a render of everything.
//!
//! A [`Memo`] remembers all facts of a render ([`facts`]), and of every file which of them its making read ([`trace`]). The next render
//! states the facts anew, which takes about a microsecond for each page, and makes only those files again of whose facts one is
//! different. What was found on a page (diagnostics, links, places) is remembered with its file. A change of what
//! every page depends on (settings, theme) makes the memo worthless, and it starts over.

pub(crate) mod facts;
pub(crate) mod trace;

use std::sync::{Arc, Weak};

use rayon::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::output::MadeFile;
use crate::plan::{Plan, PlannedPage};
use crate::prepare::Card;
use crate::related::Kinship;
use crate::render::Kept;
use crate::share_image::ShareImage;
use crate::site::Page;
use crate::sitemap::Sitemaps;
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
    /// For a render after which only texts differ.
    pub(crate) kept: Option<Box<Kept>>,
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
    /// What is wrong with its texts, if somebody has looked.
    texts: Option<Vec<Diagnostic>>,
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
            self.facts.card(plan, planned, stamp.shown, card.digest);
        }
        self.facts.all_pages(plan);
    }

    /// States what the files of the sitemap follow from.
    pub fn sitemaps(&mut self, plan: &Plan<'_>, sitemaps: &Sitemaps) {
        for n in 0..sitemaps.len() {
            self.facts.set(Fact::Sitemap, n as u64, &sitemaps.digest(plan, n));
        }
        self.facts.set(Fact::SitemapIndex, 0, &sitemaps.modified());
    }

    /// The share image of a page: the one from before if it says the same.
    pub fn share(&self, planned: &PlannedPage<'_>, words: u64) -> Option<ShareMemo> {
        let kept = self.before.pages.get(&planned.identity)?.share.as_ref()?;
        (kept.words == words).then(|| kept.clone())
    }

    /// What was found in the texts of the `i`th page alone, if it is as before.
    pub fn texts(&self, plan: &Plan<'_>, i: usize) -> Option<&[Diagnostic]> {
        let kept = self.before.pages.get(&plan.pages.rows()[i].identity)?;
        kept.texts
            .as_deref()
            .filter(|_| kept.stamp.whole == self.stamps[i].whole)
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
        shares: &[Option<ShareMemo>],
        texts: Vec<Vec<Diagnostic>>,
        files: impl Iterator<Item = (u64, Arc<JobMemo>)>,
    ) -> Memo {
        let mut pages = ByKey::with_capacity_and_hasher(cards.len(), Default::default());
        let mut texts = texts.into_iter();
        for (i, (planned, card)) in plan.pages.rows().iter().zip(cards).enumerate() {
            let page = PageMemo {
                page: planned.page.handle(),
                stamp: self.stamps[i],
                card,
                share: shares.get(i).cloned().flatten(),
                texts: Some(texts.next().unwrap_or_default()),
            };
            pages.insert(planned.identity, page);
        }
        self.facts.keep();
        Memo {
            frame: self.frame,
            facts: self.facts,
            pages,
            kinship: self.kinship,
            files: files.collect(),
            kept: None,
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

/// A render of a site of whose pages some say something else than in the render before, and nothing is elsewhere or called otherwise: only what
/// follows from these pages is stated anew.
impl Remembering {
    /// `pages` are the places of the pages that differ in the plan, which has them already.
    pub fn further(mut memo: Memo, plan: &Plan<'_>, pages: &[usize]) -> Self {
        let mut facts = std::mem::take(&mut memo.facts);
        facts.further();
        let mut stamps = Vec::with_capacity(pages.len());
        for &page in pages {
            let planned = &plan.pages.rows()[page];
            let stamp = Stamp::of(&planned.page, 0);
            facts.page(plan, planned, stamp.whole);
            stamps.push(stamp);
        }
        Self {
            frame: memo.frame,
            kinship: Arc::clone(&memo.kinship),
            before: memo,
            aside: None,
            stamps,
            facts,
        }
    }

    /// Makes the cards that can be others now, and states what they show: places in the plan with cards. `pages` as in
    /// [`Remembering::further`].
    pub fn cards_of(
        &mut self,
        plan: &Plan<'_>,
        pages: &[usize],
        make: impl Fn(usize) -> (Card, Vec<Diagnostic>) + Sync,
    ) -> Vec<(usize, CardMemo)> {
        let rows = plan.pages.rows();
        let stale = |&i: &usize| {
            let kept = self.before.pages.get(&rows[i].identity);
            kept.is_none_or(|kept| !self.facts.unchanged(&kept.card.reads))
        };
        let stale: Vec<usize> = (0..rows.len()).filter(stale).collect();
        let mut made = Vec::with_capacity(stale.len());
        for i in stale {
            let card = self.card(&rows[i], || make(i));
            let stamp = match pages.iter().position(|&page| page == i) {
                Some(at) => Some(self.stamps[at]),
                None => self.before.pages.get(&rows[i].identity).map(|kept| kept.stamp),
            };
            if let Some(stamp) = stamp {
                self.facts.card(plan, &rows[i], stamp.shown, card.digest);
            }
            made.push((i, card));
        }
        self.facts.all_pages(plan);
        made
    }

    /// Jobs that would leave something else now, by key, with what they left before.
    pub fn stale(&self) -> Vec<(u64, Arc<JobMemo>)> {
        let files = self.before.files.par_iter();
        let stale = files.filter(|(_, memo)| !self.facts.unchanged(&memo.reads));
        stale.map(|(key, memo)| (*key, Arc::clone(memo))).collect()
    }

    /// Which pages are related, as it was found before.
    pub fn kinship(&self) -> Arc<Kinship> {
        Arc::clone(&self.kinship)
    }

    /// The memo for the next render: `redone` are the jobs of [`Remembering::stale`], with what they left now.
    pub fn into_further_memo(
        mut self,
        plan: &Plan<'_>,
        pages: &[usize],
        cards: Vec<(usize, CardMemo)>,
        redone: &[(u64, Arc<JobMemo>)],
        done: impl Iterator<Item = (u64, Arc<JobMemo>)>,
    ) -> Memo {
        let rows = plan.pages.rows();
        let mut memo = self.before;
        for (i, card) in cards {
            if let Some(kept) = memo.pages.get_mut(&rows[i].identity) {
                kept.card = card;
                kept.texts = None;
            }
        }
        for (&i, stamp) in pages.iter().zip(self.stamps) {
            if let Some(kept) = memo.pages.get_mut(&rows[i].identity) {
                (kept.page, kept.stamp, kept.texts) = (rows[i].page.handle(), stamp, None);
            }
        }
        for (key, _) in redone {
            memo.files.remove(key);
        }
        memo.files.extend(done);
        self.facts.keep();
        memo.facts = self.facts;
        memo
    }
}

impl Memo {
    /// What every job left behind, by key.
    pub(crate) fn lefts(&self) -> impl Iterator<Item = (u64, &Left)> {
        self.files.iter().map(|(key, memo)| (*key, &memo.left))
    }

    /// What was found about the cards of all pages.
    pub(crate) fn of_cards(&self) -> impl Iterator<Item = &Diagnostic> {
        self.pages.values().flat_map(|page| page.card.findings.iter())
    }

    /// What is wrong with a page's texts, if somebody has looked.
    pub(crate) fn texts(&self, identity: u64) -> Option<&[Diagnostic]> {
        self.pages.get(&identity)?.texts.as_deref()
    }

    /// Keeps what is wrong with the texts of all pages.
    pub(crate) fn keep_texts(&mut self, plan: &Plan<'_>, texts: Vec<Vec<Diagnostic>>) {
        for (planned, texts) in plan.pages.rows().iter().zip(texts) {
            if let Some(kept) = self
                .pages
                .get_mut(&planned.identity)
                .filter(|kept| kept.texts.is_none())
            {
                kept.texts = Some(texts);
            }
        }
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
