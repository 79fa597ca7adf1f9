//! Links that editors made, taken out of the texts: how well are they found again?
//!
//! `cargo run --release -p igny8-linker --example held_out -- DOCS LINKS [--undated] [--tune]`
//!
//! `DOCS` has `address<TAB>title<TAB>text` a line, `LINKS` `source<TAB>anchor<TAB>target`. Addresses that begin with
//! `/year/month/day/` give the pages a date. Three questions, as in the published baselines: rank the targets of a source;
//! find the target of an anchor; put the link where the editor did. Each with what the program can know of other links:
//! none; those of all pages but a tenth (ten parts of the sources, each asked with the other nine known); those of pages
//! that are older than the source. A source's own links are never known.
//!
//! `--undated` takes the dates away: what is left when pages have none.
//!
//! Ends with an error where recall@5 of the targets of a source is below 0.62 in any row, or hit@1 of the target of an anchor below
//! 0.50; not with `--undated`, since the goals are for pages with dates.
//!
//! `--tune` finds weights by logistic regression over the candidates of each source, on one half of the sources, and
//! measures them on the other, both ways round.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::process::ExitCode;

use igny8_linker::Page;
use igny8_linker::body::{self, Format};
use igny8_linker::edit::Rules;
use igny8_linker::index::{Index, KnownLink, Scope};
use igny8_linker::suggest::Options;

/// The goals, each row above them: recall@5 of the targets of a source, hit@1 of the target of an anchor.
const LEAST_RECALL: f64 = 0.62;
const LEAST_HIT: f64 = 0.50;

struct Data {
    pages: Vec<Page>,
    /// Source, anchor, target.
    links: Vec<(String, String, String)>,
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
    let (mut tune, mut dated) = (false, true);
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--tune" => tune = true,
            "--undated" => dated = false,
            _ => files.push(argument),
        }
    }
    let [docs, links] = files.as_slice() else {
        return Err("Usage: held_out DOCS LINKS [--undated] [--tune]".to_owned());
    };
    let mut data = Data::read(docs, links)?;
    if !dated {
        data.pages.iter_mut().for_each(|page| page.day = None);
    }
    println!(
        "{} pages, {} links of {} sources",
        data.pages.len(),
        data.links.len(),
        data.sources().len()
    );
    if tune {
        tune_weights(&data);
        return Ok(());
    }
    let mut below = Vec::new();
    println!("\nTargets of a source\n{}", Ranking::HEAD);
    for known in [Known::None, Known::OtherParts, Known::Older] {
        for scope in [Scope::All, Scope::Earlier] {
            let mut ranking = Ranking::default();
            data.ask(known, |index, page, links| {
                let ranked = index.rank(page, scope, 50);
                let ranked: Vec<&str> = ranked.iter().map(|c| c.target.as_str()).collect();
                let wanted: HashSet<&str> = links.iter().map(|(_, target)| target.as_str()).collect();
                ranking.add(&ranked, &wanted);
            });
            println!("{}", ranking.row(&format!("{} / {}", known.name(), scope_name(scope))));
            if ranking.recall_at_5() < LEAST_RECALL {
                below.push(format!(
                    "recall@5 {:.3} with {}, {}",
                    ranking.recall_at_5(),
                    known.name(),
                    scope_name(scope)
                ));
            }
        }
    }
    println!(
        "\nTarget of an anchor\n{:40} {:>6} {:>6} {:>6}",
        "", "hit@1", "hit@5", "MRR"
    );
    for known in [Known::None, Known::OtherParts, Known::Older] {
        for scope in [Scope::All, Scope::Earlier] {
            let (mut asked, mut first, mut fifth, mut reciprocal) = (0usize, 0usize, 0usize, 0.0);
            data.ask(known, |index, page, links| {
                for (anchor, target) in links {
                    asked += 1;
                    let found = index.targets_of(page, anchor, scope, 50);
                    if let Some(at) = found.iter().position(|t| &t.target == target) {
                        first += usize::from(at == 0);
                        fifth += usize::from(at < 5);
                        reciprocal += 1.0 / (at + 1) as f64;
                    }
                }
            });
            let share = |n: usize| n as f64 / asked as f64;
            println!(
                "{:40} {:6.3} {:6.3} {:6.3}",
                format!("{} / {}", known.name(), scope_name(scope)),
                share(first),
                share(fifth),
                reciprocal / asked as f64
            );
            if share(first) < LEAST_HIT {
                below.push(format!(
                    "hit@1 {:.3} with {}, {}",
                    share(first),
                    known.name(),
                    scope_name(scope)
                ));
            }
        }
    }
    places(&data);
    if below.is_empty() || !dated {
        return Ok(());
    }
    Err(format!(
        "Below the goals, recall@5 {LEAST_RECALL} and hit@1 {LEAST_HIT}: {}.",
        below.join("; ")
    ))
}

