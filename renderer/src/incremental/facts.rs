//! What is true of a site in one render, by the keys of [`Fact`]s.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::io;

use rayon::prelude::*;
use serde::Serialize;

use super::trace::{self, Fact, identity};
use crate::plan::{Listing, Plan, PlannedPage, PlannedSection, PlannedTerm, Row, To};
use crate::site::{Page, Section};
use crate::tables;

/// Takes keys as they are: they are hashes already.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

pub(crate) type ByKey<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// What is known of one fact.
#[derive(Clone, Copy)]
struct Stated {
    digest: u64,
    /// The render that stated it last.
    round: u32,
}

/// Digests of facts by key, those of the render before with what is different in this one. A fact that is not there is that
/// nothing is there.
#[derive(Default)]
pub(crate) struct Facts {
    stated: ByKey<Stated>,
    round: u32,
    /// Stated in this render so far.
    count: usize,
    /// Keys of facts that are not as in the render before.
    changed: HashSet<u64, BuildHasherDefault<AsIs>>,
    /// How to go back to the render before.
    undo: Vec<(u64, Option<Stated>)>,
    /// There was no render before.
    first: bool,
}

impl Facts {
    /// Begins a render with the facts of the one before.
    pub fn begin(&mut self) {
        self.round += 1;
        self.count = 0;
        self.first = self.stated.is_empty();
        self.changed.clear();
        self.undo.clear();
    }

    /// Begins a render for which all that is not stated anew is as in the one before.
    pub fn further(&mut self) {
        self.changed.clear();
        self.undo.clear();
        self.first = false;
    }

    /// Everything the plan decides. `stamps` are the digests of the pages' contents.
    pub fn plan(&mut self, plan: &Plan<'_>, stamps: &[Stamp]) {
        let pages = plan.pages.rows();
        if self.first {
            self.stated.reserve(pages.len() * 10 + 1024);
        }
        for (planned, stamp) in pages.iter().zip(stamps) {
            self.page(plan, planned, stamp.whole);
        }
        for section in plan.sections.rows() {
            self.section(plan, section);
        }
        for term in plan.terms.rows() {
            self.term(plan, term);
        }
        for list in plan.term_lists.rows() {
            let terms: Vec<u64> = identities(plan.terms.rows(), &list.terms);
            let translations = identities(plan.term_lists.rows(), &list.translations);
            self.set(Fact::TermList, list.identity(), &(list.language, terms, translations));
        }
        for home in plan.homes.rows() {
            let page = home.page.map(|p| pages[p].identity);
            let section = home.section.map(|s| plan.sections.rows()[s].identity());
            let groups = identities(plan.sections.rows(), &home.groups);
            let alone = identities(pages, &home.pages);
            let own = (home.language, page, section, groups, alone);
            self.set(Fact::Home, home.identity(), &own);
            self.listing(plan, &home.listing);
        }
        for redirect in plan.redirects.rows() {
            let to = match &redirect.to {
                To::Site(path, suffix) => (0, path.as_str(), suffix.as_str()),
                To::External(url) => (1, url.as_str(), ""),
            };
            self.set(Fact::Redirect, redirect.identity(), &to);
        }
        for (key, group) in plan.translation_groups() {
            let group: Vec<(usize, u64)> = group.iter().map(|&(l, p)| (l, pages[p].identity)).collect();
            self.set(Fact::Translations, identity(key), &group);
        }
        for cluster in plan.clusters() {
            let hub = cluster.hub.map(|hub| pages[hub].identity);
            let members = identities(pages, &cluster.members);
            self.set(Fact::Cluster, cluster.identity, &(cluster.name.as_str(), hub, members));
        }
        let alone: Vec<_> = plan.alone().map(|i| (pages[i].identity, pages[i].page.kind)).collect();
        self.set(Fact::Alone, 0, &alone);
        for path in plan.claimed() {
            self.put(Fact::Claimed.key(identity(path)), 1);
        }
        for media in plan.media() {
            self.set(Fact::Media, identity(media.path.as_str()), &digest_of(media));
        }
        self.all(plan.sections.rows());
        self.all(plan.terms.rows());
        self.all(plan.term_lists.rows());
        self.all(plan.homes.rows());
        self.all(plan.redirects.rows());
    }

    /// True if all the facts with these keys are as in the render before. For facts that have been stated.
    pub fn hold(&self, keys: &[u64]) -> bool {
        keys.iter().all(|key| match self.stated.get(key) {
            Some(stated) => stated.round == self.round && !self.changed.contains(key),
            None => true,
        })
    }

