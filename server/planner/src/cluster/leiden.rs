//! Leiden with the constant Potts model: communities of a weighted graph, their number found on the way.
//!
//! V. A. Traag, L. Waltman, N. J. van Eck: *From Louvain to Leiden: guaranteeing well-connected communities*, Scientific
//! Reports 9, 5233 (2019), with the quality function of Traag, Van Dooren, Nesterov: *Narrow scope for resolution-limit-free
//! community detection*, Physical Review E 84, 016114 (2011):
//!
//! `Q = Σ_c ( w_c − γ · n_c · (n_c − 1) / 2 )`, where `w_c` is the edge weight inside community `c` and `n_c` the number of
//! nodes in it. A community is worth keeping whole while its inner density stays above γ, whatever the size of the graph.
//!
//! One difference from the paper: where it draws the refinement's merges at random, this takes the best one. The same
//! graph always gives the same partition.

/// An undirected weighted graph in compressed rows: every edge stands in both its ends' rows, no self loops.
#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    starts: Vec<usize>,
    targets: Vec<u32>,
    weights: Vec<f32>,
    /// How many keywords a node stands for.
    sizes: Vec<f64>,
}

impl Network {
    /// From edges `(a, b, weight)`, each pair once in any direction; repeated pairs add up, loops and
    /// weights that are not positive are dropped.
    pub(super) fn new(sizes: Vec<f64>, edges: &[(u32, u32, f32)]) -> Network {
        let n = sizes.len();
        let mut rows: Vec<usize> = vec![0; n + 1];
        for &(a, b, w) in edges {
            if a != b && w > 0.0 {
                rows[a as usize + 1] += 1;
                rows[b as usize + 1] += 1;
            }
        }
        for i in 0..n {
            rows[i + 1] += rows[i];
        }
        let mut at = rows.clone();
        let mut raw = vec![(0u32, 0f32); rows[n]];
        for &(a, b, w) in edges {
            if a != b && w > 0.0 {
                raw[at[a as usize]] = (b, w);
                at[a as usize] += 1;
                raw[at[b as usize]] = (a, w);
                at[b as usize] += 1;
            }
        }
        let mut starts = Vec::with_capacity(n + 1);
        let mut targets = Vec::with_capacity(raw.len());
        let mut weights: Vec<f32> = Vec::with_capacity(raw.len());
        starts.push(0);
        for i in 0..n {
            let row = &mut raw[rows[i]..rows[i + 1]];
            // By weight as well: repeated pairs must add up in one order whatever order they came in.
            row.sort_unstable_by(|x, y| x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)));
            let begin = targets.len();
            for &(t, w) in row.iter() {
                if targets.len() > begin && targets.last() == Some(&t) {
                    if let Some(last) = weights.last_mut() {
                        *last += w;
                    }
                } else {
                    targets.push(t);
                    weights.push(w);
                }
            }
            starts.push(targets.len());
        }
        Network {
            starts,
            targets,
            weights,
            sizes,
        }
    }

    /// Nodes.
    pub(super) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The neighbours of a node with the weights of the edges to them.
    pub(super) fn neighbours(&self, node: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let range = self.starts[node]..self.starts[node + 1];
        self.targets[range.clone()]
            .iter()
            .map(|&t| t as usize)
            .zip(self.weights[range].iter().copied())
    }

    /// How many keywords a node stands for.
    pub(super) fn size(&self, node: usize) -> f64 {
        self.sizes[node]
    }

    /// The graph of some of the nodes alone, numbered in the order given.
    pub(super) fn part(&self, nodes: &[u32]) -> Network {
        let mut place = vec![u32::MAX; self.len()];
        for (i, &node) in nodes.iter().enumerate() {
            place[node as usize] = i as u32;
        }
        let mut edges = Vec::new();
        for (i, &node) in nodes.iter().enumerate() {
            for (other, weight) in self.neighbours(node as usize) {
                let other = place[other];
                if other != u32::MAX && (i as u32) < other {
                    edges.push((i as u32, other, weight));
                }
            }
        }
        Network::new(nodes.iter().map(|&n| self.sizes[n as usize]).collect(), &edges)
    }

    /// The constant Potts model's quality of a partition.
    #[cfg(test)]
    pub(super) fn quality(&self, communities: &[u32], resolution: f64) -> f64 {
        let count = communities.iter().map(|&c| c as usize + 1).max().unwrap_or(0);
        let mut sizes = vec![0.0; count];
        let mut inner = 0.0;
        for node in 0..self.len() {
            sizes[communities[node] as usize] += self.sizes[node];
            for (other, weight) in self.neighbours(node) {
                if other > node && communities[other] == communities[node] {
                    inner += f64::from(weight);
                }
            }
        }
        // `n² / 2` instead of `n (n − 1) / 2`: the difference is the same for every partition.
        inner - resolution * sizes.iter().map(|s| s * s / 2.0).sum::<f64>()
    }

    /// One node per community, edges and sizes added up. Inner edges vanish: they are the same in every later choice.
    pub(super) fn aggregate(&self, communities: &[u32], count: usize) -> Network {
        let mut sizes = vec![0.0; count];
        for (node, &c) in communities.iter().enumerate() {
            sizes[c as usize] += self.sizes[node];
        }
        let members = Members::new(communities, count);
        let mut starts = Vec::with_capacity(count + 1);
        let mut targets = Vec::new();
        let mut weights = Vec::new();
        let mut sums = Sums::new(count);
        starts.push(0);
        for c in 0..count {
            for &node in members.of(c) {
                for (other, weight) in self.neighbours(node as usize) {
                    let to = communities[other];
                    if to as usize != c {
                        sums.add(to, f64::from(weight));
                    }
                }
            }
            sums.touched.sort_unstable();
            for &to in &sums.touched {
                targets.push(to);
                weights.push(sums.sum[to as usize] as f32);
            }
            sums.clear();
            starts.push(targets.len());
        }
        Network {
            starts,
            targets,
            weights,
            sizes,
        }
    }
}

