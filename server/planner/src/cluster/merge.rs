//! Joins communities whose keywords are as alike across as they are within.
//!
//! Every keyword knows its nearest others only, so a need that is asked for in some hundred ways falls into pieces: each
//! keyword finds its neighbours among the few most like it, and the edges across that all pairs would have are missing. Means
//! over all pairs show it (as relative closeness does in G. Karypis, E.-H. Han, V. Kumar: *Chameleon: hierarchical clustering
//! using dynamic modeling*, IEEE Computer 32(8), 1999), and need no pairs: the sum of all products of two sets of vectors is
//! the product of their sums.

use super::features::Rows;
use super::leiden::Network;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

/// A group with what the mean likeness of its pairs needs.
struct Part {
    units: Vec<u32>,
    /// The sum of the vectors, by dimension.
    sum: Vec<(u32, f32)>,
    /// Squared length of the sum.
    square: f64,
    /// Squared lengths of the vectors, summed.
    own: f64,
    /// Places of groups that some edge leads to.
    near: BTreeSet<usize>,
    /// How often it has grown; none once it is in another.
    version: Option<u32>,
}

/// Two groups that may be one, at the versions they had.
struct Pair {
    closeness: f64,
    places: (usize, usize),
    versions: (Option<u32>, Option<u32>),
}

impl PartialEq for Pair {
    fn eq(&self, other: &Pair) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Pair) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Pair) -> Ordering {
        (self.closeness.total_cmp(&other.closeness)).then_with(|| other.places.cmp(&self.places))
    }
}

/// Joins groups that an edge leads between, the closest first, while their mean likeness across is at least `least` of that
/// within, both above what any two keywords of the list have in common; never to more than `max` units.
pub(super) fn merge(rows: &Rows, network: &Network, groups: Vec<Vec<u32>>, least: f64, max: usize) -> Vec<Vec<u32>> {
    let usual = usual(rows);
    let mut parts = parts(rows, network, groups);
    let mut heap: BinaryHeap<Pair> = BinaryHeap::new();
    let push = |heap: &mut BinaryHeap<Pair>, parts: &[Part], a: usize, b: usize| {
        let places = (a.min(b), a.max(b));
        let (x, y) = (&parts[places.0], &parts[places.1]);
        if x.units.len() + y.units.len() > max {
            return;
        }
        let closeness = closeness(x, y, usual);
        if closeness >= least {
            let versions = (x.version, y.version);
            heap.push(Pair {
                closeness,
                places,
                versions,
            });
        }
    };
    for a in 0..parts.len() {
        for &b in parts[a].near.range(a + 1..) {
            push(&mut heap, &parts, a, b);
        }
    }
    while let Some(pair) = heap.pop() {
        let (a, b) = pair.places;
        if (parts[a].version, parts[b].version) != pair.versions {
            continue;
        }
        join(&mut parts, a, b);
        for &other in &parts[a].near {
            push(&mut heap, &parts, a, other);
        }
    }
    parts
        .into_iter()
        .filter(|part| part.version.is_some())
        .map(|part| part.units)
        .collect()
}

/// The mean likeness of any two keywords of the list.
fn usual(rows: &Rows) -> f64 {
    let mut sum = vec![0.0f64; rows.width()];
    let mut own = 0.0;
    for i in 0..rows.len() {
        for (d, w) in rows.row(i) {
            sum[d as usize] += f64::from(w);
            own += f64::from(w) * f64::from(w);
        }
    }
    let pairs = rows.len() as f64 * (rows.len() as f64 - 1.0);
    (sum.iter().map(|w| w * w).sum::<f64>() - own) / pairs.max(1.0)
}

fn parts(rows: &Rows, network: &Network, groups: Vec<Vec<u32>>) -> Vec<Part> {
    let mut place = vec![usize::MAX; rows.len()];
    for (g, units) in groups.iter().enumerate() {
        for &u in units {
            place[u as usize] = g;
        }
    }
    groups
        .into_iter()
        .enumerate()
        .map(|(g, units)| {
            let mut sums: FxHashMap<u32, f32> = FxHashMap::default();
            let mut own = 0.0;
            for &u in &units {
                for (d, w) in rows.row(u as usize) {
                    *sums.entry(d).or_default() += w;
                    own += f64::from(w) * f64::from(w);
                }
            }
            let mut sum: Vec<(u32, f32)> = sums.into_iter().collect();
            sum.sort_unstable_by_key(|&(d, _)| d);
            let near = units
                .iter()
                .flat_map(|&u| network.neighbours(u as usize))
                .map(|(other, _)| place[other])
                .filter(|&other| other != g && other != usize::MAX)
                .collect();
            Part {
                square: dot(&sum, &sum),
                units,
                sum,
                own,
                near,
                version: Some(0),
            }
        })
        .collect()
}

