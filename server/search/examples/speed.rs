//! How long an index of ten thousand texts takes to make and to ask, and how much memory that needs:
//!
//! `cargo run --release -p igny8-search --example speed`

use std::time::Instant;

use igny8_search::{Document, Index, Marker, Query};

const TEXTS: usize = 10_000;
const WORDS: usize = 1_500;

/// A word for each number.
fn word(mut number: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi"];
    let mut out = String::new();
    number += 8;
    while number > 0 {
        out.push_str(SYLLABLES[number % 8]);
        number /= 8;
    }
    out
}

/// Few words are frequent, most are rare.
fn document(number: usize) -> Document {
    let mut seed = number as u64 + 1;
    let mut random = move |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or_default() % below
    };
    let mut paragraph = || {
        let mut words = Vec::new();
        for _ in 0..100 {
            let range = 1 << (3 + random(12));
            words.push(word(random(range)));
        }
        words.join(" ")
    };
    Document {
        id: number as u128,
        rev: 1,
        language: "en".into(),
        title: format!("{} {}", word(number), word(number * 7 % 30_000)),
        headings: vec![word(number % 500)],
        texts: (0..WORDS / 100).map(|_| paragraph()).collect(),
        facts: vec![format!("part={}", number % 10)],
        deleted: None,
    }
}

/// Memory of the process, in MB: now, and at most until now.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1024
    };
    format!("{} MB, at most {} MB", of("VmRSS"), of("VmHWM"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let index = Index::open(folder.path())?;
    let begun = Instant::now();
    let mut last = Vec::new();
    for numbers in (0..TEXTS).collect::<Vec<_>>().chunks(250) {
        last = numbers.iter().map(|&n| document(n)).collect();
        index.write(&last, 0, "", false)?;
    }
    println!(
        "{TEXTS} texts of {WORDS} words in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    index.write(&last[..1], 0, "", true)?;
    println!("small files joined in {:.1} s", begun.elapsed().as_secs_f64());
    let mut bytes = 0;
    for file in std::fs::read_dir(folder.path())? {
        bytes += file?.metadata()?.len();
    }
    println!("{} MB on disk; memory {}", bytes >> 20, memory());
    let one = |what: &str, work: &mut dyn FnMut() -> Result<usize, Box<dyn std::error::Error>>| {
        let begun = Instant::now();
        let mut found = 0;
        for _ in 0..20 {
            found = work()?;
        }
        let each = begun.elapsed().as_secs_f64() * 1_000.0 / 20.0;
        println!("{what}: {found} found, {each:.2} ms");
        Ok::<(), Box<dyn std::error::Error>>(())
    };
    let (often, rare) = (word(1), word(4_000));
    let queries = [
        ("a frequent word", format!("{often} "), vec![]),
        ("three words", format!("{often} {} {} ", word(9), word(70)), vec![]),
        (
            "ten words",
            (0..10).map(word).collect::<Vec<_>>().join(" ") + " ",
            vec![],
        ),
        ("a rare word", format!("{rare} "), vec![]),
        ("a rare word being typed", rare[..5].to_owned(), vec![]),
        ("one letter", "b".to_owned(), vec![]),
        ("a phrase of frequent words", format!("\"{often} {}\"", word(2)), vec![]),
        (
            "a frequent word and a condition",
            format!("{often} "),
            vec!["part=3".to_owned()],
        ),
    ];
    for (what, text, facts) in &queries {
        let query = Query::parse(text)?;
        one(what, &mut || Ok(index.find(&query, facts)?.len()))?;
    }
    let query = Query::parse(&queries[1].1)?;
    one("25 excerpts", &mut || {
        let hits = index.find(&query, &[])?;
        let mut marker = Marker::new(&query, "en");
        let mut shown = 0;
        for hit in hits.iter().take(25) {
            let text = index.text(hit.id)?.unwrap_or_default();
            shown += usize::from(!marker.excerpt(&text).is_empty());
        }
        Ok(shown)
    })?;
    let mut number = TEXTS;
    one("one more text", &mut || {
        number += 1;
        index.write(&[document(number)], 0, "", false)?;
        Ok(1)
    })?;
    println!("memory {}", memory());
    Ok(())
}
