//! How wide clusters of a list should be, found from the list itself.
//!
//! A walk over the graph is described in two levels: which community it enters, and where it goes inside. The map equation
//! (M. Rosvall, C. T. Bergstrom: *Maps of random walks on complex networks reveal community structure*, PNAS 105(4), 2008)
//! says how many bits a step takes. Communities that are too wide need long names inside, those that are too narrow are
//! left all the time: the partition with the shortest description is the one the graph itself suggests.

use super::leiden::{self, Network};

/// γ grows by this factor from one partition tried to the next: a tenth of the knob.
const STEP: f64 = 1.741_101_126_592_248_2;
/// Steps from the usual γ that are tried in one direction.
const STEPS: i32 = 3;
/// Bits a step of the walk may take more than at best: the widest such partition is chosen, since what it splits no more
/// hardly shows in the graph. Measured, see the README.
const ALMOST: f64 = 0.03;

/// The γ for a list, from the one that is usual, and the communities at it.
pub(super) fn choose(network: &Network, usual: f64) -> (f64, Vec<u32>) {
    let try_at = |step: i32| {
        let resolution = usual * STEP.powi(step);
        let communities = leiden::leiden(network, resolution);
        let bits = description_length(network, &communities);
        Tried {
            resolution,
            communities,
            bits,
        }
    };
    let (here, finer) = rayon::join(|| try_at(0), || try_at(1));
    let direction = if finer.bits < here.bits { 1 } else { -1 };
    // The widest first.
    let mut tried = vec![here, finer];
    for step in 1..STEPS {
        let at = if direction > 0 { step + 1 } else { -step };
        let next = try_at(at);
        let edge = if direction > 0 { tried.last() } else { tried.first() };
        let better = edge.is_some_and(|edge| next.bits < edge.bits);
        if direction > 0 {
            tried.push(next);
        } else {
            tried.insert(0, next);
        }
        if !better {
            break;
        }
    }
    let best = tried.iter().map(|t| t.bits).fold(f64::INFINITY, f64::min);
    let chosen = tried.into_iter().find(|t| t.bits <= best + ALMOST);
    chosen.map_or_else(
        || (usual, leiden::leiden(network, usual)),
        |t| (t.resolution, t.communities),
    )
}

struct Tried {
    resolution: f64,
    communities: Vec<u32>,
    bits: f64,
}

/// Bits that a step of a random walk takes to describe.
fn description_length(network: &Network, communities: &[u32]) -> f64 {
    let count = communities.iter().map(|&c| c as usize + 1).max().unwrap_or(0);
    let total: f64 = (0..network.len())
        .flat_map(|node| network.neighbours(node))
        .map(|(_, weight)| f64::from(weight))
        .sum();
    if total <= 0.0 {
        return 0.0;
    }
    // Visits of each community, and ways out of it.
    let (mut visits, mut exits) = (vec![0.0; count], vec![0.0; count]);
    let mut nodes = 0.0;
    for node in 0..network.len() {
        let own = communities[node];
        let (mut degree, mut out) = (0.0, 0.0);
        for (other, weight) in network.neighbours(node) {
            degree += f64::from(weight);
            if communities[other] != own {
                out += f64::from(weight);
            }
        }
        visits[own as usize] += degree / total;
        exits[own as usize] += out / total;
        nodes += plogp(degree / total);
    }
    let leaving: f64 = exits.iter().sum();
    plogp(leaving) - 2.0 * exits.iter().copied().map(plogp).sum::<f64>() - nodes
        + exits.iter().zip(&visits).map(|(e, v)| plogp(e + v)).sum::<f64>()
}

fn plogp(p: f64) -> f64 {
    if p > 0.0 { p * p.log2() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two cliques of `n`, joined by one edge.
    fn cliques(n: u32) -> Network {
        let clique = |from: u32| (from..from + n).flat_map(move |a| (a + 1..from + n).map(move |b| (a, b, 1.0)));
        let edges: Vec<_> = clique(0).chain(clique(n)).chain([(0, n, 1.0)]).collect();
        Network::new(vec![1.0; 2 * n as usize], &edges)
    }

    #[test]
    fn the_right_partition_has_the_shortest_description() {
        let network = cliques(6);
        let bits = |of: fn(u32) -> u32| description_length(&network, &(0..12).map(of).collect::<Vec<_>>());
        let right = bits(|node| node / 6);
        for (wrong, name) in [
            (bits(|_| 0), "one"),
            (bits(|node| node / 3), "halves"),
            (bits(|node| node), "alone"),
            (bits(|node| node % 2), "across"),
        ] {
            assert!(right < wrong, "{name}: {right} {wrong}");
        }
        // One community: the entropy of the visits, nothing else.
        let degrees = [6.0, 5.0, 5.0, 5.0, 5.0, 5.0].repeat(2);
        let entropy: f64 = -degrees.iter().map(|d| plogp(d / 62.0)).sum::<f64>();
        assert!((bits(|_| 0) - entropy).abs() < 1e-9);
    }

    #[test]
    fn too_wide_and_too_narrow_a_start_both_find_the_cliques() {
        let network = cliques(8);
        for usual in [0.05, 0.3, 0.9] {
            let (_, communities) = choose(&network, usual);
            let right: Vec<u32> = (0..16).map(|node| node / 8).collect();
            assert_eq!(communities, right, "{usual}");
        }
    }

    #[test]
    fn nothing_to_choose_from() {
        assert_eq!(choose(&Network::new(Vec::new(), &[]), 0.1).1, Vec::<u32>::new());
        assert_eq!(choose(&Network::new(vec![1.0; 3], &[]), 0.1).1, [0, 1, 2]);
    }
}
