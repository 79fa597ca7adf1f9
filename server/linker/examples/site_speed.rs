//! How long a large site takes: everything, and one changed page.
//!
//! `cargo run --release -p igny8-linker --example site_speed -- [PAGES]`
//!
//! The site is made up from a fixed seed: 10,000 pages of about 1,000 words in hubs of twenty, words as rare as in a
//! language (Zipf), each page with a menu and some links to its hub and its like.

use std::fmt::Write as _;
use std::time::Instant;

use igny8_linker::graph::{Limits, Site};
use igny8_linker::suggest::Options;
use igny8_linker::{Linker, Page, Role, edit};
use rayon::prelude::*;

fn main() {
    let pages: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10_000);
    let site: Vec<Page> = (0..pages).map(page).collect();
    let words: usize = site.iter().map(|p| p.body.split_whitespace().count()).sum();
    println!(
        "{pages} pages, {words} words; peak memory with them {} MB",
        peak_memory()
    );

    let mut linker = timed("read, graph and index", || {
        Linker::new(&Site::default(), site.iter().cloned())
    });
    println!("peak memory {} MB", peak_memory());
    let report = timed("report", || linker.graph.report(Limits::default()));
    println!(
        "  {} links, {} orphans, {} dead links, {} deep, {} pillars incomplete, {} components",
        report.links,
        report.orphans.total,
        report.dead_links.total,
        report.deep.total,
        report.pillars.total,
        report.components
    );
    let map = timed("map of 500", || linker.graph.map(500, None));
    println!("  {} nodes, {} edges", map.nodes.len(), map.edges.total);

    let options = Options::default();
    let suggestions: Vec<_> = timed("suggestions for all pages, all cores", || {
        site.par_iter()
            .map(|page| linker.index.suggest(page, &options))
            .collect()
    });
    println!("  {} suggestions", suggestions.iter().map(Vec::len).sum::<usize>());
    let applied = timed("all of them put in", || {
        let all = site.par_iter().zip(&suggestions).map(|(page, suggestions)| {
            let links: Vec<edit::Link> = suggestions.iter().map(|s| s.link.clone()).collect();
            linker.apply(page, &links, &edit::Rules::default().of(page))
        });
        all.map(|a| (a.inserted.len(), a.refused.len()))
            .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    });
    println!("  {} put in, {} refused", applied.0, applied.1);

    let mut changed = site[pages / 2].clone();
    changed
        .body
        .push_str("\n\nA new paragraph with a [link](/page-3/) in it.");
    timed("one changed page: taken in", || linker.replace(&changed));
    timed("one changed page: its links", || {
        linker.graph.page(&changed.id, Limits::default())
    });
    timed("one changed page: its suggestions", || {
        linker.index.suggest(&changed, &options)
    });
    timed("one changed page: the site's report", || {
        linker.graph.report(Limits::default())
    });
    let candidates = timed("one changed page: who might link to it", || {
        linker.index.inbound_candidates(&changed, 30)
    });
    let rows: Vec<&Page> = site.iter().filter(|p| candidates.contains(&p.id)).collect();
    let inbound = timed("one changed page: suggestions of 30 pages to it", || {
        linker
            .index
            .suggest_inbound(&changed.id, rows.iter().copied(), &options)
    });
    println!("  {} suggestions to it", inbound.len());
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, busy) = (Instant::now(), processor_time());
    let out = work();
    let (wall, busy) = (start.elapsed().as_secs_f64() * 1_000.0, processor_time() - busy);
    println!("{what}: {wall:.1} ms, of which the processors worked {busy} ms");
    out
}

/// Milliseconds that all threads have worked, in steps of ten. On a machine with other work beside, this is what counts.
fn processor_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<u64>().ok()).sum::<u64>() * 10
}

/// A small generator of our own, so that the site is the same everywhere (Vigna's splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap_or(0)
    }

    /// A rank from 1 to `n`, each as likely as one by its rank.
    fn zipf(&mut self, n: usize) -> usize {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((n as f64).powf(unit) as usize).clamp(1, n)
    }
}

const PER_HUB: usize = 20;

fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "xe",
    ];
    let mut rank = rank + 16;
    let mut out = String::new();
    while rank > 0 {
        out.push_str(SYLLABLES[rank % 16]);
        rank /= 16;
    }
    out
}

fn topic_words(hub: usize) -> Vec<String> {
    let mut random = Random(hub as u64 + 77);
    (0..12).map(|_| word(2_000 + random.below(30_000))).collect()
}

fn own_words(number: usize) -> Vec<String> {
    let mut random = Random(number as u64 + 1_000_003);
    (0..3).map(|_| word(2_000 + random.below(30_000))).collect()
}

fn page(number: usize) -> Page {
    let mut random = Random(number as u64);
    let hub = number / PER_HUB;
    let (topic, own) = (topic_words(hub), own_words(number));
    let is_hub = number.is_multiple_of(PER_HUB);
    let keyword = if is_hub {
        format!("{} {}", topic[0], topic[1])
    } else {
        format!("{} {} {}", topic[0], own[0], own[1])
    };
    let mut body = String::new();
    for paragraph in 0..12 {
        if paragraph % 4 == 2 {
            let _ = writeln!(body, "## {} {}\n", topic[random.below(12)], own[random.below(3)]);
        }
        for _ in 0..6 {
            body.push_str("The");
            for _ in 0..12 {
                let next = match random.below(10) {
                    0 => topic[random.below(12)].clone(),
                    1 => own[random.below(3)].clone(),
                    _ => word(random.zipf(30_000)),
                };
                body.push(' ');
                body.push_str(&next);
            }
            if random.below(8) == 0 {
                let other = hub * PER_HUB + random.below(PER_HUB);
                let words = own_words(other);
                let _ = write!(body, " {} {} {}", topic_words(other / PER_HUB)[0], words[0], words[1]);
            }
            body.push_str(". ");
        }
        if paragraph % 5 == 4 {
            let other = hub * PER_HUB + random.below(PER_HUB);
            let _ = write!(
                body,
                "See [{} {}](/page-{other}/) too.",
                topic[random.below(12)],
                word(random.zipf(3_000))
            );
        }
        body.push_str("\n\n");
    }
    Page {
        id: format!("content_{number}"),
        path: if number == 0 {
            "/".to_owned()
        } else {
            format!("/page-{number}/")
        },
        title: format!("{keyword} {}", word(random.zipf(30_000))),
        slug: keyword.replace(' ', "-"),
        primary_keyword: Some(keyword),
        cluster: Some(format!("cluster_{hub}")),
        role: Some(if is_hub { Role::Hub } else { Role::Supporting }),
        language: "en".to_owned(),
        published: true,
        day: Some(number as i64 / 5),
        navigation: (0..10).map(|i| format!("/page-{}/", i * PER_HUB * 7)).collect(),
        body,
        ..Page::default()
    }
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.map_or("?".to_owned(), |kb| (kb / 1024).to_string())
}
