//! Rules about single pages: what they name, link to, are called, and where they are.

use std::collections::{BTreeMap, HashMap, HashSet};

use igny8_text::is_slug;

use super::{Look, Mend, Place, by_hand, edits};
use crate::blueprint::CoverageRule;
use crate::names::{Choice as _, Entity, Role};
use crate::sitemap::edit::Edit;
use crate::sitemap::links::{Groups, has_text, hubs};
use crate::sitemap::tree::{self, Fault};
use crate::sitemap::{MAX_DEPTH, MAX_LINKS, PagePlan};
use crate::slugs::Addresses;
use crate::taxonomy::recommend;

/// Whether a page names a cluster or term that is not there.
pub(super) fn names_gone(page: &PagePlan, clusters: &HashSet<&str>, terms: &HashSet<&str>) -> bool {
    page.cluster.as_deref().is_some_and(|id| !clusters.contains(id))
        || page
            .terms
            .iter()
            .chain(&page.term)
            .any(|id| !terms.contains(id.as_str()))
}

/// Addresses that more than one page has, or that cannot be, with the pages.
pub(super) fn address_faults(pages: &[PagePlan]) -> BTreeMap<String, Vec<usize>> {
    let mut at: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, page) in pages.iter().enumerate() {
        at.entry(page.address()).or_default().push(n);
    }
    at.retain(|_, pages_there| {
        let page = &pages[pages_there[0]];
        pages_there.len() > 1 || !(tree::is_home(page) || is_slug(&page.slug))
    });
    at
}

