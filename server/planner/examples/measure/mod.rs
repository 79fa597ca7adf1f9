//! How well clusters agree with labels, and variants with search results. Shared by the examples.

use std::collections::HashMap;

use igny8_planner::cluster::Clustering;

/// Agreement of clusters and labels; shares are 0 to 1. An unclustered keyword counts as a cluster of its own.
#[derive(Debug, Clone, Copy)]
pub struct Agreement {
    pub labels: usize,
    /// With the arithmetic mean of the entropies.
    pub nmi: f64,
    /// Hubert & Arabie 1985.
    pub ari: f64,
    /// The share of keywords under the best one-to-one matching of clusters and labels.
    pub acc: f64,
    pub precision: f64,
    pub recall: f64,
    pub clustered: f64,
}

impl Agreement {
    /// Of pairs.
    pub fn f1(&self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall).max(1e-12)
    }
}

/// The cluster of each of `keywords` keywords.
pub fn clusters_of(clustering: &Clustering, keywords: usize) -> Vec<Option<usize>> {
    let mut found = vec![None; keywords];
    for (n, cluster) in clustering.clusters.iter().enumerate() {
        for &place in &cluster.keywords {
            found[place] = Some(n);
        }
    }
    found
}

/// Agreement of labels and clusters of the same keywords.
pub fn agreement(labels: &[&str], found: &[Option<usize>]) -> Agreement {
    let mut truth: HashMap<&str, f64> = HashMap::new();
    let mut clusters: HashMap<(usize, bool), f64> = HashMap::new();
    let mut both: HashMap<(&str, usize, bool), f64> = HashMap::new();
    for (i, (&label, cluster)) in labels.iter().zip(found).enumerate() {
        let cluster = cluster.map_or((i, false), |c| (c, true));
        *truth.entry(label).or_default() += 1.0;
        *clusters.entry(cluster).or_default() += 1.0;
        *both.entry((label, cluster.0, cluster.1)).or_default() += 1.0;
    }
    let n = labels.len() as f64;
    // Sums of floats depend on their order, and that of a map is chance.
    let sorted = |counts: &mut dyn Iterator<Item = &f64>| {
        let mut counts: Vec<f64> = counts.copied().collect();
        counts.sort_unstable_by(f64::total_cmp);
        counts
    };
    let (truth_sizes, cluster_sizes, both_sizes) = (
        sorted(&mut truth.values()),
        sorted(&mut clusters.values()),
        sorted(&mut both.values()),
    );
    let entropy = |counts: &[f64]| -counts.iter().map(|c| c / n * (c / n).ln()).sum::<f64>();
    let pairs = |counts: &[f64]| counts.iter().map(|c| c * (c - 1.0) / 2.0).sum::<f64>();
    let (h_truth, h_clusters) = (entropy(&truth_sizes), entropy(&cluster_sizes));
    let mutual = h_truth + h_clusters - entropy(&both_sizes);
    let (in_truth, in_clusters, right) = (pairs(&truth_sizes), pairs(&cluster_sizes), pairs(&both_sizes));
    let chance = in_truth * in_clusters / (n * (n - 1.0) / 2.0).max(1.0);
    Agreement {
        labels: truth.len(),
        nmi: 2.0 * mutual / (h_truth + h_clusters).max(1e-12),
        ari: (right - chance) / ((in_truth + in_clusters) / 2.0 - chance).max(1e-12),
        acc: matched(&both) / n,
        precision: right / in_clusters.max(1.0),
        recall: right / in_truth.max(1.0),
        clustered: found.iter().flatten().count() as f64 / n,
    }
}

/// Keywords under the best one-to-one matching of labels and clusters: the Hungarian algorithm by shortest augmenting paths
/// (Jonker & Volgenant 1987).
fn matched(both: &HashMap<(&str, usize, bool), f64>) -> f64 {
    let mut labels: HashMap<&str, usize> = HashMap::new();
    let mut clusters: HashMap<(usize, bool), usize> = HashMap::new();
    for &(label, cluster, is) in both.keys() {
        let (l, c) = (labels.len(), clusters.len());
        labels.entry(label).or_insert(l);
        clusters.entry((cluster, is)).or_insert(c);
    }
    let (rows, columns) = (labels.len().min(clusters.len()), labels.len().max(clusters.len()));
    let mut cost = vec![vec![0.0; columns + 1]; rows + 1];
    for (&(label, cluster, is), &count) in both {
        let (l, c) = (labels[label] + 1, clusters[&(cluster, is)] + 1);
        if labels.len() <= clusters.len() {
            cost[l][c] = -count;
        } else {
            cost[c][l] = -count;
        }
    }
    // Potentials, and the row matched to each column; place 0 stands for none.
    let (mut u, mut v) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut row_of = vec![0usize; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut from = vec![0usize; columns + 1];
        let mut used = vec![false; columns + 1];
        let mut at = 0;
        while row_of[at] != 0 {
            used[at] = true;
            let own = row_of[at];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for column in 1..=columns {
                if used[column] {
                    continue;
                }
                let reduced = cost[own][column] - u[own] - v[column];
                if reduced < least[column] {
                    least[column] = reduced;
                    from[column] = at;
                }
                if least[column] < step {
                    step = least[column];
                    next = column;
                }
            }
            for column in 0..=columns {
                if used[column] {
                    u[row_of[column]] += step;
                    v[column] -= step;
                } else {
                    least[column] -= step;
                }
            }
            at = next;
        }
        while at != 0 {
            row_of[at] = row_of[from[at]];
            at = from[at];
        }
    }
    (1..=columns)
        .filter(|&column| row_of[column] != 0)
        .map(|column| -cost[row_of[column]][column])
        .sum()
}

/// What the merging of variants is worth.
#[derive(Debug, Clone, Copy)]
pub struct Variants {
    /// The share of keywords that have a variant.
    pub of_keywords: f64,
    /// Pairs of variants that are judged.
    pub pairs: usize,
    /// How many of them are right.
    pub right: usize,
}

impl Variants {
    /// The share of right pairs.
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.pairs.max(1) as f64
    }
}

/// Judged by pairs of keywords with the number of results they share (`shared<TAB>keyword<TAB>keyword` a line): four are right.
pub fn variants_by_results(clustering: &Clustering, texts: &[&str], pairs: &str) -> Variants {
    let mut group: HashMap<&str, usize> = HashMap::new();
    for (n, places) in clustering.variants.iter().enumerate() {
        group.extend(places.iter().map(|&place| (texts[place], n)));
    }
    let mut out = Variants {
        of_keywords: group.len() as f64 / texts.len().max(1) as f64,
        pairs: 0,
        right: 0,
    };
    for line in pairs.lines() {
        let mut parts = line.split('\t');
        let (Some(shared), Some(a), Some(b)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if group.get(a).is_some_and(|n| group.get(b) == Some(n)) {
            out.pairs += 1;
            out.right += usize::from(shared.parse().unwrap_or(0) >= 4);
        }
    }
    out
}
