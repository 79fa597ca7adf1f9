//! How many texts are scored in a second on one core.
//!
//! `cargo run --release -p igny8-optimizer --example score_speed -- [TEXTS] [WORDS]`, 10,000 of 1,000 words unless said otherwise. The
//! processor time is Linux's, which is what counts where others use the machine too. The texts differ: their words are drawn from a list of four thousand by a small generator, so that nothing is cached.

use igny8_optimizer::{Input, coverage::Terms, document::Document, score};
use igny8_text::Language;
use std::fmt::Write as _;
use std::time::Instant;

/// Numbers that look random and are the same each time (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn word(number: u64) -> String {
    const FREQUENT: &[&str] = &[
        "the",
        "of",
        "and",
        "to",
        "a",
        "in",
        "is",
        "that",
        "for",
        "it",
        "was",
        "on",
        "with",
        "as",
        "be",
        "by",
        "are",
        "because",
        "however",
        "pump",
        "sump",
        "water",
        "basement",
        "used",
        "installed",
        "which",
        "from",
        "have",
        "not",
        "this",
    ];
    const SYLLABLES: &[&str] = &[
        "ba", "ken", "ti", "ro", "mal", "se", "pu", "lin", "dor", "ga", "ste", "vo", "ner", "chi", "la", "tem",
    ];
    const ENDINGS: &[&str] = &["", "s", "ed", "ing", "ly", "tion"];
    match FREQUENT.get(usize::try_from(number % 60).unwrap_or(0)) {
        Some(frequent) => (*frequent).to_owned(),
        None => {
            let pick = |list: &[&'static str], by: u64| list[usize::try_from(number / by).unwrap_or(0) % list.len()];
            format!(
                "{}{}{}{}",
                pick(SYLLABLES, 60),
                pick(SYLLABLES, 960),
                pick(SYLLABLES, 7),
                pick(ENDINGS, 15_360)
            )
        }
    }
}

fn text(numbers: &mut Numbers, words: usize) -> String {
    let mut html = String::from("<p>");
    let mut sentence = 0;
    for i in 0..words {
        if i % 200 == 199 {
            let _ = write!(html, ".</p>\n<h2>{} sump pump</h2>\n<p>", word(numbers.below(240_000)));
            sentence = 0;
        } else if i % 60 == 59 {
            html.push_str(".</p>\n<p>");
            sentence = 0;
        }
        let word = word(numbers.below(240_000));
        match sentence {
            0 => html.push_str(&(word[..1].to_uppercase() + &word[1..])),
            40 => {
                let _ = write!(html, " <a href=\"/{word}\">{word}</a>");
            }
            _ if numbers.below(16) == 0 => {
                let _ = write!(html, ". {}{}", word[..1].to_uppercase(), &word[1..]);
            }
            _ => {
                let _ = write!(html, " {word}");
            }
        }
        sentence += 1;
    }
    html.push_str(".</p><img src=\"a.jpg\" alt=\"A sump pump in a basement\">");
    html
}

/// Seconds of processor time of this process, zero where the system does not say.
fn processor() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "counts of texts")]
fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<usize>());
    let texts = arguments.next().and_then(Result::ok).unwrap_or(10_000);
    let words = arguments.next().and_then(Result::ok).unwrap_or(1_000);
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let bodies: Vec<String> = (0..texts).map(|_| text(&mut numbers, words)).collect();
    let bytes: usize = bodies.iter().map(String::len).sum();
    let secondary = ["basement water", "check valve", "float switch"].map(str::to_owned);

    let (start, used) = (Instant::now(), processor());
    let mut sum = 0usize;
    for body in &bodies {
        let report = score(&Input {
            title: "Sump pumps: how to choose one",
            meta_description: "A sump pump keeps the basement dry.",
            slug: "sump-pump",
            body,
            primary_keyword: Some("sump pump"),
            secondary_keywords: &secondary,
            site_host: "example.com",
            ..Input::default()
        });
        sum += usize::from(report.score);
    }
    let (seconds, used) = (start.elapsed().as_secs_f64(), processor() - used);
    println!(
        "{texts} texts of {words} words ({:.1} MB): {seconds:.2} s, {used:.2} s of a processor, {:.0} texts in a second of it, \
         mean score {:.1}",
        bytes as f64 / 1e6,
        texts as f64 / used.max(1e-9),
        sum as f64 / texts.max(1) as f64,
    );

    let used = processor();
    let read: Vec<Document> = bodies
        .iter()
        .take(10)
        .map(|body| Document::read(body, Language::English, "example.com"))
        .collect();
    let terms = Terms::learn(&read.iter().collect::<Vec<_>>(), &["sump pump"], &[], "en", 60);
    let learnt = processor() - used;
    let used = processor();
    let some = bodies.iter().take(1_000);
    let count = some.len();
    let covered: usize = some
        .map(|body| terms.score(&Document::read(body, Language::English, "example.com")))
        .map(|coverage| usize::from(coverage.score.unwrap_or(0)))
        .sum();
    let used = processor() - used;
    println!(
        "processor time: terms of 10 texts {:.0} ms; coverage of {count}: {:.0} texts a second, mean {:.1}",
        learnt * 1e3,
        count as f64 / used.max(1e-9),
        covered as f64 / count.max(1) as f64,
    );
}
