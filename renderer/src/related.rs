//! Pages that belong together: shared cluster, terms and keywords, rare ones weighing more.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use crate::incremental::trace::{self, Fact};
use crate::plan::Plan;
use crate::site::Page;
use crate::tables;

/// Neighbours looked at on each side of a page in each list it is in. Terms with thousands of pages say little, and looking at all
/// of them would grow with pages × pages.
const WINDOW: usize = 24;
/// The same in lists of pages with one word in their keywords: there are many of these lists.
const WORD_WINDOW: usize = 8;
/// What a page of the same kind has before others.
const SAME_KIND: u32 = 50;
/// What a shared cluster, a shared keyword is worth.
const CLUSTER: u32 = 1200;
const KEYWORD: u32 = 600;
/// Shorter words are rarely about anything.
const WORD: usize = 3;

/// Pages that share something, newest first.
struct Shared {
    pages: Vec<u32>,
    weight: u32,
    window: usize,
}

/// Which pages are related: as it was found for the render before, where what decides it is the same, or by an index, which is
/// made when it is first asked.
#[derive(Default)]
pub(crate) struct Related {
    pub known: Option<Arc<Kinship>>,
    index: OnceLock<Index>,
}

/// Related pages of all pages, and what decides that.
#[derive(Default)]
pub(crate) struct Kinship {
    pub digest: u64,
    /// By page: its related pages, best first, as many as are ever shown.
    pub pages: Vec<Box<[u32]>>,
}

impl Related {
    /// At most `limit` pages related to page `i`, best first, in its language.
    pub fn of(&self, plan: &Plan<'_>, i: usize, limit: usize) -> Vec<usize> {
        trace::read(Fact::Related, || plan.pages.rows()[i].identity);
        match &self.known {
            Some(known) => known.pages[i].iter().take(limit).map(|&page| page as usize).collect(),
            None => trace::unwatched(|| self.index.get_or_init(|| Index::new(plan)).find(plan, i, limit)),
        }
    }
}

/// Digest of all that decides which pages are related, their order included.
fn kinship(plan: &Plan<'_>) -> u64 {
    let pages = plan.pages.rows();
    let kin: Vec<u64> = (0..pages.len())
        .into_par_iter()
        .with_min_len(256)
        .map(|i| {
            let planned = &pages[i];
            let cluster = planned.page.cluster.as_ref().map(|c| c.id.as_str());
            let mut hasher = tables::digest();
            (planned.identity, planned.language, planned.page.kind).hash(&mut hasher);
            (planned.date(), planned.of_term, plan.newest[i]).hash(&mut hasher);
            (cluster, &planned.terms).hash(&mut hasher);
            keywords(&planned.page).for_each(|keyword| keyword.hash(&mut hasher));
            hasher.finish()
        })
        .collect();
    // Terms by their indexes above, so by their names here.
    let terms: Vec<(u64, &[usize])> = plan
        .terms
        .rows()
        .iter()
        .map(|t| (t.listing.identity, t.listing.items()))
        .collect();
    trace::identity(&(kin, terms))
}

/// Finds the related pages of all pages, unless what decides it is as in the render before.
pub(crate) fn find_all(plan: &Plan<'_>, before: &Arc<Kinship>, most: usize) -> Arc<Kinship> {
    let digest = kinship(plan);
    if digest == before.digest {
        return Arc::clone(before);
    }
    let index = Index::new(plan);
    let pages = (0..plan.pages.rows().len()).into_par_iter().map(|i| {
        let related = index.find(plan, i, most);
        related.into_iter().map(|page| page as u32).collect()
    });
    Arc::new(Kinship {
        digest,
        pages: pages.collect(),
    })
}

/// An inverted index: lists of pages by what they share.
struct Index {
    lists: Vec<Shared>,
    /// By page: the lists it is in, and its place in each.
    places: Vec<Vec<(u32, u32)>>,
}

