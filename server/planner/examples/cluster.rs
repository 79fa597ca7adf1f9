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

mod measure;

use igny8_planner::cluster::{Clustering, Graph, Keyword, Options};
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
    let found = measure::clusters_of(&clustering, rows.len());
    if let Some(labels) = rows.iter().map(|(label, _)| *label).collect::<Option<Vec<_>>>() {
        let is = measure::agreement(&labels, &found);
        println!(
            "NMI {:.1}  ARI {:.1}  ACC {:.1}  pairs: precision {:.1} recall {:.1} F1 {:.1}  {} labels, clustered {:.1}",
            100.0 * is.nmi,
            100.0 * is.ari,
            100.0 * is.acc,
            100.0 * is.precision,
            100.0 * is.recall,
            100.0 * is.f1(),
            is.labels,
            100.0 * is.clustered,
        );
    }
    if let Some(pairs) = pairs {
        let text = std::fs::read_to_string(&pairs).map_err(|e| format!("{pairs}: {e}"))?;
        let texts: Vec<&str> = rows.iter().map(|row| row.1).collect();
        let variants = measure::variants_by_results(&clustering, &texts, &text);
        println!(
            "variants: {:.1} % of the keywords; of {} pairs {:.1} % share four results",
            100.0 * variants.of_keywords,
            variants.pairs,
            100.0 * variants.precision(),
        );
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
