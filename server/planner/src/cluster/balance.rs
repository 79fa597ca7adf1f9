//! Edge weights without the advantage of keywords that are a little like everything.
//!
//! A keyword of common words is near to many others and to none of them in particular; its many edges tie together what
//! does not belong together. As in the regularised Laplacian (T. Qin, K. Rohe: *Regularized spectral clustering under the
//! degree-corrected stochastic blockmodel*, NeurIPS 26, 2013) every weight is divided by the root of both ends' degrees, to
//! which the mean degree is added, so that keywords with hardly a neighbour do not gain by it.

/// Divides the weights of edges between `nodes` nodes by this power of both degrees: ½ for the root, 0 for none. The sum of all
/// weights stays.
pub(super) fn balance(edges: &mut [(u32, u32, f32)], nodes: usize, power: f64) {
    let mut degrees = vec![0.0f64; nodes];
    for &(a, b, weight) in &*edges {
        degrees[a as usize] += f64::from(weight);
        degrees[b as usize] += f64::from(weight);
    }
    let total = degrees.iter().sum::<f64>();
    let mean = total / degrees.iter().filter(|&&d| d > 0.0).count().max(1) as f64;
    if mean <= 0.0 {
        return;
    }
    let divided = |&(a, b, weight): &(u32, u32, f32)| {
        f64::from(weight) / ((degrees[a as usize] / mean + 1.0) * (degrees[b as usize] / mean + 1.0)).powf(power)
    };
    let scale = total / 2.0 / edges.iter().map(divided).sum::<f64>();
    for edge in edges {
        edge.2 = (scale * divided(edge)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_a_hub_lose_and_the_sum_stays() {
        // Everything hangs on 0; 1 and 2 have an edge of their own.
        let mut edges = vec![(0, 1, 0.5), (0, 2, 0.5), (0, 3, 0.5), (0, 4, 0.5), (1, 2, 0.5)];
        balance(&mut edges, 6, 0.5);
        let sum: f32 = edges.iter().map(|e| e.2).sum();
        assert!((sum - 2.5).abs() < 1e-5, "{edges:?}");
        assert!(edges[4].2 > 0.5 && edges[0].2 < 0.5, "{edges:?}");
        let mut even = vec![(0, 1, 0.3), (1, 2, 0.3), (0, 2, 0.3)];
        balance(&mut even, 3, 0.5);
        assert!(even.iter().all(|e| (e.2 - 0.3).abs() < 1e-6), "{even:?}");
        balance(&mut [], 3, 0.5);
    }
}