impl Index {
    fn new(plan: &Plan<'_>) -> Self {
        let pages = plan.pages.rows();
        let mut related = Self {
            lists: Vec::new(),
            places: vec![Vec::new(); pages.len()],
        };
        for (t, term) in plan.terms.rows().iter().enumerate() {
            let items = term.listing.items();
            // 1000 for a term of two pages, 100 for one of thousands. Pages of the terms below are in the list, but this is no
            // term of theirs.
            let weight = 100 + 1800 / (items.len() as u32).max(2);
            related.add(items, weight, WINDOW, |page| {
                pages[page].terms.binary_search(&t).is_ok()
            });
        }
        for cluster in plan.clusters() {
            let mut items: Vec<usize> = cluster.hub.iter().chain(&cluster.members).copied().collect();
            items.sort_by_key(|&i| plan.newest[i]);
            related.add(&items, CLUSTER, WINDOW, |_| true);
        }
        let mut order: Vec<usize> = (0..pages.len()).collect();
        order.sort_by_key(|&i| plan.newest[i]);
        let mut phrases: HashMap<String, Vec<usize>> = HashMap::new();
        let mut words: HashMap<String, Vec<usize>> = HashMap::new();
        for i in order {
            for keyword in keywords(&pages[i].page) {
                let keyword = keyword.to_lowercase();
                for word in keyword
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|w| w.len() >= WORD)
                {
                    put(&mut words, word, i);
                }
                put(&mut phrases, keyword.trim(), i);
            }
        }
        for items in sorted(phrases) {
            related.add(&items, KEYWORD, WINDOW, |_| true);
        }
        for items in sorted(words) {
            let weight = 20 + 400 / (items.len() as u32).max(2);
            related.add(&items, weight, WORD_WINDOW, |_| true);
        }
        related
    }

    fn add(&mut self, items: &[usize], weight: u32, window: usize, counts: impl Fn(usize) -> bool) {
        if items.len() < 2 {
            return;
        }
        let list = self.lists.len() as u32;
        for (place, &page) in items.iter().enumerate().filter(|(_, page)| counts(**page)) {
            self.places[page].push((list, place as u32));
        }
        self.lists.push(Shared {
            pages: items.iter().map(|&i| i as u32).collect(),
            weight,
            window,
        });
    }

    /// At most `limit` pages related to page `i`, best first, in its language.
    fn find(&self, plan: &Plan<'_>, i: usize, limit: usize) -> Vec<usize> {
        let pages = plan.pages.rows();
        let planned = &pages[i];
        let one_language = plan.languages.len() == 1;
        // Page and score in one number, so that sorting by page is a sort of plain numbers.
        let mut seen: Vec<u64> = Vec::with_capacity(self.places[i].len() * (2 * WINDOW + 1));
        for &(list, place) in &self.places[i] {
            let list = &self.lists[list as usize];
            let from = (place as usize).saturating_sub(list.window);
            let to = (place as usize + list.window + 1).min(list.pages.len());
            for &other in &list.pages[from..to] {
                let page = &pages[other as usize];
                let fits = one_language || page.language == planned.language;
                if other as usize != i && fits && page.of_term.is_none() {
                    seen.push(u64::from(other) << 32 | u64::from(list.weight));
                }
            }
        }
        seen.sort_unstable();

        // The best so far, best first; few are wanted, so most pages are told apart by their score alone.
        let mut best: Vec<Candidate> = Vec::with_capacity(limit + 1);
        for same_page in seen.chunk_by(|a, b| a >> 32 == b >> 32) {
            let page = (same_page[0] >> 32) as usize;
            let score = same_page.iter().fold(0u32, |sum, s| sum.saturating_add(*s as u32));
            let full = best.len() == limit;
            if full
                && best
                    .last()
                    .is_none_or(|worst| score.saturating_add(SAME_KIND) < worst.score)
            {
                continue;
            }
            let other = &pages[page];
            let same_kind = other.page.kind == planned.page.kind;
            let candidate = Candidate {
                score: score.saturating_add(u32::from(same_kind) * SAME_KIND),
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

/// What a page wants to be found by.
pub(crate) fn keywords(page: &Page) -> impl Iterator<Item = &str> {
    let all = page.primary_keyword.iter().chain(&page.keywords);
    all.map(|k| k.trim()).filter(|k| !k.is_empty())
}

fn put(lists: &mut HashMap<String, Vec<usize>>, key: &str, page: usize) {
    if let Some(list) = lists.get_mut(key) {
        if list.last() != Some(&page) {
            list.push(page);
        }
    } else {
        lists.insert(key.to_owned(), vec![page]);
    }
}

/// Lists by key, so that a page's lists come in the same order in every render.
fn sorted(lists: HashMap<String, Vec<usize>>) -> impl Iterator<Item = Vec<usize>> {
    let mut lists: Vec<(String, Vec<usize>)> = lists.into_iter().filter(|(_, pages)| pages.len() > 1).collect();
    lists.sort_unstable();
    lists.into_iter().map(|(_, pages)| pages)
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
