//! Pages that belong together: shared terms and cluster, rare ones weighing more.

use std::collections::HashMap;

use crate::plan::Plan;

/// Neighbours looked at on each side of a page in the list of each of its terms. Terms with thousands of pages say little, and
/// looking at all of them would grow with pages × pages.
const WINDOW: usize = 24;

/// Lists of pages by what they share, each sorted newest first.
pub(crate) struct Related<'s> {
    clusters: HashMap<&'s str, Vec<usize>>,
    /// A page's place in the list of each of its terms, in the order of its terms.
    places: Vec<Vec<u32>>,
}

impl<'s> Related<'s> {
    pub fn new(plan: &Plan<'s>) -> Self {
        let mut clusters: HashMap<&'s str, Vec<usize>> = HashMap::new();
        for (i, planned) in plan.pages.iter().enumerate() {
            if let Some(cluster) = &planned.page.cluster {
                clusters.entry(cluster.id.as_str()).or_default().push(i);
            }
        }
        let mut by_page: Vec<HashMap<usize, u32>> = vec![HashMap::new(); plan.pages.len()];
        for (t, term) in plan.terms.iter().enumerate() {
            for (place, &page) in term.listing.items.iter().enumerate() {
                if plan.pages[page].terms.contains(&t) {
                    by_page[page].insert(t, place as u32);
                }
            }
        }
        let places = plan
            .pages
            .iter()
            .zip(by_page)
            .map(|(p, places)| p.terms.iter().map(|t| places.get(t).copied().unwrap_or(0)).collect())
            .collect();
        Self { clusters, places }
    }

    /// At most `limit` pages related to page `i`, best first, in its language.
    pub fn of(&self, plan: &Plan<'s>, i: usize, limit: usize) -> Vec<usize> {
        let planned = &plan.pages[i];
        let mut scores: HashMap<usize, u32> = HashMap::new();
        let mut add = |items: &[usize], place: usize, weight: u32| {
            let from = place.saturating_sub(WINDOW);
            let to = (place + WINDOW + 1).min(items.len());
            for &other in &items[from..to] {
                if other != i && plan.pages[other].language == planned.language {
                    *scores.entry(other).or_default() += weight;
                }
            }
        };
        for (&term, &place) in planned.terms.iter().zip(&self.places[i]) {
            let items = &plan.terms[term].listing.items;
            // 1000 for a term of two pages, 100 for one of thousands.
            let weight = 100 + 1800 / (items.len() as u32).max(2);
            add(items, place as usize, weight);
        }
        if let Some(items) = planned
            .page
            .cluster
            .as_ref()
            .and_then(|c| self.clusters.get(c.id.as_str()))
        {
            let place = items.binary_search(&i).unwrap_or(0);
            add(items, place, 1200);
        }
        let mut found: Vec<(usize, u32)> = scores.into_iter().collect();
        let key = |&(page, score): &(usize, u32)| {
            let same_kind = plan.pages[page].page.kind == planned.page.kind;
            (
                std::cmp::Reverse(score + u32::from(same_kind) * 50),
                std::cmp::Reverse(plan.pages[page].date()),
                page,
            )
        };
        found.sort_by_key(key);
        found.into_iter().take(limit).map(|(page, _)| page).collect()
    }
}
