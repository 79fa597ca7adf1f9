//! How well clusters agree with what people say belongs together: not worse than it was. The figures are in the README.

use igny8_planner::cluster::{Graph, Keyword, Options};
use std::collections::HashMap;

/// NMI and ARI, in per cent; an unclustered keyword counts as a cluster of its own.
fn agreement(labels: &[&str], found: &[Option<usize>]) -> (f64, f64) {
    let alone = |i: usize| found.len() + i;
    let clusters: Vec<usize> = found.iter().enumerate().map(|(i, c)| c.unwrap_or(alone(i))).collect();
    let (mut in_label, mut in_cluster): (HashMap<&str, f64>, HashMap<usize, f64>) = Default::default();
    let mut in_both: HashMap<(&str, usize), f64> = HashMap::new();
    for (&label, &cluster) in labels.iter().zip(&clusters) {
        *in_label.entry(label).or_default() += 1.0;
        *in_cluster.entry(cluster).or_default() += 1.0;
        *in_both.entry((label, cluster)).or_default() += 1.0;
    }
    let n = labels.len() as f64;
    let entropy = |counts: Vec<f64>| -counts.iter().map(|c| c / n * (c / n).ln()).sum::<f64>();
    let pairs = |counts: Vec<f64>| counts.iter().map(|c| c * (c - 1.0) / 2.0).sum::<f64>();
    let (a, b, both) = (
        Vec::from_iter(in_label.into_values()),
        Vec::from_iter(in_cluster.into_values()),
        Vec::from_iter(in_both.into_values()),
    );
    let (h_a, h_b, h_both) = (entropy(a.clone()), entropy(b.clone()), entropy(both.clone()));
    let (p_a, p_b, p_both) = (pairs(a), pairs(b), pairs(both));
    let chance = p_a * p_b / (n * (n - 1.0) / 2.0);
    (
        200.0 * (h_a + h_b - h_both) / (h_a + h_b),
        100.0 * (p_both - chance) / ((p_a + p_b) / 2.0 - chance),
    )
}

fn check(texts: &str, least_nmi: f64, least_ari: f64) {
    let rows: Vec<(&str, &str)> = texts.lines().filter_map(|line| line.split_once('\t')).collect();
    let labels: Vec<&str> = rows.iter().map(|row| row.0).collect();
    let keywords: Vec<Keyword> = rows.iter().map(|row| Keyword::new(row.1)).collect();
    let clustering = Graph::new(&keywords, &Options::default()).cluster(0.5);
    let mut found = vec![None; rows.len()];
    for (n, cluster) in clustering.clusters.iter().enumerate() {
        for &place in &cluster.keywords {
            found[place] = Some(n);
        }
    }
    let (nmi, ari) = agreement(&labels, &found);
    assert!(nmi >= least_nmi && ari >= least_ari, "NMI {nmi:.1}, ARI {ari:.1}");
}

#[test]
fn questions_of_bank_customers() {
    check(include_str!("data/banking77_test.tsv"), 71.0, 38.0);
}

#[test]
fn requests_to_an_assistant() {
    check(include_str!("data/clinc150_test.tsv"), 83.5, 51.0);
}

#[test]
fn agreement_of_known_labellings() {
    let same = agreement(&["a", "a", "b"], &[Some(0), Some(0), None]);
    assert!((same.0 - 100.0).abs() < 1e-9 && (same.1 - 100.0).abs() < 1e-9);
    // Hubert & Arabie's index of two labellings worked out by hand: 1 common pair of 2 and 2, 6 in all.
    let (_, ari) = agreement(&["a", "a", "b", "b"], &[Some(0), Some(0), Some(1), None]);
    assert!(
        (ari - 100.0 * (1.0 - 2.0 / 6.0) / (1.5 - 2.0 / 6.0)).abs() < 1e-9,
        "{ari}"
    );
}
