//! What is true of a site in one render, by the keys of [`Fact`]s.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::io;

use rayon::prelude::*;
use serde::Serialize;

use super::trace::{Fact, identity};
use crate::plan::{Listing, Plan, PlannedPage, PlannedSection, PlannedTerm, Row, To};
use crate::site::Section;

/// Takes keys as they are: they are hashes already.
#[derive(Default)]
pub(super) struct AsIs(u64);

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

pub(super) type ByKey<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Digests of facts by key. A fact that is not there is that nothing is there.
#[derive(Default)]
pub(crate) struct Facts(ByKey<u64>);

impl Facts {
    /// Everything the plan decides. `stamps` are the digests of the pages' contents.
    pub fn of(plan: &Plan<'_>, stamps: &[u64]) -> Self {
        let pages = plan.pages.rows();
        let mut facts = Self(HashMap::with_capacity_and_hasher(
            pages.len() * 8 + 1024,
            Default::default(),
        ));
        for (planned, stamp) in pages.iter().zip(stamps) {
            facts.page(plan, planned, *stamp);
        }
        for section in plan.sections.rows() {
            facts.section(plan, section);
        }
        for term in plan.terms.rows() {
            facts.term(plan, term);
        }
        for list in plan.term_lists.rows() {
            let terms: Vec<u64> = identities(plan.terms.rows(), &list.terms);
            let translations = identities(plan.term_lists.rows(), &list.translations);
            facts.set(Fact::TermList, list.identity(), &(list.language, terms, translations));
        }
        for home in plan.homes.rows() {
            let page = home.page.map(|p| pages[p].identity);
            let section = home.section.map(|s| plan.sections.rows()[s].identity());
            let groups = identities(plan.sections.rows(), &home.groups);
            facts.set(Fact::Home, home.identity(), &(home.language, page, section, groups));
            facts.listing(plan, &home.listing);
        }
        for redirect in plan.redirects.rows() {
            let to = match &redirect.to {
                To::Site(path, suffix) => (0, path.as_str(), suffix.as_str()),
                To::External(url) => (1, url.as_str(), ""),
            };
            facts.set(Fact::Redirect, redirect.identity(), &to);
        }
        for (key, group) in plan.translation_groups() {
            let group: Vec<(usize, u64)> = group.iter().map(|&(l, p)| (l, pages[p].identity)).collect();
            facts.set(Fact::Translations, identity(key), &group);
        }
        for cluster in plan.clusters() {
            let hub = cluster.hub.map(|hub| pages[hub].identity);
            let members = identities(pages, &cluster.members);
            facts.set(Fact::Cluster, cluster.identity, &(cluster.name.as_str(), hub, members));
        }
        for path in plan.claimed() {
            facts.0.insert(Fact::Claimed.key(identity(path)), 1);
        }
        for media in plan.media() {
            facts.set(Fact::Media, identity(media.path.as_str()), &digest_of(media));
        }
        facts.all(plan.sections.rows());
        facts.all(plan.terms.rows());
        facts.all(plan.term_lists.rows());
        facts.all(plan.homes.rows());
        facts.all(plan.redirects.rows());
        facts
    }

    /// What a watched piece of work saw: one digest of all the facts it read. No lock and no allocation, since it is asked for
    /// every file of a site.
    pub fn seen(&self, keys: &[u64]) -> u64 {
        keys.iter().fold(keys.len() as u64, |seen, key| {
            let fact = self.0.get(key).copied().unwrap_or_default();
            (seen.rotate_left(5) ^ fact).wrapping_mul(0x517c_c1b7_2722_0a95)
        })
    }

    pub fn set(&mut self, fact: Fact, identity: u64, value: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        // Never the digest of what is not there.
        self.0.insert(fact.key(identity), hasher.finish() | 1);
    }

    pub fn get(&self, fact: Fact, identity: u64) -> u64 {
        self.0.get(&fact.key(identity)).copied().unwrap_or_default()
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
        let each: Vec<u64> = pages.iter().map(|p| self.get(Fact::Card, p.identity)).collect();
        self.set(Fact::All, Fact::Page as u64, &each);
    }

    fn page(&mut self, plan: &Plan<'_>, planned: &PlannedPage<'_>, stamp: u64) {
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
    struct Digest(DefaultHasher);
    impl io::Write for Digest {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut digest = Digest(DefaultHasher::new());
    // Neither the digest nor plain data can fail; if a value did, what came before it still counts.
    let _ = serde_json::to_writer(&mut digest, value);
    digest.0.finish()
}

/// The digests of all pages, in parallel; `known` gives those that need not be made.
pub(super) fn stamps(plan: &Plan<'_>, known: impl Fn(&PlannedPage<'_>) -> Option<u64> + Sync) -> Vec<u64> {
    let pages = plan.pages.rows();
    pages
        .par_iter()
        .with_min_len(64)
        .map(|planned| known(planned).unwrap_or_else(|| digest_of(planned.page)))
        .collect()
}