impl Look<'_> {
    pub(super) fn gone_names(&mut self, rule: &CoverageRule) {
        let clusters: HashSet<&str> = self.input.clusters.iter().map(|of| of.id.as_str()).collect();
        let terms: HashSet<&str> = self.input.terms.iter().map(|of| of.id.as_str()).collect();
        for page in self.pages.iter().filter(|page| names_gone(page, &clusters, &terms)) {
            let cluster_gone = page.cluster.as_deref().is_some_and(|id| !clusters.contains(id));
            let archive_of_gone = page.term.as_deref().is_some_and(|id| !terms.contains(id));
            let key = page.key.clone();
            let unlock = page.locked.then(|| Edit::Unlock { page: key.clone() });
            // What was made for something that is gone goes with it; what a person changed stays without it.
            let mend = if archive_of_gone || (cluster_gone && !page.locked && page.term.is_none()) {
                edits(unlock.into_iter().chain([Edit::Delete { page: key.clone() }]).collect())
            } else {
                let assign = cluster_gone.then(|| Edit::Assign {
                    page: key.clone(),
                    cluster: None,
                    role: None,
                });
                let gone: Vec<String> = page
                    .terms
                    .iter()
                    .filter(|id| !terms.contains(id.as_str()))
                    .cloned()
                    .collect();
                let file = (!gone.is_empty()).then(|| Edit::File {
                    page: key.clone(),
                    add: Vec::new(),
                    remove: gone,
                });
                edits(assign.into_iter().chain(file).collect())
            };
            let what = match (cluster_gone, archive_of_gone) {
                (_, true) => "is the archive of a term that was deleted",
                (true, _) => "belongs to a cluster that was deleted or detached",
                (false, false) => "is filed under a term that was deleted",
            };
            self.note(
                rule,
                Place::Page { page: key },
                format!("“{}” {what}.", page.title),
                mend,
            );
        }
    }

    /// Content has the term that its type is not published without.
    pub(super) fn needed_terms(&mut self, rule: &CoverageRule) {
        let mut proposals = None;
        for page in self.pages.iter().filter(|page| page.entity != Entity::Term) {
            let Some(taxonomy) = page
                .content_type
                .and_then(|content| self.input.blueprint.needed(content))
            else {
                continue;
            };
            let kind_of = |id: &String| {
                self.making
                    .term_at
                    .get(id.as_str())
                    .map(|&at| self.making.terms[at].kind)
            };
            if page.terms.iter().any(|id| kind_of(id) == Some(taxonomy.kind)) {
                continue;
            }
            let best = self
                .filing
                .terms(page, taxonomy)
                .first()
                .map(|&at| self.making.terms[at].id.clone());
            let only = || {
                let mut all = self.making.terms.iter().filter(|term| term.kind == taxonomy.kind);
                let first = all.next()?;
                all.next().is_none().then(|| first.id.clone())
            };
            let mend = match best.or_else(only) {
                Some(term) => edits(vec![Edit::File {
                    page: page.key.clone(),
                    add: vec![term],
                    remove: Vec::new(),
                }]),
                None => {
                    let all = proposals.get_or_insert_with(|| recommend::recommend(self.input));
                    let cluster = page.cluster.as_deref().unwrap_or_default();
                    let fits =
                        |&at: &usize| all[at].kind == taxonomy.kind && all[at].clusters.iter().any(|id| id == cluster);
                    match (0..all.len()).find(fits) {
                        Some(at) => Mend::MakeTerms {
                            terms: recommend::with_parents(all, &[at]),
                        },
                        None => by_hand("Choose a term for it, or make one."),
                    }
                }
            };
            let message = format!("“{}” has no {}.", page.title, taxonomy.kind.word().replace('_', " "));
            self.note(rule, Place::Page { page: page.key.clone() }, message, mend);
        }
    }

    /// Supporting pages link to the hub of their cluster.
    pub(super) fn hub_links(&mut self, rule: &CoverageRule) {
        let hubs = hubs(self.pages);
        let mut lacking: BTreeMap<usize, Vec<&PagePlan>> = BTreeMap::new();
        for page in self.pages.iter().filter(|page| has_text(page)) {
            let hub = page.cluster.as_deref().and_then(|cluster| hubs.get(cluster)).copied();
            if let Some(hub) = hub.filter(|&hub| self.pages[hub].key != page.key)
                && page.role != Some(Role::Hub)
                && !page.links.contains(&self.pages[hub].key)
            {
                lacking.entry(hub).or_default().push(page);
            }
        }
        for (hub, pages) in lacking {
            let hub = &self.pages[hub];
            let links = pages
                .iter()
                .filter(|page| page.links.len() < MAX_LINKS)
                .map(|page| Edit::Link {
                    page: page.key.clone(),
                    add: vec![hub.key.clone()],
                    remove: Vec::new(),
                });
            let mend = edits(links.collect());
            let message = match pages.as_slice() {
                [one] => format!("“{}” does not link to “{}”.", one.title, hub.title),
                some => format!("{} pages of its cluster do not link to “{}”.", some.len(), hub.title),
            };
            self.note(rule, Place::Page { page: hub.key.clone() }, message, mend);
        }
    }

    /// Pages link to others as the blueprint's link rules ask.
    pub(super) fn page_links(&mut self, rule: &CoverageRule) {
        let groups = Groups::new(self.pages);
        let blueprint = self.input.blueprint;
        for (from, page) in self.pages.iter().enumerate().filter(|(_, page)| has_text(page)) {
            let mut add: Vec<String> = Vec::new();
            let mut whys: Vec<&str> = Vec::new();
            for link in blueprint.links.iter().filter(|link| link.from == page.kind) {
                let targets = groups.targets(self.pages, from, link, MAX_LINKS);
                let is_there = |at: &&usize| page.links.contains(&self.pages[**at].key);
                let there = targets.iter().filter(is_there).count();
                let wanted = (link.least as usize).min(targets.len());
                if there < wanted {
                    let new = targets.iter().filter(|at| !is_there(at)).take(wanted - there);
                    add.extend(new.map(|&at| self.pages[at].key.clone()));
                    whys.push(&link.why);
                }
            }
            if add.is_empty() {
                continue;
            }
            let message = format!(
                "“{}” lacks {}: {}",
                page.title,
                if add.len() == 1 {
                    "a link".to_owned()
                } else {
                    format!("{} links", add.len())
                },
                whys.join(" ")
            );
            let mend = match page.links.len() + add.len() <= MAX_LINKS {
                true => edits(vec![Edit::Link {
                    page: page.key.clone(),
                    add,
                    remove: Vec::new(),
                }]),
                false => by_hand("Take links out that matter less."),
            };
            self.note(rule, Place::Page { page: page.key.clone() }, message, mend);
        }
    }

    pub(super) fn titles_twice(&mut self, rule: &CoverageRule) {
        let mut titles: BTreeMap<String, Vec<&PagePlan>> = BTreeMap::new();
        for page in self.pages {
            titles.entry(igny8_text::fold(&page.title)).or_default().push(page);
        }
        let mut taken: HashSet<String> = titles.keys().cloned().collect();
        let clusters: HashMap<&str, &str> = self
            .input
            .clusters
            .iter()
            .map(|of| (of.id.as_str(), of.name.as_str()))
            .collect();
        for (title, pages) in titles {
            let [first, others @ ..] = pages.as_slice() else {
                continue;
            };
            if others.is_empty() {
                continue;
            }
            let mut renames = Vec::new();
            for (n, page) in others.iter().enumerate() {
                let beside = page.cluster.as_deref().and_then(|id| clusters.get(id)).copied();
                let beside = beside.filter(|name| igny8_text::fold(name) != title);
                let named = beside.map(|beside| format!("{} ({beside})", page.title));
                let numbered = (n + 2..).map(|n| format!("{} ({n})", page.title));
                let mut tries = named.into_iter().chain(numbered);
                let free = tries.find(|title| taken.insert(igny8_text::fold(title)));
                renames.extend(free.map(|title| Edit::Rename {
                    page: page.key.clone(),
                    title: Some(title),
                    label: None,
                    slug: None,
                }));
            }
            let message = format!("{} pages are called “{}”.", pages.len(), first.title);
            self.note(rule, Place::Title { title }, message, edits(renames));
        }
    }

    pub(super) fn addresses(&mut self, rule: &CoverageRule) {
        let faults = address_faults(self.pages);
        if faults.is_empty() {
            return;
        }
        let mut addresses = Addresses::new();
        for page in self.pages {
            addresses.take(&page.address());
        }
        for (path, pages) in faults {
            let fixed = |page: &PagePlan| tree::is_home(page) || matches!(page.entity, Entity::Section | Entity::Term);
            // Who cannot have another keeps it.
            let keeper = pages
                .iter()
                .copied()
                .find(|&at| fixed(&self.pages[at]))
                .unwrap_or(pages[0]);
            let valid = tree::is_home(&self.pages[keeper]) || is_slug(&self.pages[keeper].slug);
            let others: Vec<usize> = pages.iter().copied().filter(|&at| at != keeper || !valid).collect();
            let renames: Option<Vec<Edit>> = others
                .iter()
                .map(|&at| {
                    let page = &self.pages[at];
                    let wanted = if valid {
                        page.slug.clone()
                    } else {
                        crate::slugs::slug_of(&page.title, &self.input.brand.language)
                    };
                    let wanted = if wanted.is_empty() { "page".to_owned() } else { wanted };
                    (!fixed(page)).then(|| Edit::Rename {
                        page: page.key.clone(),
                        title: None,
                        label: None,
                        slug: Some(addresses.slug(&page.section, &wanted)),
                    })
                })
                .collect();
            let mend = renames.map_or_else(|| by_hand("Rename one of the terms: its archive follows."), edits);
            let message = match pages.len() {
                1 => format!("“{}” cannot be at {path}.", self.pages[keeper].title),
                some => format!("{some} pages are at {path}."),
            };
            self.note(rule, Place::Address { path }, message, mend);
        }
    }

    pub(super) fn tree(&mut self, rule: &CoverageRule) {
        let home = self
            .pages
            .iter()
            .find(|page| tree::is_home(page))
            .map(|page| page.key.clone());
        for (at, fault) in tree::faults(self.pages) {
            let page = &self.pages[at];
            let message = match fault {
                Fault::Gone => format!("“{}” stands below a page that is not there.", page.title),
                Fault::Circle => format!("“{}” stands below itself.", page.title),
                Fault::Deep => format!("“{}” is deeper than {MAX_DEPTH} levels.", page.title),
            };
            let mend = match &home {
                Some(home) => edits(vec![Edit::Move {
                    page: page.key.clone(),
                    parent: Some(home.clone()),
                    position: None,
                }]),
                None => by_hand("Generate the sitemap anew: there is no home page."),
            };
            self.note(rule, Place::Page { page: page.key.clone() }, message, mend);
        }
    }
}
