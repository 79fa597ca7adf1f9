//! How well clusters agree with labels, set by set, beside what published methods reach.
//!
//! `cargo run --release -p igny8-planner --example quality -- FOLDER…` (`make bench-quality ARGS=FOLDER`)
//!
//! Every file `*.tsv` of the folders with `label<TAB>keyword` in each line is a set; others are left out. Where a folder has
//! `NAME_pairs.tsv` with `shared results<TAB>keyword<TAB>keyword`, the merging of variants of `NAME…` is judged by it: variants that
//! share four results are right. One automatic setting for all sets. Ends with an error where a set is below the strongest simple
//! recipe.

mod measure;

use igny8_planner::cluster::{Clustering, Graph, Keyword, Options};
use measure::{Agreement, Variants};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What a method reaches on a set, in per cent: NMI, ARI, ACC; none where it was not published. And how many clusters it found.
struct Published {
    /// How the names of the set's files begin.
    set: &'static str,
    method: usize,
    nmi: Option<f64>,
    ari: f64,
    acc: Option<f64>,
    clusters: Option<usize>,
}

/// The recipe comes first: no set may be below it.
const METHODS: [&str; 4] = [
    "stems + n-grams, 30 neighbours, Leiden CPM .02",
    "average linkage, cosine distance to .90",
    "15 neighbours, Leiden RB 4",
    "k-means on TF-IDF, the true number given",
];

const fn row(set: &'static str, method: usize, values: (f64, f64, f64), clusters: usize) -> Published {
    Published {
        set,
        method,
        nmi: Some(values.0),
        ari: values.1,
        acc: Some(values.2),
        clusters: Some(clusters),
    }
}

const fn recipe(set: &'static str, nmi: Option<f64>, ari: f64) -> Published {
    Published {
        set,
        method: 0,
        nmi,
        ari,
        acc: None,
        clusters: None,
    }
}

/// Measured with scikit-learn and leidenalg on the same files.
const PUBLISHED: &[Published] = &[
    recipe("banking77_test", None, 34.1),
    row("banking77_test", 1, (68.3, 31.3, 40.4), 152),
    row("banking77_test", 2, (68.5, 35.4, 44.8), 56),
    row("banking77_test", 3, (64.6, 26.8, 40.1), 77),
    recipe("clinc150", None, 41.7),
    row("clinc150", 1, (80.0, 43.2, 50.8), 265),
    row("clinc150", 2, (77.9, 40.0, 46.9), 90),
    row("clinc150", 3, (74.4, 21.6, 50.2), 150),
    recipe("uqv100", None, 94.1),
    row("uqv100", 1, (98.1, 93.8, 93.1), 110),
    row("uqv100", 2, (98.2, 91.7, 93.3), 106),
    row("uqv100", 3, (92.0, 58.7, 79.9), 100),
    recipe("tweet", None, 75.8),
    row("tweet", 1, (89.9, 73.5, 80.7), 167),
    row("tweet", 2, (88.0, 62.8, 72.6), 60),
    row("tweet", 3, (80.3, 46.2, 60.5), 89),
    recipe("googlenews_t", None, 70.0),
    row("googlenews_t", 1, (86.9, 66.4, 72.4), 538),
    row("googlenews_t", 2, (90.9, 81.1, 85.4), 116),
    row("googlenews_t", 3, (79.1, 22.0, 58.7), 152),
    recipe("sumppump", None, 20.8),
    row("sumppump", 1, (69.9, 17.4, 33.4), 595),
    row("sumppump", 2, (63.6, 15.6, 25.4), 164),
    row("sumppump", 3, (71.1, 6.2, 28.3), 1314),
    recipe("hwu64", Some(69.4), 43.2),
    recipe("banking77_train", Some(67.7), 34.9),
];

/// What the recipe reaches in the mean of the first six sets: NMI, ARI, ACC.
const RECIPE_MEANS: (f64, f64, f64) = (82.5, 56.1, 63.5);

/// Sizes of clusters are counted up to these, and above the last.
const SIZES: [usize; 6] = [2, 5, 10, 20, 50, 100];

/// A cluster that a page can serve.
const USEFUL: std::ops::RangeInclusive<usize> = 3..=50;