/// How alike the keywords of two groups are across, as a share of how alike they are within.
fn closeness(a: &Part, b: &Part, usual: f64) -> f64 {
    let (n, m) = (a.units.len() as f64, b.units.len() as f64);
    let within = |part: &Part, n: f64| {
        // One keyword is like itself.
        let mean = if n > 1.0 {
            (part.square - part.own) / (n * (n - 1.0))
        } else {
            1.0
        };
        (mean - usual).max(1e-6)
    };
    let across = dot(&a.sum, &b.sum) / (n * m) - usual;
    across * (n + m) / (n * within(a, n) + m * within(b, m))
}

/// Puts the second group into the first.
fn join(parts: &mut [Part], a: usize, b: usize) {
    let units = std::mem::take(&mut parts[b].units);
    let sum = std::mem::take(&mut parts[b].sum);
    let near = std::mem::take(&mut parts[b].near);
    parts[b].version = None;
    for &other in near.iter().filter(|&&other| other != a) {
        parts[other].near.remove(&b);
        parts[other].near.insert(a);
    }
    let own = parts[b].own;
    let part = &mut parts[a];
    part.near.extend(near);
    part.near.remove(&a);
    part.near.remove(&b);
    part.units.extend(units);
    part.units.sort_unstable();
    part.sum = added(&part.sum, &sum);
    part.square = dot(&part.sum, &part.sum);
    part.own += own;
    part.version = part.version.map(|v| v + 1);
}

/// Calls `both` with the weights of every dimension that one of two sorted vectors has.
fn zip(a: &[(u32, f32)], b: &[(u32, f32)], mut both: impl FnMut(u32, f32, f32)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (x, y) = (a.get(i).map_or(u32::MAX, |x| x.0), b.get(j).map_or(u32::MAX, |y| y.0));
        let d = x.min(y);
        let (mut left, mut right) = (0.0, 0.0);
        if x == d {
            left = a[i].1;
            i += 1;
        }
        if y == d {
            right = b[j].1;
            j += 1;
        }
        both(d, left, right);
    }
}

fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f64 {
    let mut sum = 0.0;
    zip(a, b, |_, x, y| sum += f64::from(x) * f64::from(y));
    sum
}

fn added(a: &[(u32, f32)], b: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    zip(a, b, |d, x, y| out.push((d, x + y)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::variants;
    use crate::cluster::{Keyword, Options};

    /// Rows of keywords in the order given, and a network in which each is a neighbour of all.
    fn of(texts: &[&str]) -> (Rows, Network) {
        let keywords: Vec<Keyword> = texts.iter().map(|t| Keyword::new(*t)).collect();
        let (mut units, _) = variants::group(&keywords, &Options::default());
        units.sort_by_key(|u| u.members[0]);
        let n = units.len() as u32;
        let edges: Vec<_> = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b, 0.1))).collect();
        (Rows::new(&units), Network::new(vec![1.0; n as usize], &edges))
    }

    const TEXTS: [&str; 8] = [
        "garden hose green",
        "garden hose long",
        "garden hose soft",
        "garden hose flat",
        "tax return late",
        "tax return online",
        "visa japan cost",
        "visa japan rules",
    ];

    #[test]
    fn pieces_of_one_need_are_joined_and_others_are_not() {
        let (rows, network) = of(&TEXTS);
        let pieces = || vec![vec![0, 1], vec![2, 3], vec![4, 5], vec![6, 7]];
        let joined = merge(&rows, &network, pieces(), 0.55, 250);
        assert_eq!(joined, [vec![0, 1, 2, 3], vec![4, 5], vec![6, 7]]);
        assert_eq!(merge(&rows, &network, pieces(), 0.55, 3), pieces(), "too large");
        assert_eq!(
            merge(&rows, &Network::new(vec![1.0; 8], &[]), pieces(), 0.55, 250),
            pieces()
        );
        assert!(merge(&rows, &network, Vec::new(), 0.55, 250).is_empty());
    }

    #[test]
    fn means_of_sums_are_means_of_pairs() {
        let (rows, network) = of(&TEXTS);
        let pair = |a: usize, b: usize| {
            let (a, b): (Vec<_>, Vec<_>) = (rows.row(a).collect(), rows.row(b).collect());
            dot(&a, &b)
        };
        let all: f64 = (0..8)
            .flat_map(|a| (0..8).filter(move |&b| a != b).map(move |b| (a, b)))
            .map(|(a, b)| pair(a, b))
            .sum();
        assert!((usual(&rows) - all / 56.0).abs() < 1e-6);
        let parts = parts(&rows, &network, vec![vec![0, 1, 2], vec![3, 4]]);
        let across: f64 = (0..3).flat_map(|a| [pair(a, 3), pair(a, 4)]).sum::<f64>() / 6.0;
        let within = (pair(0, 1) + pair(0, 2) + pair(1, 2)) / 3.0;
        let expected = across * 5.0 / (3.0 * within + 2.0 * pair(3, 4).max(1e-6));
        assert!((closeness(&parts[0], &parts[1], 0.0) - expected).abs() < 1e-4);
    }
}
