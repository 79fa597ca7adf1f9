//! What is known rather than guessed: shared search results and the topics keyword tools assign.

use rustc_hash::FxHashMap;

/// How many of the first results are compared, as everyone who groups by results does.
const TOP: usize = 10;

/// The first results of every unit as numbers, sorted; empty where there are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Results {
    urls: Vec<Vec<u32>>,
    count: usize,
}

impl Results {
    pub(crate) fn new<'a>(units: impl Iterator<Item = &'a [String]>) -> Results {
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let urls = units
            .map(|urls| {
                let mut row: Vec<u32> = Vec::new();
                for url in urls {
                    let next = numbers.len() as u32;
                    let number = *numbers.entry(page(url)).or_insert(next);
                    if row.len() < TOP && !row.contains(&number) {
                        row.push(number);
                    }
                }
                row.sort_unstable();
                row
            })
            .collect();
        Results {
            urls,
            count: numbers.len(),
        }
    }

    /// Whether any unit has results.
    pub(crate) fn any(&self) -> bool {
        self.count > 0
    }

    /// Memory of the numbers, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.urls
            .iter()
            .map(|urls| size_of_val(urls) + size_of_val(urls.as_slice()))
            .sum()
    }

    pub(crate) fn has(&self, unit: usize) -> bool {
        !self.urls[unit].is_empty()
    }

    /// Share of the shorter list's results that are in the other; `None` without results on both sides. Below three
    /// results there is nothing to compare.
    pub(crate) fn shared(&self, a: usize, b: usize) -> Option<f32> {
        let (a, b) = (&self.urls[a], &self.urls[b]);
        let least = a.len().min(b.len());
        (least >= 3).then(|| a.iter().filter(|u| b.binary_search(u).is_ok()).count() as f32 / least as f32)
    }

    /// Stars: in the given order, every unit that is in no group yet becomes a centre, and each later one that shares
    /// enough with a centre goes to the centre it shares most with (the first of equals). No chains: every member shares
    /// results with the centre itself. Returns each unit's centre.
    pub(crate) fn stars(&self, order: &[u32], least: f32) -> Vec<Option<u32>> {
        let mut centre: Vec<Option<u32>> = vec![None; self.urls.len()];
        let mut listed: Vec<Vec<u32>> = vec![Vec::new(); self.count];
        for &unit in order {
            let mut candidates: Vec<u32> = self.urls[unit as usize]
                .iter()
                .flat_map(|&u| &listed[u as usize])
                .copied()
                .collect();
            candidates.sort_unstable();
            candidates.dedup();
            let mut found: Option<(f32, u32)> = None;
            for c in candidates {
                if let Some(share) = self.shared(unit as usize, c as usize)
                    // Shares are tenths and thirds; a hair of tolerance keeps 4 of 10 at the 40 % rule.
                    && share + 1e-6 >= least
                {
                    let rank = centre_rank(order, c);
                    if found.is_none_or(|(s, f)| share > s || (share == s && rank < centre_rank(order, f))) {
                        found = Some((share, c));
                    }
                }
            }
            match found {
                Some((_, c)) => centre[unit as usize] = Some(c),
                None if self.has(unit as usize) => {
                    centre[unit as usize] = Some(unit);
                    for &u in &self.urls[unit as usize] {
                        listed[u as usize].push(unit);
                    }
                }
                None => {}
            }
        }
        centre
    }
}

/// Only equal shares ask for this, so a search is cheap enough.
fn centre_rank(order: &[u32], unit: u32) -> usize {
    order.iter().position(|&u| u == unit).unwrap_or(usize::MAX)
}

/// An address without what does not change the page: protocol, `www.`, fragment, final slash.
fn page(url: &str) -> String {
    let url = url.trim();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.split('#').next().unwrap_or_default();
    let lower = url.to_lowercase();
    lower
        .strip_prefix("www.")
        .unwrap_or(&lower)
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_ten_is_enough_and_stars_do_not_chain() {
        let list = |from: usize| {
            (from..from + 10)
                .map(|i| format!("https://www.example.com/{i}/"))
                .collect::<Vec<_>>()
        };
        // Each shares six results with the next and none with the one after that but one.
        let lists = [list(0), list(6), list(12), list(18)];
        let results = Results::new(lists.iter().map(Vec::as_slice));
        assert_eq!(results.shared(0, 1), Some(0.4));
        assert_eq!(results.stars(&[0, 1, 2, 3], 0.4), [Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!(results.stars(&[0, 1, 2, 3], 0.5), [Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn an_address_is_compared_by_its_page() {
        assert_eq!(page(" HTTPS://www.Example.com/a/#top"), "example.com/a");
        assert_eq!(page("example.com/a"), "example.com/a");
    }
}