/// The nodes of each community, in order.
struct Members {
    starts: Vec<usize>,
    nodes: Vec<u32>,
}

impl Members {
    fn new(communities: &[u32], count: usize) -> Members {
        let mut starts = vec![0; count + 1];
        for &c in communities {
            starts[c as usize + 1] += 1;
        }
        for c in 0..count {
            starts[c + 1] += starts[c];
        }
        let mut at = starts.clone();
        let mut nodes = vec![0; communities.len()];
        for (node, &c) in communities.iter().enumerate() {
            nodes[at[c as usize]] = node as u32;
            at[c as usize] += 1;
        }
        Members { starts, nodes }
    }

    fn of(&self, community: usize) -> &[u32] {
        &self.nodes[self.starts[community]..self.starts[community + 1]]
    }
}

/// Edge weight towards each community, for one node at a time.
struct Sums {
    sum: Vec<f64>,
    touched: Vec<u32>,
}

impl Sums {
    fn new(count: usize) -> Sums {
        Sums {
            sum: vec![0.0; count],
            touched: Vec::new(),
        }
    }

    fn add(&mut self, community: u32, weight: f64) {
        let slot = &mut self.sum[community as usize];
        if *slot == 0.0 {
            self.touched.push(community);
        }
        // Weights are positive, so zero means untouched; a zero weight adds nothing either way.
        *slot += weight;
    }

    fn clear(&mut self) {
        for &c in &self.touched {
            self.sum[c as usize] = 0.0;
        }
        self.touched.clear();
    }
}

/// Renumbers communities by their first node; returns how many there are.
pub(super) fn compact(communities: &mut [u32]) -> usize {
    let mut names = vec![u32::MAX; communities.len()];
    let mut count = 0;
    for c in communities.iter_mut() {
        let name = &mut names[*c as usize];
        if *name == u32::MAX {
            *name = count;
            count += 1;
        }
        *c = *name;
    }
    count as usize
}

/// Moves nodes to the neighbouring community that gains most, until none gains. Returns whether any moved.
fn move_nodes(network: &Network, communities: &mut [u32], resolution: f64) -> bool {
    let n = network.len();
    let mut sizes = vec![0.0; n];
    let mut counts = vec![0u32; n];
    for (node, &c) in communities.iter().enumerate() {
        sizes[c as usize] += network.sizes[node];
        counts[c as usize] += 1;
    }
    let mut empty: Vec<u32> = (0..n as u32).rev().filter(|&c| counts[c as usize] == 0).collect();
    let mut queue: std::collections::VecDeque<u32> = (0..n as u32).collect();
    let mut queued = vec![true; n];
    let mut sums = Sums::new(n);
    let mut moved = false;
    while let Some(node) = queue.pop_front() {
        let node = node as usize;
        queued[node] = false;
        let own = communities[node];
        let size = network.sizes[node];
        for (other, weight) in network.neighbours(node) {
            sums.add(communities[other], f64::from(weight));
        }
        let stay = sums.sum[own as usize] - resolution * size * (sizes[own as usize] - size);
        let mut best = (stay, own);
        for &c in &sums.touched {
            if c != own {
                let gain = sums.sum[c as usize] - resolution * size * sizes[c as usize];
                // A move must be worth more than rounding, else two nodes could swap for ever.
                if gain > best.0 + 1e-9 || (gain > best.0 - 1e-12 && best.1 != own && c < best.1) {
                    best = (gain, c);
                }
            }
        }
        sums.clear();
        if best.0 < -1e-9
            && counts[own as usize] > 1
            && let Some(&c) = empty.last()
        {
            best = (0.0, c);
        }
        let to = best.1;
        if to == own {
            continue;
        }
        moved = true;
        if counts[to as usize] == 0 {
            empty.pop();
        }
        sizes[own as usize] -= size;
        counts[own as usize] -= 1;
        if counts[own as usize] == 0 {
            sizes[own as usize] = 0.0;
            empty.push(own);
        }
        sizes[to as usize] += size;
        counts[to as usize] += 1;
        communities[node] = to;
        for (other, _) in network.neighbours(node) {
            if communities[other] != to && !queued[other] {
                queued[other] = true;
                queue.push_back(other as u32);
            }
        }
    }
    moved
}

