//! Measures of a directed graph whose nodes are numbered without gaps.

/// Neighbours of every node, in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Arcs {
    starts: Vec<usize>,
    to: Vec<u32>,
}

impl Arcs {
    /// From pairs that are in order and different.
    pub(super) fn new(nodes: usize, pairs: &[(u32, u32)]) -> Self {
        let mut starts = vec![0usize; nodes + 1];
        for &(from, _) in pairs {
            starts[from as usize + 1] += 1;
        }
        for i in 0..nodes {
            starts[i + 1] += starts[i];
        }
        Self {
            starts,
            to: pairs.iter().map(|p| p.1).collect(),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn len(&self) -> usize {
        self.to.len()
    }

    pub(super) fn of(&self, node: u32) -> &[u32] {
        &self.to[self.starts[node as usize]..self.starts[node as usize + 1]]
    }

    pub(super) fn has(&self, from: u32, to: u32) -> bool {
        self.of(from).binary_search(&to).is_ok()
    }

    pub(super) fn inbound(&self) -> Vec<usize> {
        let mut counts = vec![0; self.nodes()];
        for &to in &self.to {
            counts[to as usize] += 1;
        }
        counts
    }
}

/// Clicks from `home` to every node; none where no way leads.
pub(super) fn depths(arcs: &Arcs, home: Option<u32>) -> Vec<Option<u32>> {
    let mut depths = vec![None; arcs.nodes()];
    let mut queue: std::collections::VecDeque<u32> = home.into_iter().collect();
    if let Some(home) = home {
        depths[home as usize] = Some(0);
    }
    while let Some(node) = queue.pop_front() {
        let next = depths[node as usize].map(|d| d + 1);
        for &to in arcs.of(node) {
            if depths[to as usize].is_none() {
                depths[to as usize] = next;
                queue.push_back(to);
            }
        }
    }
    depths
}

/// PageRank with damping 0.85 (Page, Brin, Motwani & Winograd 1999); nodes without links give to all alike. The sum is 1.
/// Always from the start, so that it depends on the graph and not on what it was before.
pub(super) fn page_rank(arcs: &Arcs) -> Vec<f64> {
    const DAMPING: f64 = 0.85;
    let nodes = arcs.nodes();
    if nodes == 0 {
        return Vec::new();
    }
    let all = nodes as f64;
    let mut ranks = vec![1.0 / all; nodes];
    let mut next = vec![0.0; nodes];
    for _ in 0..100 {
        let mut idle = 0.0;
        next.fill(0.0);
        for (from, &rank) in (0u32..).zip(&ranks) {
            let to = arcs.of(from);
            if to.is_empty() {
                idle += rank;
            } else {
                let share = rank / to.len() as f64;
                for &to in to {
                    next[to as usize] += share;
                }
            }
        }
        let base = (1.0 - DAMPING) / all + DAMPING * idle / all;
        let mut change = 0.0;
        for (rank, new) in ranks.iter_mut().zip(&next) {
            let new = base + DAMPING * new;
            change += (new - *rank).abs();
            *rank = new;
        }
        if change < 1e-7 {
            break;
        }
    }
    ranks
}

/// The component of every node, links read both ways, as the smallest node in it.
pub(super) fn components(arcs: &Arcs) -> Vec<u32> {
    let mut parent: Vec<u32> = (0u32..).take(arcs.nodes()).collect();
    fn root(parent: &mut [u32], mut node: u32) -> u32 {
        while parent[node as usize] != node {
            parent[node as usize] = parent[parent[node as usize] as usize];
            node = parent[node as usize];
        }
        node
    }
    for from in (0u32..).take(arcs.nodes()) {
        for &to in arcs.of(from) {
            let (a, b) = (root(&mut parent, from), root(&mut parent, to));
            parent[a.max(b) as usize] = a.min(b);
        }
    }
    (0u32..)
        .take(arcs.nodes())
        .map(|node| root(&mut parent, node))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_depths_and_components_of_a_small_graph() {
        // 0 → 1 → 2 → 0, 3 → 0; 4 alone.
        let arcs = Arcs::new(5, &[(0, 1), (1, 2), (2, 0), (3, 0)]);
        assert_eq!(depths(&arcs, Some(0)), [Some(0), Some(1), Some(2), None, None]);
        assert_eq!(components(&arcs), [0, 0, 0, 0, 4]);
        let ranks = page_rank(&arcs);
        assert!((ranks.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        assert!(ranks[0] > ranks[1] && ranks[1] > ranks[2] && ranks[2] > ranks[3]);
        assert!((ranks[3] - ranks[4]).abs() < 1e-9);
        assert!(page_rank(&Arcs::default()).is_empty());
    }
}
