//! Which terms pages are filed under.

use std::collections::{BTreeSet, HashMap};

use super::build::Making;
use super::page::PagePlan;
use crate::blueprint::TaxonomySpec;
use crate::names::TaxonomyKind;

/// Terms of taxonomies where a page can have several.
const SEVERAL: usize = 5;

/// Terms by what they are called.
pub(crate) struct Filing<'m, 'a> {
    making: &'m Making<'a>,
    /// Stems of each term's name.
    stems: Vec<BTreeSet<String>>,
    /// Terms by a stem of their name.
    having: HashMap<(TaxonomyKind, String), Vec<usize>>,
    /// Terms by cluster.
    mapped: HashMap<&'a str, Vec<usize>>,
}

impl<'m, 'a> Filing<'m, 'a> {
    pub(crate) fn new(making: &'m Making<'a>) -> Self {
        let stems: Vec<BTreeSet<String>> = making.terms.iter().map(|term| making.stems.set(&term.name)).collect();
        let mut having: HashMap<(TaxonomyKind, String), Vec<usize>> = HashMap::new();
        let mut mapped: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, term) in making.terms.iter().enumerate() {
            for stem in &stems[at] {
                having.entry((term.kind, stem.clone())).or_default().push(at);
            }
            for cluster in &term.clusters {
                mapped.entry(cluster).or_default().push(at);
            }
        }
        Self {
            making,
            stems,
            having,
            mapped,
        }
    }

    /// Files all pages that are not locked.
    pub(super) fn file(&self, pages: &mut [PagePlan]) {
        for page in pages.iter_mut().filter(|page| !page.locked && page.cluster.is_some()) {
            let Some(content) = page.content_type else { continue };
            let of = self.making.input.blueprint.taxonomies.iter();
            let terms = of
                .filter(|taxonomy| taxonomy.of.contains(&content))
                .flat_map(|taxonomy| self.terms(page, taxonomy));
            page.terms = terms.map(|at| self.making.terms[at].id.clone()).collect();
            page.terms.truncate(super::page::MAX_TERMS);
        }
    }

    /// The terms of a taxonomy that a page belongs under: one where it needs one, else all that its words name.
    pub(crate) fn terms(&self, page: &PagePlan, taxonomy: &TaxonomySpec) -> Vec<usize> {
        let words = self.words(page);
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for stem in &words {
            for &at in self.having.get(&(taxonomy.kind, stem.clone())).into_iter().flatten() {
                *counts.entry(at).or_default() += 1;
            }
        }
        let named = |at: &usize| counts.get(at).is_some_and(|count| *count == self.stems[*at].len());
        if !taxonomy.needed {
            let mut found: Vec<usize> = counts.keys().copied().filter(named).collect();
            found.sort_unstable();
            found.truncate(SEVERAL);
            return found;
        }
        let cluster = page.cluster.as_deref().unwrap_or_default();
        let mapped = self.mapped.get(cluster).into_iter().flatten().copied();
        let own = mapped.filter(|at| self.making.terms[*at].kind == taxonomy.kind);
        // Of those the cluster is mapped to, the one the page's words name best; of two as good the first.
        let best = own.max_by_key(|at| (named(at), counts.get(at).copied().unwrap_or(0), std::cmp::Reverse(*at)));
        let otherwise = || {
            let found = counts.keys().copied().filter(named);
            found.max_by_key(|at| (self.stems[*at].len(), std::cmp::Reverse(*at)))
        };
        best.or_else(otherwise).into_iter().collect()
    }

    /// The stems of what a page is about.
    fn words(&self, page: &PagePlan) -> BTreeSet<String> {
        let mut words = self.making.stems.set(&page.title);
        for aim in page.primary.iter().chain(page.keywords.iter().take(50)) {
            words.extend(self.making.stems.set(&aim.text));
        }
        words
    }
}