/// Splits every community into parts that hold together, each connected: single nodes that still fit their community
/// well are merged into the neighbouring part that gains most.
fn refine(network: &Network, communities: &[u32], count: usize, resolution: f64) -> Vec<u32> {
    let n = network.len();
    let mut totals = vec![0.0; count];
    for (node, &c) in communities.iter().enumerate() {
        totals[c as usize] += network.sizes[node];
    }
    let inward: Vec<f64> = (0..n)
        .map(|node| {
            let own = communities[node];
            network
                .neighbours(node)
                .filter(|&(o, _)| communities[o] == own)
                .map(|(_, w)| f64::from(w))
                .sum()
        })
        .collect();
    let mut parts: Vec<u32> = (0..n as u32).collect();
    let mut sizes = network.sizes.clone();
    // Edge weight from a part to the rest of its community: what tells whether it is well connected.
    let mut outward = inward.clone();
    let mut alone = vec![true; n];
    let mut sums = Sums::new(n);
    for node in 0..n {
        let size = network.sizes[node];
        let total = totals[communities[node] as usize];
        if !alone[node] || inward[node] + 1e-12 < resolution * size * (total - size) {
            continue;
        }
        for (other, weight) in network.neighbours(node) {
            if communities[other] == communities[node] {
                sums.add(parts[other], f64::from(weight));
            }
        }
        let mut best = (0.0, parts[node]);
        for &p in &sums.touched {
            let part = p as usize;
            if outward[part] + 1e-12 < resolution * sizes[part] * (total - sizes[part]) {
                continue;
            }
            let gain = sums.sum[part] - resolution * size * sizes[part];
            if gain > best.0 + 1e-12 || (gain > best.0 - 1e-12 && gain > 0.0 && p < best.1) {
                best = (gain, p);
            }
        }
        let to = best.1 as usize;
        if to != node {
            let between = sums.sum[to];
            outward[to] += inward[node] - 2.0 * between;
            sizes[to] += size;
            sizes[node] = 0.0;
            alone[to] = false;
            alone[node] = false;
            parts[node] = to as u32;
        }
        sums.clear();
    }
    parts
}

/// Communities of the graph at a resolution γ, numbered by their first node.
pub(super) fn leiden(network: &Network, resolution: f64) -> Vec<u32> {
    leiden_from(network, resolution, (0..network.len() as u32).collect())
}

/// [`leiden`] from a partition to improve on: its quality never falls.
pub(super) fn leiden_from(network: &Network, resolution: f64, start: Vec<u32>) -> Vec<u32> {
    let mut communities = start;
    // Every round can only gain, and stops gaining soon; the bound is a guard against rounding.
    for _ in 0..ROUNDS {
        if !round(network, resolution, &mut communities) {
            break;
        }
    }
    compact(&mut communities);
    communities
}

const ROUNDS: usize = 12;

