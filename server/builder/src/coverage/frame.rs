//! Rules about the frame of a site: required pages and taxonomies, menus, terms.

use std::collections::{HashMap, HashSet};

use super::{Look, Mend, Place, add, by_hand, edits};
use crate::blueprint::CoverageRule;
use crate::names::{Choice as _, Made};
use crate::sitemap::archive_key;
use crate::sitemap::edit::Edit;
use crate::taxonomy::recommend;

impl Look<'_> {
    pub(super) fn required_pages(&mut self, rule: &CoverageRule) {
        let blueprint = self.input.blueprint;
        for spec in blueprint
            .pages
            .iter()
            .filter(|spec| spec.required && spec.made == [Made::Site])
        {
            if self.index.contains_key(spec.key.as_str()) {
                continue;
            }
            let page = self.missing().iter().find(|page| page.key == spec.key).map(add);
            let mend = page.map_or_else(|| by_hand("Generate the sitemap anew."), |page| edits(vec![page]));
            let place = Place::Page { page: spec.key.clone() };
            self.note(rule, place, format!("The page “{}” is missing.", spec.name), mend);
        }
    }

    pub(super) fn required_terms(&mut self, rule: &CoverageRule) {
        let there: HashSet<_> = self.input.terms.iter().map(|term| term.kind).collect();
        let lacking: Vec<_> = self
            .input
            .blueprint
            .required_taxonomies()
            .filter(|kind| !there.contains(kind))
            .collect();
        if lacking.is_empty() {
            return;
        }
        let proposals = recommend::recommend(self.input);
        for kind in lacking {
            let terms = recommend::of_kind(&proposals, kind);
            let mend = match terms.is_empty() {
                true => by_hand("Make a term, or import terms."),
                false => Mend::MakeTerms { terms },
            };
            let message = format!("There is no {}.", kind.word().replace('_', " "));
            self.note(rule, Place::Taxonomy { kind }, message, mend);
        }
    }

    pub(super) fn menu_targets(&mut self, rule: &CoverageRule) {
        for menu in &self.input.before.menus {
            let keys = menu
                .items
                .iter()
                .flat_map(|entry| entry.below.iter().chain([&entry.page]));
            let gone: HashSet<&String> = keys.filter(|key| !self.index.contains_key(key.as_str())).collect();
            for key in gone {
                let unlist = Edit::Unlist {
                    place: menu.place,
                    page: key.clone(),
                };
                let place = Place::Menu {
                    place: menu.place,
                    page: key.clone(),
                };
                let message = format!(
                    "An entry of the {} menu leads to a page that is not there.",
                    menu.place.word()
                );
                self.note(rule, place, message, edits(vec![unlist]));
            }
        }
    }

    /// Each cluster is mapped to a term.
    pub(super) fn cluster_terms(&mut self, rule: &CoverageRule) {
        let mapped: HashSet<&str> = self
            .input
            .terms
            .iter()
            .flat_map(|term| &term.clusters)
            .map(String::as_str)
            .collect();
        let lacking: Vec<_> = self
            .making
            .clusters
            .iter()
            .filter(|of| !mapped.contains(of.id.as_str()))
            .copied()
            .collect();
        if lacking.is_empty() {
            return;
        }
        let proposals = recommend::recommend(self.input);
        let by_cluster = recommend::by_cluster(&proposals);
        for cluster in lacking {
            let found = by_cluster.get(cluster.id.as_str()).map_or(&[][..], Vec::as_slice);
            let existing = found.iter().find_map(|&at| proposals[at].existing.clone());
            let mend = match (existing, found) {
                (Some(term), _) => Mend::MapTerm {
                    term,
                    cluster: cluster.id.clone(),
                },
                (None, []) => by_hand("Choose the term it belongs to."),
                (None, [first, ..]) => Mend::MakeTerms {
                    terms: recommend::with_parents(&proposals, &[*first]),
                },
            };
            let place = Place::Cluster {
                cluster: cluster.id.clone(),
            };
            self.note(
                rule,
                place,
                format!("The cluster “{}” belongs to no term.", cluster.name),
                mend,
            );
        }
    }

    /// Terms with archives of their own have something to list.
    pub(super) fn term_pages(&mut self, rule: &CoverageRule) {
        let terms = &self.making.terms;
        let parents: Vec<Option<usize>> = terms
            .iter()
            .map(|term| self.making.term_at.get(term.parent.as_deref()?).copied())
            .collect();
        let mut counts: Vec<u32> = vec![0; terms.len()];
        for page in self.pages {
            let mut counted: HashSet<usize> = HashSet::new();
            for id in &page.terms {
                // A page counts for the terms above its own too, each once.
                let mut at = self.making.term_at.get(id.as_str()).copied();
                while let Some(here) = at.filter(|here| counted.insert(*here)) {
                    counts[here] += 1;
                    at = parents[here];
                }
            }
        }
        let least = rule.least.unwrap_or(1);
        let free = self.not_filed();
        for (at, term) in self.making.terms.clone().into_iter().enumerate() {
            if counts[at] >= least || !self.index.contains_key(archive_key(&term.id).as_str()) {
                continue;
            }
            let file: Vec<Edit> = free
                .get(&at)
                .into_iter()
                .flatten()
                .take(least as usize)
                .map(|page| Edit::File {
                    page: page.clone(),
                    add: vec![term.id.clone()],
                    remove: Vec::new(),
                })
                .collect();
            let what = self
                .input
                .blueprint
                .taxonomy(term.kind)
                .map_or("pages", |of| match of.of.first() {
                    Some(crate::names::ContentType::Product) => "products",
                    Some(crate::names::ContentType::Service) => "services",
                    _ => "texts",
                });
            let mend = match file.is_empty() {
                true => by_hand(format!(
                    "Plan {what} for it, merge it into another term, or take its archive out."
                )),
                false => edits(file),
            };
            let message = match counts[at] {
                0 => format!("“{}” has no {what} to list.", term.name),
                some => format!("“{}” has {some} of {least} {what} to list.", term.name),
            };
            let place = Place::Term { term: term.id.clone() };
            self.note(rule, place, message, mend);
        }
    }

    /// By term: pages of its clusters that could be filed under it and are under no term of its kind.
    fn not_filed(&self) -> HashMap<usize, Vec<String>> {
        let mut out: HashMap<usize, Vec<String>> = HashMap::new();
        for (at, term) in self.making.terms.iter().enumerate() {
            let Some(taxonomy) = self.input.blueprint.taxonomy(term.kind) else {
                continue;
            };
            let kind_of = |id: &String| {
                self.making
                    .term_at
                    .get(id.as_str())
                    .map(|&of| self.making.terms[of].kind)
            };
            let fits = |page: &&crate::sitemap::PagePlan| {
                page.content_type.is_some_and(|content| taxonomy.of.contains(&content))
                    && !page.terms.iter().any(|id| kind_of(id) == Some(term.kind))
            };
            let pages = term
                .clusters
                .iter()
                .flat_map(|cluster| self.of_cluster(cluster))
                .filter(fits);
            let keys: Vec<String> = pages.take(20).map(|page| page.key.clone()).collect();
            if !keys.is_empty() {
                out.insert(at, keys);
            }
        }
        out
    }
}