struct Set {
    name: String,
    agreement: Agreement,
    clustering: Clustering,
    seconds: f64,
    by_label: Variants,
    by_results: Option<Variants>,
}

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
    let folders: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        return Err("Usage: quality FOLDER…".to_owned());
    }
    let mut means: [Means; METHODS.len()] = Default::default();
    let (mut sets, mut below) = (0, Vec::new());
    for file in files(&folders)? {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let Some(rows) = labelled(&text) else { continue };
        let set = measured(&file, &rows)?;
        print(&set);
        sets += 1;
        for other in published(&set.name) {
            means[other.method].add(other, &set.agreement);
            let ours = 100.0 * set.agreement.ari;
            if other.method == 0 && ours < other.ari {
                below.push(format!("{}: ARI {ours:.1}, the recipe's is {:.1}", set.name, other.ari));
            }
        }
    }
    if sets == 0 {
        return Err("No file of the folders has `label<TAB>keyword` in each line.".to_owned());
    }
    print_means(&means);
    if below.is_empty() {
        return Ok(());
    }
    Err(format!("Below the recipe: {}.", below.join("; ")))
}

/// The files of all folders, each name once, in order.
fn files(folders: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut out: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
            let known = out.iter().any(|other| other.file_name() == path.file_name());
            if path.extension().is_some_and(|e| e == "tsv") && !known {
                out.push(path);
            }
        }
    }
    out.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    Ok(out)
}

/// Label and keyword of each line, if each has both and nothing else, and some label more than one keyword.
fn labelled(text: &str) -> Option<Vec<(&str, &str)>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let rows: Vec<(&str, &str)> = lines
        .map(|line| line.split_once('\t').filter(|row| !row.1.contains('\t')))
        .collect::<Option<_>>()?;
    let mut labels: Vec<&str> = rows.iter().map(|row| row.0).collect();
    labels.sort_unstable();
    labels.windows(2).any(|pair| pair[0] == pair[1]).then_some(rows)
}

fn measured(file: &Path, rows: &[(&str, &str)]) -> Result<Set, String> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let keywords: Vec<Keyword> = rows.iter().map(|row| Keyword::new(row.1)).collect();
    let labels: Vec<&str> = rows.iter().map(|row| row.0).collect();
    let texts: Vec<&str> = rows.iter().map(|row| row.1).collect();
    let start = Instant::now();
    let clustering = Graph::new(&keywords, &Options::default()).cluster(0.5);
    let seconds = start.elapsed().as_secs_f64();
    let pairs = name
        .split('_')
        .next()
        .map(|set| file.with_file_name(format!("{set}_pairs.tsv")));
    let by_results = match pairs.filter(|pairs| pairs.exists()) {
        Some(pairs) => {
            let text = std::fs::read_to_string(&pairs).map_err(|e| format!("{}: {e}", pairs.display()))?;
            Some(measure::variants_by_results(&clustering, &texts, &text))
        }
        None => None,
    };
    Ok(Set {
        name,
        agreement: measure::agreement(&labels, &measure::clusters_of(&clustering, rows.len())),
        by_label: variants_by_label(&clustering, &labels),
        by_results,
        clustering,
        seconds,
    })
}

/// Pairs of variants with the same label are right.
fn variants_by_label(clustering: &Clustering, labels: &[&str]) -> Variants {
    let merged: usize = clustering.variants.iter().map(Vec::len).sum();
    let mut out = Variants {
        of_keywords: merged as f64 / labels.len().max(1) as f64,
        pairs: 0,
        right: 0,
    };
    for group in &clustering.variants {
        for (i, &a) in group.iter().enumerate() {
            for &b in &group[i + 1..] {
                out.pairs += 1;
                out.right += usize::from(labels[a] == labels[b]);
            }
        }
    }
    out
}

fn published(name: &str) -> impl Iterator<Item = &'static Published> + use<'_> {
    PUBLISHED.iter().filter(move |p| name.starts_with(p.set))
}