/// One pass over all levels. Returns whether anything moved.
fn round(network: &Network, resolution: f64, communities: &mut [u32]) -> bool {
    let mut any = false;
    let mut level = network.clone();
    // Which node of the level each node of the network is in.
    let mut inside: Vec<u32> = (0..network.len() as u32).collect();
    let mut current = communities.to_vec();
    loop {
        any |= move_nodes(&level, &mut current, resolution);
        let count = compact(&mut current);
        for (node, c) in communities.iter_mut().enumerate() {
            *c = current[inside[node] as usize];
        }
        if count == level.len() {
            return any;
        }
        let mut parts = refine(&level, &current, count, resolution);
        let mut part_count = compact(&mut parts);
        if part_count == level.len() {
            // Nothing held together: aggregate the communities themselves, else the level would repeat.
            parts.clone_from(&current);
            part_count = count;
        }
        let mut next = vec![0; part_count];
        for (node, &p) in parts.iter().enumerate() {
            next[p as usize] = current[node];
        }
        for place in &mut inside {
            *place = parts[*place as usize];
        }
        level = level.aggregate(&parts, part_count);
        current = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graphs() -> impl Strategy<Value = Network> {
        (1usize..40).prop_flat_map(|n| {
            prop::collection::vec((0..n as u32, 0..n as u32, 0.01f32..1.0), 0..200)
                .prop_map(move |edges| Network::new(vec![1.0; n], &edges))
        })
    }

    /// Whether the nodes of every community reach each other inside it.
    fn connected(network: &Network, communities: &[u32]) -> bool {
        let mut reached = vec![false; network.len()];
        let mut entered = vec![false; network.len()];
        for start in 0..network.len() {
            if reached[start] {
                continue;
            }
            if std::mem::replace(&mut entered[communities[start] as usize], true) {
                return false;
            }
            let mut stack = vec![start];
            reached[start] = true;
            while let Some(node) = stack.pop() {
                for (other, _) in network.neighbours(node) {
                    if !reached[other] && communities[other] == communities[start] {
                        reached[other] = true;
                        stack.push(other);
                    }
                }
            }
        }
        true
    }

    proptest! {
        #[test]
        fn communities_are_connected(network in graphs(), resolution in 0.01f64..1.0) {
            prop_assert!(connected(&network, &leiden(&network, resolution)));
        }

        #[test]
        fn moving_never_lowers_the_quality(network in graphs(), resolution in 0.01f64..1.0, seed in any::<u64>()) {
            let mut communities: Vec<u32> = (0..network.len() as u64)
                .map(|i| (i.wrapping_mul(seed | 1) >> 7) as u32 % network.len() as u32)
                .collect();
            let before = network.quality(&communities, resolution);
            move_nodes(&network, &mut communities, resolution);
            prop_assert!(network.quality(&communities, resolution) >= before - 1e-6);
            let before = network.quality(&communities, resolution);
            let after = leiden_from(&network, resolution, communities);
            prop_assert!(network.quality(&after, resolution) >= before - 1e-6);
        }

        #[test]
        fn refinement_stays_inside_communities_and_is_connected(network in graphs(), resolution in 0.01f64..1.0) {
            let mut communities: Vec<u32> = (0..network.len() as u32).collect();
            move_nodes(&network, &mut communities, resolution);
            let count = compact(&mut communities);
            let parts = refine(&network, &communities, count, resolution);
            for (node, &part) in parts.iter().enumerate() {
                prop_assert_eq!(communities[part as usize], communities[node]);
            }
            prop_assert!(connected(&network, &parts));
        }

        #[test]
        fn aggregation_keeps_quality_differences(network in graphs(), resolution in 0.01f64..1.0) {
            let communities = leiden(&network, resolution);
            let count = communities.iter().map(|&c| c as usize + 1).max().unwrap_or(0);
            let small = network.aggregate(&communities, count);
            let alone: Vec<u32> = (0..count as u32).collect();
            let together = vec![0; count];
            let wide = network.quality(&vec![0; network.len()], resolution) - network.quality(&communities, resolution);
            let narrow = small.quality(&together, resolution) - small.quality(&alone, resolution);
            prop_assert!((wide - narrow).abs() < 1e-3, "{} {}", wide, narrow);
        }

        #[test]
        fn every_community_is_worth_keeping_whole(network in graphs(), resolution in 0.01f64..1.0) {
            // No node would gain by leaving for a community of its own or a neighbour's.
            let communities = leiden(&network, resolution);
            let quality = network.quality(&communities, resolution);
            for node in 0..network.len() {
                let spare = network.len() as u32;
                for to in network.neighbours(node).map(|(o, _)| communities[o]).chain([spare]) {
                    let mut other = communities.clone();
                    other[node] = to;
                    prop_assert!(network.quality(&other, resolution) <= quality + 1e-5);
                }
            }
        }
    }

    #[test]
    fn two_cliques_joined_by_a_weak_edge_are_two_communities() {
        let mut edges = vec![(0, 4, 0.1)];
        for base in [0, 4] {
            for a in base..base + 4 {
                edges.extend((a + 1..base + 4).map(|b| (a, b, 1.0)));
            }
        }
        let network = Network::new(vec![1.0; 8], &edges);
        assert_eq!(leiden(&network, 0.2), [0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(leiden(&network, 0.001), [0; 8]);
        assert!(leiden(&Network::new(Vec::new(), &[]), 0.1).is_empty());
    }
}
