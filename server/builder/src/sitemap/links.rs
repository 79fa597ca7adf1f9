//! Which pages link to which, as the blueprint's rules ask.

use std::collections::{BTreeMap, HashMap};

use super::page::{MAX_LINKS, PagePlan};
use crate::blueprint::{Blueprint, LinkRule, Within};
use crate::names::{Entity, Role};

/// Pages of one kind that have something in common.
pub(crate) struct Groups<'p> {
    /// By kind and what they have in common.
    groups: HashMap<(&'p str, Common<'p>), Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Common<'p> {
    Cluster(&'p str),
    Term(&'p str),
    Site,
}

impl<'p> Groups<'p> {
    pub(crate) fn new(pages: &'p [PagePlan]) -> Self {
        let mut groups: HashMap<(&str, Common<'_>), Vec<usize>> = HashMap::new();
        for (at, page) in pages.iter().enumerate() {
            for common in commons(page) {
                groups.entry((page.kind.as_str(), common)).or_default().push(at);
            }
        }
        Self { groups }
    }

    /// The pages that a rule lets a page link to, best first: those after it in turn where both are of one kind, so that each
    /// gets its share of links. No more than `most`.
    pub(crate) fn targets(&self, pages: &'p [PagePlan], from: usize, rule: &'p LinkRule, most: usize) -> Vec<usize> {
        let page = &pages[from];
        let mut out: Vec<usize> = Vec::new();
        let wanted = commons(page).filter(|common| {
            matches!(
                (rule.within, common),
                (Within::Cluster, Common::Cluster(_)) | (Within::Term, Common::Term(_)) | (Within::Site, Common::Site)
            )
        });
        for common in wanted {
            let Some(group) = self.groups.get(&(rule.to.as_str(), common)) else {
                continue;
            };
            // Groups are in the order of the plan.
            let start = group.partition_point(|at| *at <= from);
            let ring = rule.from == rule.to;
            let turned = if ring { start } else { 0 };
            for &at in group[turned..].iter().chain(&group[..turned]) {
                if out.len() >= most {
                    return out;
                }
                if at != from && !out.contains(&at) {
                    out.push(at);
                }
            }
        }
        out
    }
}

fn commons(page: &PagePlan) -> impl Iterator<Item = Common<'_>> {
    let cluster = page.cluster.as_deref().map(Common::Cluster);
    let terms = page.terms.iter().chain(&page.term).map(|term| Common::Term(term));
    cluster.into_iter().chain(terms).chain([Common::Site])
}

/// The hub page of each cluster, by its place.
pub(crate) fn hubs(pages: &[PagePlan]) -> HashMap<&str, usize> {
    let mut hubs: HashMap<&str, usize> = HashMap::new();
    for (at, page) in pages
        .iter()
        .enumerate()
        .filter(|(_, page)| page.role == Some(Role::Hub))
    {
        if let Some(cluster) = &page.cluster {
            hubs.entry(cluster).or_insert(at);
        }
    }
    hubs
}

/// Whether the text of a page can have links.
pub(crate) fn has_text(page: &PagePlan) -> bool {
    page.entity != Entity::Section
}

/// Plans the links of all pages. Locked ones keep theirs, as far as they lead somewhere, and get what the rules add. Every page
/// of a cluster links to its hub, whatever the rules.
pub(super) fn plan(blueprint: &Blueprint, pages: &mut [PagePlan]) {
    let mut rules: BTreeMap<&str, Vec<&LinkRule>> = BTreeMap::new();
    for rule in &blueprint.links {
        rules.entry(&rule.from).or_default().push(rule);
    }
    let groups = Groups::new(pages);
    let keys = super::tree::index(pages);
    let hubs = hubs(pages);
    let links: Vec<Vec<String>> = pages
        .iter()
        .enumerate()
        .map(|(from, page)| {
            let kept = page
                .links
                .iter()
                .filter(|key| page.locked && keys.contains_key(key.as_str()));
            let mut links: Vec<String> = kept.cloned().collect();
            let hub = page
                .cluster
                .as_deref()
                .and_then(|cluster| hubs.get(cluster))
                .map(|&hub| &pages[hub].key);
            if let Some(hub) = hub.filter(|hub| **hub != page.key && has_text(page) && !links.contains(hub)) {
                links.push(hub.clone());
            }
            for rule in rules.get(page.kind.as_str()).into_iter().flatten() {
                for at in groups.targets(pages, from, rule, rule.most as usize) {
                    if links.len() < MAX_LINKS && !links.contains(&pages[at].key) {
                        links.push(pages[at].key.clone());
                    }
                }
            }
            links
        })
        .collect();
    for (page, links) in pages.iter_mut().zip(links) {
        page.links = links;
    }
}
