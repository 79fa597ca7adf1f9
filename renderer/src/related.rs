//! Pages that belong together: shared terms and cluster, rare ones weighing more.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::incremental::trace::{self, Fact};
use crate::plan::Plan;

/// Neighbours looked at on each side of a page in the list of each of its terms. Terms with thousands of pages say little, and
/// looking at all of them would grow with pages × pages.
const WINDOW: usize = 24;
/// What a page of the same kind has before others.
const SAME_KIND: u32 = 50;

/// Lists of pages by what they share, each sorted newest first.
pub(crate) struct Related<'s> {
    clusters: HashMap<&'s str, Vec<usize>>,
    /// A page's place in the list of each of its terms, in the order of its terms.
    places: Vec<Vec<u32>>,
}

impl<'s> Related<'s> {
    pub fn new(plan: &Plan<'s>) -> Self {
        let mut clusters: HashMap<&'s str, Vec<usize>> = HashMap::new();
        for (i, planned) in plan.pages.rows().iter().enumerate() {
            if let Some(cluster) = &planned.page.cluster {
                clusters.entry(cluster.id.as_str()).or_default().push(i);
            }
        }
        let mut places: Vec<Vec<u32>> = plan.pages.rows().iter().map(|p| vec![0; p.terms.len()]).collect();
        for (t, term) in plan.terms.rows().iter().enumerate() {
            for (place, &page) in term.listing.items().iter().enumerate() {
                // Pages of the terms below are in the list too.
                if let Some(own) = plan.pages[page].terms.iter().position(|&of| of == t) {
                    places[page][own] = place as u32;
                }
            }
        }
        Self { clusters, places }
    }

    /// At most `limit` pages related to page `i`, best first, in its language.
    pub fn of(&self, plan: &Plan<'s>, i: usize, limit: usize) -> Vec<usize> {
        trace::read(Fact::Related, || plan.pages.rows()[i].identity);
        trace::unwatched(|| self.find(plan, i, limit))
    }

    fn find(&self, plan: &Plan<'s>, i: usize, limit: usize) -> Vec<usize> {
        let planned = &plan.pages[i];
        let one_language = plan.languages.len() == 1;
        // Page and score in one number, so that sorting by page is a sort of plain numbers.
        let mut seen: Vec<u64> = Vec::with_capacity(planned.terms.len() * (2 * WINDOW + 1) + 2 * WINDOW + 1);
        let mut add = |items: &[usize], place: usize, weight: u32| {
            let from = place.saturating_sub(WINDOW);
            let to = (place + WINDOW + 1).min(items.len());
            for &other in &items[from..to] {
                if other != i && (one_language || plan.pages[other].language == planned.language) {
                    seen.push((other as u64) << 32 | u64::from(weight));
                }
            }
        };
        for (&term, &place) in planned.terms.iter().zip(&self.places[i]) {
            let items = plan.terms[term].listing.items();
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
        seen.sort_unstable();

        // The best so far, best first; few are wanted, so most pages are told apart by their score alone.
        let mut best: Vec<Candidate> = Vec::with_capacity(limit + 1);
        for same_page in seen.chunk_by(|a, b| a >> 32 == b >> 32) {
            let page = (same_page[0] >> 32) as usize;
            let score: u32 = same_page.iter().map(|s| *s as u32).sum();
            let full = best.len() == limit;
            if full && best.last().is_none_or(|worst| score + SAME_KIND < worst.score) {
                continue;
            }
            let other = &plan.pages[page];
            let same_kind = other.page.kind == planned.page.kind;
            let candidate = Candidate {
                score: score + u32::from(same_kind) * SAME_KIND,
                date: other.date(),
                page,
            };
            let at = best.partition_point(|b| b.key() < candidate.key());
            if at < limit {
                best.truncate(limit - 1);
                best.insert(at, candidate);
            }
        }
        best.into_iter().map(|candidate| candidate.page).collect()
    }
}

struct Candidate {
    score: u32,
    date: Option<DateTime<Utc>>,
    page: usize,
}

impl Candidate {
    /// Highest score first, then newest; ties by address.
    fn key(&self) -> (Reverse<u32>, Reverse<Option<DateTime<Utc>>>, usize) {
        (Reverse(self.score), Reverse(self.date), self.page)
    }
}
