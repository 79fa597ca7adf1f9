//! Rules about clusters and keywords.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Look, Place, add, by_hand, edits};
use crate::blueprint::CoverageRule;
use crate::names::Role;
use crate::sitemap::edit::Edit;
use crate::sitemap::{Aim, Keyword, PagePlan};

impl Look<'_> {
    pub(super) fn hub_pages(&mut self, rule: &CoverageRule) {
        for cluster in self.making.clusters.clone() {
            if self
                .of_cluster(&cluster.id)
                .iter()
                .any(|page| page.role == Some(Role::Hub))
            {
                continue;
            }
            let of_cluster = |page: &&PagePlan| page.cluster.as_deref() == Some(&cluster.id);
            let new = self
                .missing()
                .iter()
                .filter(of_cluster)
                .find(|page| page.role == Some(Role::Hub));
            let strongest = self
                .of_cluster(&cluster.id)
                .into_iter()
                .max_by_key(|page| (page.volume, Reverse(&page.key)));
            let mend = match (new, strongest) {
                (Some(page), _) => edits(vec![add(page)]),
                (None, Some(page)) => edits(vec![Edit::Assign {
                    page: page.key.clone(),
                    cluster: Some(cluster.id.clone()),
                    role: Some(Role::Hub),
                }]),
                (None, None) => by_hand("Add a page for it, or detach it."),
            };
            let place = Place::Cluster {
                cluster: cluster.id.clone(),
            };
            self.note(
                rule,
                place,
                format!("The cluster “{}” has no hub page.", cluster.name),
                mend,
            );
        }
    }

    pub(super) fn supporting_pages(&mut self, rule: &CoverageRule) {
        let least = rule.least.unwrap_or(1) as usize;
        let supports = |page: &&PagePlan| matches!(page.role, Some(Role::Supporting | Role::Attribute));
        for cluster in self.making.clusters.clone() {
            let there = self
                .of_cluster(&cluster.id)
                .into_iter()
                .filter(|page| supports(page))
                .count();
            if there >= least {
                continue;
            }
            let new = self
                .missing()
                .iter()
                .filter(|page| page.cluster.as_deref() == Some(&cluster.id) && supports(page));
            let new: Vec<Edit> = new.take(least - there).map(add).collect();
            let mend = match new.is_empty() {
                true => by_hand("Give the cluster more keywords, join it with another, or waive the gap."),
                false => edits(new),
            };
            let message = match there {
                0 => format!("The cluster “{}” has no supporting page.", cluster.name),
                some => format!("The cluster “{}” has {some} of {least} supporting pages.", cluster.name),
            };
            let place = Place::Cluster {
                cluster: cluster.id.clone(),
            };
            self.note(rule, place, message, mend);
        }
    }

    /// Keywords that two pages aim at, at least one of them first of all.
    pub(super) fn keywords_twice(&mut self, rule: &CoverageRule) {
        let mut variants: BTreeMap<String, Vec<(usize, bool, &Aim)>> = BTreeMap::new();
        for (at, page) in self.pages.iter().enumerate() {
            let primary = page.primary.iter().map(|aim| (true, aim));
            for (first, aim) in primary.chain(page.keywords.iter().map(|aim| (false, aim))) {
                let of = variants.entry(self.making.stems.variant(&aim.text)).or_default();
                of.push((at, first, aim));
            }
        }
        for (variant, aims) in variants {
            let pages: HashSet<usize> = aims.iter().map(|(at, _, _)| *at).collect();
            if pages.len() < 2 || !aims.iter().any(|(_, first, _)| *first) {
                continue;
            }
            // Who aims at it first of all keeps it: of several a hub, else the page that is searched most.
            let claim = |&&(at, first, _): &&(usize, bool, &Aim)| {
                let page = &self.pages[at];
                (first, page.role == Some(Role::Hub), page.volume, Reverse(&page.key))
            };
            let Some(&(keeper, _, _)) = aims.iter().max_by_key(claim) else {
                continue;
            };
            let mut others: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (at, _, aim) in aims.iter().filter(|(at, _, _)| *at != keeper) {
                others.entry(&self.pages[*at].key).or_default().push(aim.id.clone());
            }
            let drops = others.into_iter().map(|(page, keywords)| Edit::Drop {
                page: page.to_owned(),
                keywords,
            });
            let mend = edits(drops.collect());
            let text = &aims[0].2.text;
            let message = format!(
                "{} pages aim at “{text}”; “{}” should be the one.",
                pages.len(),
                self.pages[keeper].title
            );
            self.note(rule, Place::Keyword { variant }, message, mend);
        }
    }

    /// Pages of clusters that aim at nothing.
    pub(super) fn page_keywords(&mut self, rule: &CoverageRule) {
        let lacking: Vec<&PagePlan> = self
            .pages
            .iter()
            .filter(|page| page.cluster.is_some() && page.primary.is_none())
            .collect();
        if lacking.is_empty() {
            return;
        }
        let aims = self
            .pages
            .iter()
            .flat_map(|page| page.primary.iter().chain(&page.keywords));
        let mut taken: HashSet<String> = aims.map(|aim| self.making.stems.variant(&aim.text)).collect();
        let clusters: HashMap<&str, &[Keyword]> = self
            .input
            .clusters
            .iter()
            .map(|of| (of.id.as_str(), of.keywords.as_slice()))
            .collect();
        for page in lacking {
            let keywords = page
                .cluster
                .as_deref()
                .and_then(|id| clusters.get(id))
                .copied()
                .unwrap_or_default();
            let mut free: Vec<(String, &Keyword)> = keywords
                .iter()
                .map(|keyword| (self.making.stems.variant(&keyword.text), keyword))
                .filter(|(variant, keyword)| !taken.contains(variant) && !keyword.text.trim().is_empty())
                .collect();
            free.sort_by(|(_, a), (_, b)| (Reverse(a.volume), &a.text).cmp(&(Reverse(b.volume), &b.text)));
            let mend = match free.into_iter().next() {
                Some((variant, keyword)) => {
                    taken.insert(variant);
                    edits(vec![Edit::Aim {
                        page: page.key.clone(),
                        primary: Some(Aim {
                            id: keyword.id.clone(),
                            text: keyword.text.clone(),
                        }),
                        keywords: None,
                    }])
                }
                None => by_hand("Choose a keyword for it, or take it out."),
            };
            let place = Place::Page { page: page.key.clone() };
            self.note(rule, place, format!("“{}” aims at no keyword.", page.title), mend);
        }
    }

    /// Pages that are no part of the frame and belong to no cluster.
    pub(super) fn page_clusters(&mut self, rule: &CoverageRule) {
        let lacking: Vec<&PagePlan> = self
            .pages
            .iter()
            .filter(|page| page.cluster.is_none() && page.term.is_none() && !page.is_frame())
            .collect();
        if lacking.is_empty() {
            return;
        }
        let groups: Vec<Vec<&str>> = self
            .making
            .clusters
            .iter()
            .map(|cluster| {
                let keywords = cluster.keywords.iter().map(|keyword| keyword.text.as_str());
                std::iter::once(cluster.name.as_str()).chain(keywords).collect()
            })
            .collect();
        let texts: Vec<&str> = lacking
            .iter()
            .map(|page| {
                page.primary
                    .as_ref()
                    .map_or(page.title.as_str(), |aim| aim.text.as_str())
            })
            .collect();
        let fitting = igny8_planner::ideas::fitting(&groups, &texts, &self.input.brand.language);
        for (n, page) in lacking.into_iter().enumerate() {
            let cluster = fitting.as_ref().and_then(|of| self.making.clusters.get(*of.get(n)?));
            let mend = match cluster {
                Some(cluster) => edits(vec![Edit::Assign {
                    page: page.key.clone(),
                    cluster: Some(cluster.id.clone()),
                    role: Some(Role::Supporting),
                }]),
                None => by_hand("Attach a cluster it belongs to, or take it out."),
            };
            let place = Place::Page { page: page.key.clone() };
            self.note(rule, place, format!("“{}” belongs to no cluster.", page.title), mend);
        }
    }
}