/// Whether the words a link is put around are those the editor took: for the links whose target is among the first five.
fn places(data: &Data) {
    let (mut recovered, mut placed, mut overlapping, mut same) = (0usize, 0usize, 0usize, 0usize);
    let options = Options {
        rules: Rules {
            words_per_link: 1,
            ..Rules::default()
        },
        ..Options::default()
    };
    data.ask(Known::Older, |index, page, links| {
        let ranked = index.rank(page, Scope::All, 5);
        for (anchor, target) in links {
            if !ranked.iter().any(|c| &c.target == target) {
                continue;
            }
            recovered += 1;
            let Some(found) = index.suggest_between(page, target, &options) else {
                continue;
            };
            placed += 1;
            let start = found.link.at.unwrap_or_default();
            let mut editors = page
                .body
                .match_indices(anchor.as_str())
                .map(|(at, _)| at..at + anchor.len());
            overlapping += usize::from(editors.any(|e| e.start < start + found.length && start < e.end));
            same += usize::from(&found.link.anchor == anchor);
        }
    });
    println!("\nPlace of the link, older pages' links known, target among the first five");
    println!(
        "{recovered} links recovered, {placed} placed, {:.3} overlap the editor's anchor, {:.3} are the same",
        overlapping as f64 / recovered as f64,
        same as f64 / recovered as f64,
    );
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "all pages",
        Scope::Earlier => "earlier pages",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    None,
    OtherParts,
    Older,
}

impl Known {
    fn name(self) -> &'static str {
        match self {
            Known::None => "no links known",
            Known::OtherParts => "other pages' links",
            Known::Older => "older pages' links",
        }
    }
}

const PARTS: usize = 10;

impl Data {
    fn read(docs: &str, links: &str) -> Result<Self, String> {
        let text = |file: &str| std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"));
        let pages = text(docs)?
            .lines()
            .filter_map(|line| {
                let mut columns = line.splitn(3, '\t');
                Some(page(columns.next()?, columns.next()?, columns.next()?))
            })
            .collect();
        let links = text(links)?
            .lines()
            .filter_map(|line| {
                let mut columns = line.splitn(3, '\t').map(str::to_owned);
                Some((columns.next()?, columns.next()?, columns.next()?))
            })
            .collect();
        Ok(Self { pages, links })
    }

    /// Sources with their links, by source.
    fn sources(&self) -> BTreeMap<&str, Vec<(String, String)>> {
        let mut out: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        for (source, anchor, target) in &self.links {
            out.entry(source).or_default().push((anchor.clone(), target.clone()));
        }
        out
    }

    /// Asks for every source, with an index that knows what it may.
    fn ask(&self, known: Known, mut question: impl FnMut(&Index, &Page, &[(String, String)])) {
        let pages: HashMap<&str, &Page> = self.pages.iter().map(|p| (p.id.as_str(), p)).collect();
        let sources = self.sources();
        let mut sources: Vec<(&Page, Vec<(String, String)>)> = sources
            .into_iter()
            .filter_map(|(id, links)| Some((*pages.get(id)?, links)))
            .collect();
        let mut index = Index::default();
        for page in &self.pages {
            let links = sources.iter().find(|(p, _)| p.id == page.id).map(|s| s.1.as_slice());
            let links = if known == Known::OtherParts {
                links.unwrap_or_default()
            } else {
                &[]
            };
            put(&mut index, page, links);
        }
        match known {
            Known::None => sources.iter().for_each(|(page, links)| question(&index, page, links)),
            Known::OtherParts => {
                for part in 0..PARTS {
                    let asked: Vec<_> = sources.iter().skip(part).step_by(PARTS).collect();
                    asked.iter().for_each(|(page, _)| put(&mut index, page, &[]));
                    asked.iter().for_each(|(page, links)| question(&index, page, links));
                    asked.iter().for_each(|(page, links)| put(&mut index, page, links));
                }
            }
            Known::Older => {
                sources.sort_by_key(|(page, _)| page.day);
                for (page, links) in &sources {
                    question(&index, page, links);
                    put(&mut index, page, links);
                }
            }
        }
    }
}

