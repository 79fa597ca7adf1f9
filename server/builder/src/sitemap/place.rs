//! Below which page each stands.

use std::collections::{BTreeMap, HashMap};

use super::build::{Making, archive_key};
use super::page::{Cluster, MAX_DEPTH, PagePlan};
use super::tree;
use crate::names::Role;

/// Where pages stand.
pub(super) struct Places<'p, 'a> {
    making: &'p Making<'a>,
    /// Kinds by key of the page; kinds of which there is one have that key.
    kinds: HashMap<&'p str, &'p str>,
    /// Hub page of each cluster: its key.
    hubs: HashMap<&'p str, &'p str>,
    clusters: HashMap<&'a str, &'a Cluster>,
    home: Option<&'p str>,
}

impl<'p, 'a> Places<'p, 'a> {
    pub(super) fn new(making: &'p Making<'a>, pages: &'p [PagePlan]) -> Self {
        let mut hubs: BTreeMap<&str, &str> = BTreeMap::new();
        for page in pages.iter().filter(|page| page.role == Some(Role::Hub)) {
            if let Some(cluster) = &page.cluster {
                hubs.entry(cluster).or_insert(&page.key);
            }
        }
        Self {
            making,
            kinds: pages
                .iter()
                .map(|page| (page.key.as_str(), page.kind.as_str()))
                .collect(),
            hubs: hubs.into_iter().collect(),
            clusters: making
                .clusters
                .iter()
                .map(|cluster| (cluster.id.as_str(), *cluster))
                .collect(),
            home: pages
                .iter()
                .find(|page| tree::is_home(page))
                .map(|page| page.key.as_str()),
        }
    }

    /// The page that one stands below: the first of those its kind names that there is, else the home page.
    pub(super) fn parent(&self, page: &PagePlan) -> Option<String> {
        if tree::is_home(page) {
            return None;
        }
        let spec = self.making.input.blueprint.page(&page.kind);
        let wanted = spec.into_iter().flat_map(|spec| &spec.parent);
        let found = wanted
            .filter_map(|kind| self.of_kind(page, kind))
            .find(|key| *key != page.key);
        found.or(self.home).map(str::to_owned)
    }

    /// The page of a kind that belongs above this one.
    fn of_kind(&self, page: &PagePlan, kind: &str) -> Option<&'p str> {
        let is = |key: &str| self.kinds.get(key).is_some_and(|of| *of == kind);
        if let Some((key, _)) = self.kinds.get_key_value(kind).filter(|(key, of)| key == of) {
            return Some(key);
        }
        let known = |key: String| self.kinds.get_key_value(key.as_str()).map(|(key, _)| *key);
        // An archive stands below that of the term above, a page below that of its cluster or of its first term.
        if let Some(term) = &page.term {
            let parent = self.making.terms[*self.making.term_at.get(term.as_str())?]
                .parent
                .as_deref();
            return parent
                .and_then(|parent| known(archive_key(parent)))
                .filter(|key| is(key));
        }
        let mut cluster = page.cluster.as_deref();
        if page.role == Some(Role::Hub) {
            cluster = cluster.and_then(|id| self.clusters.get(id)?.parent.as_deref());
        }
        // Clusters above each other in a circle are walked once.
        for _ in 0..MAX_DEPTH {
            let Some(id) = cluster else { break };
            match self.hubs.get(id) {
                Some(hub) if is(hub) && *hub != page.key => return Some(hub),
                Some(_) if page.role != Some(Role::Hub) => break,
                _ => cluster = self.clusters.get(id).and_then(|of| of.parent.as_deref()),
            }
        }
        let mut filed = page.terms.iter().filter_map(|term| known(archive_key(term)));
        filed.find(|key| is(key))
    }
}
