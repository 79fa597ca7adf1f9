//! Clusters a file and says how well and how fast.
//!
//! `cargo run --release -p igny8-planner --example cluster -- FILE [-o OUT] [-g GRANULARITY] [-m MAX_SIZE] [-e VECTORS]
//! [-p PAIRS] [--show]`
//!
//! `VECTORS` holds one vector per line of `FILE`, as little-endian 32-bit floats without a header.
//! `FILE` has one keyword a line, or `label<TAB>keyword`. `OUT` gets `cluster<TAB>keyword`, `-` where unclustered. Where
//! the file has labels, their agreement with the clusters is printed, in per cent: NMI (arithmetic mean), ARI (Hubert &
//! Arabie 1985), ACC (share of keywords under the best one-to-one matching of clusters and labels), pairwise precision,
//! recall and F1, and the share clustered; an unclustered keyword counts as a cluster of its own. `PAIRS` has `shared
//! results<TAB>keyword<TAB>keyword`: of those pairs that count as variants it is said how many share four results or more.

use igny8_planner::cluster::{Clustering, Graph, Keyword, Options};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut file, mut vectors, mut pairs, mut out, mut granularity, mut show) = (None, None, None, None, 0.5, false);
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "-p" => pairs = Some(value()?),
            "-e" => vectors = Some(value()?),
            "-o" => out = Some(value()?),
            "-g" => granularity = value()?.parse().map_err(|_| "-g needs a number from 0 to 1")?,
            "-m" => options.max_size = value()?.parse().map_err(|_| "-m needs a whole number")?,
            "--show" => show = true,
            _ => file = Some(argument),
        }
    }
    let file =
        file.ok_or("Usage: cluster FILE [-o OUT] [-g GRANULARITY] [-m MAX_SIZE] [-e VECTORS] [-p PAIRS] [--show]")?;
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
    let rows: Vec<(Option<&str>, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            line.split_once('\t')
                .map_or((None, line), |(label, keyword)| (Some(label), keyword))
        })
        .collect();
    let mut keywords: Vec<Keyword> = rows.iter().map(|(_, text)| Keyword::new(*text)).collect();

    if let Some(vectors) = vectors {
        let bytes = std::fs::read(&vectors).map_err(|e| format!("{vectors}: {e}"))?;
        let floats: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let width = floats.len() / keywords.len().max(1);
        for (keyword, vector) in keywords.iter_mut().zip(floats.chunks_exact(width.max(1))) {
            keyword.embedding = Some(vector.to_vec());
        }
    }

    let start = Instant::now();
    let graph = Graph::new(&keywords, &options);
    let built = start.elapsed();
    let clustering = graph.cluster(granularity);
    let total = start.elapsed();
    println!(
        "{} keywords: graph {:.2} s, clusters {:.2} s, peak memory {} MB",
        keywords.len(),
        built.as_secs_f64(),
        (total - built).as_secs_f64(),
        peak_memory().map_or("?".to_owned(), |kb| (kb / 1024).to_string()),
    );
    println!(
        "{} clusters, {} unclustered",
        clustering.clusters.len(),
        clustering.unclustered.len()
    );
    let mut found: Vec<Option<usize>> = vec![None; rows.len()];
    for (c, cluster) in clustering.clusters.iter().enumerate() {
        for &k in &cluster.keywords {
            found[k] = Some(c);
        }
    }
    if let Some(labels) = rows.iter().map(|(label, _)| *label).collect::<Option<Vec<_>>>() {
        println!("{}", agreement(&labels, &found));
    }
    if let Some(pairs) = pairs {
        let text = std::fs::read_to_string(&pairs).map_err(|e| format!("{pairs}: {e}"))?;
        println!("{}", variants(&clustering, &rows, &text));
    }
    if let Some(out) = out {
        let mut lines = String::new();
        for ((_, text), cluster) in rows.iter().zip(&found) {
            let label = cluster.map_or("-".to_owned(), |c| c.to_string());
            let _ = writeln!(lines, "{label}\t{text}");
        }
        std::fs::write(&out, lines).map_err(|e| format!("{out}: {e}"))?;
    }
    if show {
        print_clusters(&clustering);
    }
    Ok(())
}

/// NMI, ARI and pairwise measures of a labelling.
fn agreement(labels: &[&str], found: &[Option<usize>]) -> String {
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
    let entropy = |counts: &mut dyn Iterator<Item = &f64>| -counts.map(|c| c / n * (c / n).ln()).sum::<f64>();
    let pairs = |counts: &mut dyn Iterator<Item = &f64>| counts.map(|c| c * (c - 1.0) / 2.0).sum::<f64>();
    let (h_truth, h_clusters) = (entropy(&mut truth.values()), entropy(&mut clusters.values()));
    let mutual = h_truth + h_clusters - entropy(&mut both.values());
    let (in_truth, in_clusters, right) = (
        pairs(&mut truth.values()),
        pairs(&mut clusters.values()),
        pairs(&mut both.values()),
    );
    let chance = in_truth * in_clusters / (n * (n - 1.0) / 2.0).max(1.0);
    let (precision, recall) = (right / in_clusters.max(1.0), right / in_truth.max(1.0));
    format!(
        "NMI {:.1}  ARI {:.1}  ACC {:.1}  pairs: precision {:.1} recall {:.1} F1 {:.1}  {} labels, clustered {:.1}",
        200.0 * mutual / (h_truth + h_clusters).max(1e-12),
        100.0 * (right - chance) / ((in_truth + in_clusters) / 2.0 - chance).max(1e-12),
        100.0 * matched(&both) / n,
        100.0 * precision,
        100.0 * recall,
        200.0 * precision * recall / (precision + recall).max(1e-12),
        truth.len(),
        100.0 * found.iter().flatten().count() as f64 / n,
    )
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

/// How many keywords have variants, and how many pairs of such need one page.
fn variants(clustering: &Clustering, rows: &[(Option<&str>, &str)], pairs: &str) -> String {
    let mut group: HashMap<&str, usize> = HashMap::new();
    for (n, places) in clustering.variants.iter().enumerate() {
        group.extend(places.iter().map(|&place| (rows[place].1, n)));
    }
    let (mut merged, mut right) = (0u32, 0u32);
    for line in pairs.lines() {
        let mut parts = line.split('\t');
        let (Some(shared), Some(a), Some(b)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if group.get(a).is_some_and(|n| group.get(b) == Some(n)) {
            merged += 1;
            right += u32::from(shared.parse().unwrap_or(0) >= 4);
        }
    }
    format!(
        "variants: {:.1} % of the keywords; of {merged} pairs {:.1} % share four results",
        100.0 * group.len() as f64 / rows.len().max(1) as f64,
        100.0 * f64::from(right) / f64::from(merged.max(1)),
    )
}

fn print_clusters(clustering: &Clustering) {
    for (i, c) in clustering.clusters.iter().enumerate() {
        let parent = c.parent.map_or(String::new(), |p| format!(" under {p}"));
        println!(
            "{i}: {} [{:?}{parent}, {:?}] {}",
            c.name, c.role, c.context_type, c.description
        );
        println!("   {:?}", c.recommendations);
    }
}

/// The most memory this process has had, in kB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))?
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .ok()
}