fn put(index: &mut Index, page: &Page, links: &[(String, String)]) {
    let links: Vec<KnownLink> = links
        .iter()
        .map(|(anchor, target)| KnownLink {
            target: target.clone(),
            anchor: anchor.clone(),
        })
        .collect();
    index.replace(page, &body::read(&page.body, page.format));
    index.set_links(&page.id, &links);
}

fn page(address: &str, title: &str, text: &str) -> Page {
    let mut parts = address.trim_matches('/').split('/');
    let mut number = || parts.next().and_then(|p| p.parse::<i64>().ok());
    let day = match (number(), number(), number()) {
        // Days by a year of 372: only their order and distance matter.
        (Some(year), Some(month), Some(day)) => Some(year * 372 + month * 31 + day),
        _ => None,
    };
    Page {
        id: address.to_owned(),
        path: address.to_owned(),
        title: title.to_owned(),
        slug: address
            .trim_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned(),
        language: "en".to_owned(),
        published: true,
        day,
        body: text.to_owned(),
        format: Format::Markdown,
        ..Page::default()
    }
}

#[derive(Default)]
struct Ranking {
    sources: usize,
    recall: [f64; 4],
    hit: usize,
    reciprocal: f64,
}

impl Ranking {
    const DEPTHS: [usize; 4] = [1, 5, 10, 20];
    const HEAD: &'static str = "                                            R@1    R@5   R@10   R@20    MRR  hit@5";

    fn add(&mut self, ranked: &[&str], wanted: &HashSet<&str>) {
        self.sources += 1;
        for (sum, depth) in self.recall.iter_mut().zip(Self::DEPTHS) {
            let found = ranked.iter().take(depth).filter(|t| wanted.contains(*t)).count();
            *sum += found as f64 / wanted.len() as f64;
        }
        let first = ranked.iter().position(|t| wanted.contains(t));
        self.hit += usize::from(first.is_some_and(|at| at < 5));
        self.reciprocal += first.map_or(0.0, |at| 1.0 / (at + 1) as f64);
    }

    fn recall_at_5(&self) -> f64 {
        self.recall[1] / self.sources as f64
    }

    fn row(&self, name: &str) -> String {
        let n = self.sources as f64;
        let mut out = format!("{name:40}");
        for recall in self.recall {
            let _ = write!(out, " {:6.3}", recall / n);
        }
        let _ = write!(out, " {:6.3} {:6.3}", self.reciprocal / n, self.hit as f64 / n);
        out
    }
}

/// One question: for each candidate what speaks for it, and whether it is right.
type Question = Vec<(Vec<f64>, bool)>;

fn tune_weights(data: &Data) {
    for (name, questions) in [
        ("targets of a source", sources(data)),
        ("target of an anchor", anchors(data)),
    ] {
        let halves: [Vec<&(usize, Question)>; 2] =
            [0, 1].map(|half| questions.iter().filter(|(source, _)| source % 2 == half).collect());
        println!("\n{name}: share of right ones among the first 1 and 5");
        for half in [0, 1] {
            let weights = fit(&halves[half]);
            let (own, other) = (measure(&weights, &halves[half]), measure(&weights, &halves[1 - half]));
            println!("fitted on half {half}: there {own:.3?}, on the other {other:.3?}");
        }
        let all: Vec<&(usize, Question)> = questions.iter().collect();
        let weights = fit(&all);
        println!("fitted on all: {:.3?}\n{weights:.2?}", measure(&weights, &all));
    }
}