fn print(set: &Set) {
    let (is, sizes) = (&set.agreement, sizes(&set.clustering));
    let clusters = set.clustering.clusters.len();
    let keywords: usize =
        set.clustering.clusters.iter().map(|c| c.keywords.len()).sum::<usize>() + set.clustering.unclustered.len();
    println!(
        "\n{}: {keywords} keywords, {} labels, {:.1} s",
        set.name, is.labels, set.seconds
    );
    println!(
        "  {:48} {:>5} {:>5} {:>5} {:>7} {:>9} {:>8} {:>8}",
        "", "NMI", "ARI", "ACC", "pair F1", "clustered", "clusters", "of 3–50"
    );
    println!(
        "  {:48} {:5.1} {:5.1} {:5.1} {:7.1} {:9.1} {clusters:8} {:8.1}",
        "this",
        100.0 * is.nmi,
        100.0 * is.ari,
        100.0 * is.acc,
        100.0 * is.f1(),
        100.0 * is.clustered,
        100.0 * useful(&set.clustering),
    );
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.1}"));
    for other in published(&set.name) {
        println!(
            "  {:48} {:>5} {:5.1} {:>5} {:>7} {:>9} {:>8} {:>8}",
            METHODS[other.method],
            number(other.nmi),
            other.ari,
            number(other.acc),
            "–",
            "–",
            other.clusters.map_or_else(|| "–".to_owned(), |n| n.to_string()),
            "–",
        );
    }
    let mut least = 1;
    let mut told: Vec<String> = Vec::new();
    for (&most, &count) in SIZES.iter().zip(&sizes) {
        told.push(format!("{least}–{most}: {count}"));
        least = most + 1;
    }
    told.push(format!("more: {}", sizes[SIZES.len()]));
    println!("  clusters by size  {}", told.join("  "));
    let variants = |by: &str, is: &Variants| {
        println!(
            "  variants          {:.1} % of the keywords; {:.1} % of {} pairs {by}",
            100.0 * is.of_keywords,
            100.0 * is.precision(),
            is.pairs
        );
    };
    variants("have one label", &set.by_label);
    if let Some(results) = &set.by_results {
        variants("share four results", results);
    }
}

fn sizes(clustering: &Clustering) -> [usize; SIZES.len() + 1] {
    let mut out = [0; SIZES.len() + 1];
    for cluster in &clustering.clusters {
        out[SIZES.partition_point(|&most| most < cluster.keywords.len())] += 1;
    }
    out
}

/// The share of clusters that a page can serve.
fn useful(clustering: &Clustering) -> f64 {
    let useful = clustering
        .clusters
        .iter()
        .filter(|c| USEFUL.contains(&c.keywords.len()));
    useful.count() as f64 / clustering.clusters.len().max(1) as f64
}

/// Sums over the sets that a method is published for, of it and of this: NMI, ARI, ACC.
#[derive(Default)]
struct Means {
    sets: usize,
    values: [Mean; 3],
}

#[derive(Default)]
struct Mean {
    count: f64,
    theirs: f64,
    ours: f64,
}

impl Means {
    fn add(&mut self, other: &Published, own: &Agreement) {
        self.sets += 1;
        let theirs = [other.nmi, Some(other.ari), other.acc];
        for ((mean, theirs), ours) in self.values.iter_mut().zip(theirs).zip([own.nmi, own.ari, own.acc]) {
            if let Some(theirs) = theirs {
                mean.count += 1.0;
                mean.theirs += theirs;
                mean.ours += 100.0 * ours;
            }
        }
    }
}

impl std::fmt::Display for Mean {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count > 0.0 {
            out.pad(&format!(
                "{:.1}, {:.1}",
                self.theirs / self.count,
                self.ours / self.count
            ))
        } else {
            out.pad("–")
        }
    }
}

fn print_means(means: &[Means]) {
    println!("\nMeans over the sets that each method is published for");
    println!(
        "  {:48} {:>4} {:>13} {:>13} {:>13}",
        "", "sets", "NMI, this", "ARI, this", "ACC, this"
    );
    for (name, of) in METHODS.iter().zip(means) {
        let [nmi, ari, acc] = &of.values;
        println!("  {name:48} {:4} {nmi:>13} {ari:>13} {acc:>13}", of.sets);
    }
    println!(
        "  The recipe over banking77, clinc150, uqv100, tweets, Google news and sump pumps: NMI {}, ARI {}, ACC {}.",
        RECIPE_MEANS.0, RECIPE_MEANS.1, RECIPE_MEANS.2
    );
}