    /// Ends the stating: what was not stated is not there any more.
    pub fn close(&mut self) {
        if self.count == self.stated.len() {
            return;
        }
        let round = self.round;
        let gone: Vec<u64> = self
            .stated
            .iter()
            .filter(|(_, s)| s.round != round)
            .map(|(key, _)| *key)
            .collect();
        for key in gone {
            let stated = self.stated.remove(&key);
            self.undo.push((key, stated));
            self.changed.insert(key);
        }
    }

    /// [`Facts::hold`] after [`Facts::close`]. No lock and no allocation, since it is asked for every file of a site; few facts
    /// change, so the look-ups stay in the processor's cache.
    pub fn unchanged(&self, keys: &[u64]) -> bool {
        self.changed.is_empty() || !keys.iter().any(|key| self.changed.contains(key))
    }

    /// Goes back to the facts of the render before.
    pub fn revert(&mut self) {
        for (key, stated) in self.undo.drain(..).rev() {
            match stated {
                Some(stated) => self.stated.insert(key, stated),
                None => self.stated.remove(&key),
            };
        }
        self.changed.clear();
    }

    /// Forgets how to go back.
    pub fn keep(&mut self) {
        (self.changed, self.undo) = Default::default();
    }

    pub fn set(&mut self, fact: Fact, identity: u64, value: &impl Hash) {
        self.put(fact.key(identity), trace::identity(value));
    }

    fn put(&mut self, key: u64, digest: u64) {
        let stated = Stated {
            digest,
            round: self.round,
        };
        let before = match self.stated.entry(key) {
            Entry::Vacant(place) => {
                place.insert(stated);
                self.count += 1;
                None
            }
            Entry::Occupied(mut place) => {
                let before = place.insert(stated);
                self.count += usize::from(before.round != self.round);
                if before.digest == digest {
                    return;
                }
                Some(before)
            }
        };
        if !self.first {
            self.undo.push((key, before));
            self.changed.insert(key);
        }
    }

    /// The digest of a fact of this render.
    pub fn get(&self, fact: Fact, identity: u64) -> u64 {
        let stated = self.stated.get(&fact.key(identity));
        stated.filter(|s| s.round == self.round).map_or(0, |s| s.digest)
    }

    /// That of all rows of a table, from those of each.
    fn all<T: Row>(&mut self, rows: &[T]) {
        let each: Vec<u64> = rows
            .iter()
            .flat_map(|row| [row.identity(), self.get(T::FACT, row.identity())])
            .collect();
        self.set(Fact::All, T::FACT as u64, &each);
    }

    /// The fact that stands for all pages, once their cards are known.
    pub fn all_pages(&mut self, plan: &Plan<'_>) {
        let pages = plan.pages.rows();
        let each: Vec<u64> = pages
            .iter()
            .flat_map(|p| [Fact::Page, Fact::Card].map(|fact| self.get(fact, p.identity)))
            .collect();
        self.set(Fact::All, Fact::Page as u64, &each);
    }

    /// What the card of a page shows: `shown` is the digest of what there is of the page itself, `card` that of its card.
    pub fn card(&mut self, plan: &Plan<'_>, planned: &PlannedPage<'_>, shown: u64, card: u64) {
        let mut parts: Vec<u64> = vec![shown, card];
        let terms = planned.terms.iter().map(|&t| plan.terms.rows()[t].listing.identity);
        parts.extend(terms.map(|of| self.get(Fact::TermLink, of)));
        let section = planned.section.map(|(s, _)| plan.sections.rows()[s].listing.identity);
        let section = section.map(|of| (of, self.get(Fact::Section, of)));
        let place = (planned.path.as_str(), planned.language);
        self.set(Fact::Card, planned.identity, &(place, parts, section));
    }

    /// What is said of a page itself. `stamp` is the digest of its content.
    pub fn page(&mut self, plan: &Plan<'_>, planned: &PlannedPage<'_>, stamp: u64) {
        let section = planned.section.map(|(s, _)| plan.sections.rows()[s].identity());
        let terms = identities(plan.terms.rows(), &planned.terms);
        let address = (planned.path.as_str(), planned.canonical.as_deref());
        let own = (stamp, address, planned.language, section, terms);
        self.set(Fact::Page, planned.identity, &own);
        let name = (planned.path.as_str(), planned.title(), planned.language);
        self.set(Fact::PageName, planned.identity, &name);
        let (before, after) = plan.neighbours(planned);
        let neighbours = [before, after].map(|n| n.map(|p| plan.pages.rows()[p].identity));
        self.set(Fact::Neighbours, planned.identity, &neighbours);
    }