fn sources(data: &Data) -> Vec<(usize, Question)> {
    let mut out = Vec::new();
    for (known, scope) in TUNED_ON {
        let mut number = 0;
        data.ask(known, |index, page, links| {
            let wanted: HashSet<&str> = links.iter().map(|(_, target)| target.as_str()).collect();
            let question = index.rank(page, scope, usize::MAX).into_iter().map(|candidate| {
                let values = candidate.evidence.values().iter().map(|v| f64::from(*v)).collect();
                (values, wanted.contains(candidate.target.as_str()))
            });
            out.push((stable(&page.id), question.collect()));
            number += 1;
        });
    }
    out
}

fn anchors(data: &Data) -> Vec<(usize, Question)> {
    let mut out = Vec::new();
    for (known, scope) in TUNED_ON {
        data.ask(known, |index, page, links| {
            for (anchor, target) in links {
                let question = index
                    .targets_of(page, anchor, scope, usize::MAX)
                    .into_iter()
                    .map(|candidate| {
                        let values = candidate.evidence.values().iter().map(|v| f64::from(*v)).collect();
                        (values, &candidate.target == target)
                    });
                out.push((stable(&page.id), question.collect()));
            }
        });
    }
    out
}

/// One setting has to serve with and without known links.
const TUNED_ON: [(Known, Scope); 3] = [
    (Known::None, Scope::All),
    (Known::Older, Scope::Earlier),
    (Known::OtherParts, Scope::All),
];

fn stable(id: &str) -> usize {
    id.bytes()
        .fold(7, |h: usize, b| h.wrapping_mul(31).wrapping_add(b.into()))
        >> 3
}

/// Weights that make the right candidates likely under a softmax over each question's, by gradient descent (Adam).
fn fit(questions: &[&(usize, Question)]) -> Vec<f64> {
    let kinds = questions
        .iter()
        .flat_map(|q| &q.1)
        .map(|c| c.0.len())
        .next()
        .unwrap_or(0);
    let (mut weights, mut mean, mut square) = (vec![1.0; kinds], vec![0.0; kinds], vec![0.0; kinds]);
    for step in 1..=600 {
        let mut gradient: Vec<f64> = weights.iter().map(|w| w * 0.002).collect();
        for (_, question) in questions {
            let right = question.iter().filter(|c| c.1).count() as f64;
            if right == 0.0 {
                continue;
            }
            let score = |c: &(Vec<f64>, bool)| c.0.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>();
            let scores: Vec<f64> = question.iter().map(score).collect();
            let highest = scores.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = scores.iter().map(|s| (s - highest).exp()).sum();
            for ((values, is_right), score) in question.iter().zip(scores) {
                let likely = (score - highest).exp() / total;
                let error = (likely - f64::from(u8::from(*is_right)) / right) / questions.len() as f64;
                for (g, v) in gradient.iter_mut().zip(values) {
                    *g += error * v;
                }
            }
        }
        for i in 0..kinds {
            mean[i] = 0.9 * mean[i] + 0.1 * gradient[i];
            square[i] = 0.999 * square[i] + 0.001 * gradient[i] * gradient[i];
            let (m, s) = (
                mean[i] / (1.0 - 0.9f64.powi(step)),
                square[i] / (1.0 - 0.999f64.powi(step)),
            );
            weights[i] -= 0.08 * m / (s.sqrt() + 1e-8);
        }
    }
    weights
}

fn measure(weights: &[f64], questions: &[&(usize, Question)]) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for (_, question) in questions {
        let mut scored: Vec<(f64, bool)> = question
            .iter()
            .map(|(values, right)| (values.iter().zip(weights).map(|(v, w)| v * w).sum(), *right))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let right = scored.iter().filter(|s| s.1).count().max(1) as f64;
        for (sum, depth) in sums.iter_mut().zip([1, 5]) {
            *sum += scored.iter().take(depth).filter(|s| s.1).count() as f64 / right;
        }
    }
    sums.map(|s| s / questions.len() as f64)
}