    fn section(&mut self, plan: &Plan<'_>, section: &PlannedSection<'_>) {
        let own: &Section = section.section;
        let children = identities(plan.sections.rows(), &section.children);
        let translations = identities(plan.sections.rows(), &section.translations);
        let base = (
            (digest_of(own), children),
            (section.render, frame_of(&section.listing)),
            translations,
        );
        self.set(Fact::Section, section.identity(), &base);
        self.listing(plan, &section.listing);
    }

    fn term(&mut self, plan: &Plan<'_>, term: &PlannedTerm<'_>) {
        let description = term.term.map_or("", |t| t.description.as_str());
        let name = (term.slug.as_str(), term.name.as_str(), description);
        let of = (term.taxonomy, name, term.listing.path.as_str());
        self.set(Fact::TermLink, term.identity(), &(of, term.listing.total()));
        let parent = term.parent.map(|p| plan.terms.rows()[p].identity());
        let children = identities(plan.terms.rows(), &term.children);
        let page = term.page.map(|p| plan.pages.rows()[p].identity);
        let translations = identities(plan.terms.rows(), &term.translations);
        self.set(
            Fact::Term,
            term.identity(),
            &(
                of,
                parent,
                children,
                frame_of(&term.listing),
                (page, translations, term.title.as_str()),
            ),
        );
        self.listing(plan, &term.listing);
    }

    fn listing(&mut self, plan: &Plan<'_>, listing: &Listing) {
        let items = identities(plan.pages.rows(), listing.items());
        self.set(Fact::Items, listing.identity, &items);
        self.set(Fact::Count, listing.identity, &(items.len(), listing.pagers()));
        for n in 1..=listing.pagers() {
            let slice = identities(plan.pages.rows(), listing.slice(n));
            self.set(Fact::Slice, listing.slice_identity(n), &slice);
        }
        if !listing.feeds.is_empty() {
            let limit = plan.site.settings.feed_limit.max(1);
            let newest = identities(plan.pages.rows(), &listing.newest(plan, limit));
            self.set(Fact::Newest, listing.identity, &newest);
        }
    }
}

fn identities<T: Row>(rows: &[T], indexes: &[usize]) -> Vec<u64> {
    indexes.iter().map(|&i| rows[i].identity()).collect()
}

/// A list without its items.
fn frame_of(listing: &Listing) -> impl Hash {
    (
        listing.path.clone(),
        listing.per_page(),
        listing.language,
        listing.kind,
        listing.feeds.clone(),
    )
}

/// A digest of plain data by way of its JSON.
pub(crate) fn digest_of(value: &impl Serialize) -> u64 {
    struct Digest<H>(H);
    impl<H: Hasher> io::Write for Digest<H> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut digest = Digest(tables::digest());
    // Neither the digest nor plain data can fail; if a value did, what came before it still counts.
    let _ = serde_json::to_writer(&mut digest, value);
    digest.0.finish()
}

/// Digests of a page's content.
#[derive(Clone, Copy)]
pub(crate) struct Stamp {
    /// Everything, the text included.
    pub whole: u64,
    /// What [`crate::prepare::Prepared::value`] shows of the page itself.
    pub shown: u64,
}

impl Stamp {
    /// `text` is the digest of a text that is kept outside of the page.
    pub fn of(page: &Page, text: u64) -> Self {
        let entity = digest_of(&(&page.entity, &page.cluster, &page.extra));
        let dates = (page.published_at, page.updated_at);
        let texts = (&page.title, &page.excerpt, &page.description, &page.author);
        Self {
            whole: identity(&(digest_of(page), text)),
            shown: identity(&(page.kind, texts, dates, entity)),
        }
    }
}

/// The digests of all pages, in parallel; `known` gives those that need not be made.
pub(super) fn stamps(plan: &Plan<'_>, known: impl Fn(&PlannedPage<'_>) -> Option<Stamp> + Sync) -> Vec<Stamp> {
    let pages = plan.pages.rows();
    pages
        .par_iter()
        .with_min_len(64)
        .map(|planned| known(planned).unwrap_or_else(|| Stamp::of(&planned.page, plan.text_digest(&planned.page))))
        .collect()
}
