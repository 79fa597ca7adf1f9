//! Words to pages.

use std::collections::HashMap;
use std::fmt::Write as _;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::words::{visible, words};
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::site::Body;

/// What a word counts for by where it stands.
const TITLE: u32 = 40;
const TERM: u32 = 16;
const SUMMARY: u32 = 8;
const TEXT: u32 = 2;
/// A word said more often than this in a text says no more about it.
const MAX_SAID: u32 = 12;
const MAX_WEIGHT: u32 = 99;
/// Pages that one thread reads before it hands over its words.
const BATCH: usize = 250;

/// A piece of the index: its first word, and its content.
pub(super) struct Piece {
    pub first: String,
    pub json: String,
}

/// Pages (by their place in the list of pages) with weights.
type Postings = Vec<(u32, u32)>;

/// The words of some pages. Words are numbered, so that a page's own sums need no look at their letters.
#[derive(Default)]
struct Batch {
    numbers: HashMap<Box<str>, u32, RandomState>,
    /// By number.
    postings: Vec<Postings>,
    /// By number: the sum on the page that is being read, and the words that have one.
    sums: Vec<u32>,
    touched: Vec<u32>,
}

impl Batch {
    /// Counts the words of a text: each `weight`, until the sum is `most`.
    fn add(&mut self, text: &str, weight: u32, most: u32) {
        words(text, |word| {
            let number = match self.numbers.get(word) {
                Some(&number) => number,
                None => {
                    let number = self.postings.len() as u32;
                    self.numbers.insert(word.into(), number);
                    self.postings.push(Vec::new());
                    self.sums.push(0);
                    number
                }
            };
            let sum = &mut self.sums[number as usize];
            if *sum == 0 {
                self.touched.push(number);
            }
            if *sum < most {
                *sum += weight;
            }
        });
    }

    /// Ends a page.
    fn page(&mut self, page: u32) {
        for number in self.touched.drain(..) {
            let sum = std::mem::take(&mut self.sums[number as usize]);
            self.postings[number as usize].push((page, sum.min(MAX_WEIGHT)));
        }
    }
}

/// The words of `pages`, sorted and cut into pieces of about `size` bytes.
pub(super) fn pieces(plan: &Plan<'_>, prepared: &Prepared, pages: &[usize], size: usize, most: usize) -> Vec<Piece> {
    let batches: Vec<Batch> = pages
        .par_chunks(BATCH)
        .enumerate()
        .map(|(n, pages)| {
            let mut batch = Batch::default();
            for (k, &i) in pages.iter().enumerate() {
                read(plan, prepared, i, &mut batch);
                batch.page((n * BATCH + k) as u32);
            }
            batch
        })
        .collect();
    let mut all: HashMap<Box<str>, Postings, RandomState> = HashMap::default();
    for mut batch in batches {
        for (word, number) in batch.numbers {
            let mut postings = std::mem::take(&mut batch.postings[number as usize]);
            all.entry(word).or_default().append(&mut postings);
        }
    }
    // The order of a hash map is chance, the order of words is not.
    let mut sorted: Vec<(Box<str>, Postings)> = all.into_iter().collect();
    sorted.par_sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let rows: Vec<String> = sorted
        .par_iter_mut()
        .map(|(word, postings)| row(word, postings, most))
        .collect();

    let mut pieces: Vec<Piece> = Vec::new();
    for ((word, _), row) in sorted.iter().zip(rows) {
        match pieces.last_mut().filter(|piece| piece.json.len() + row.len() < size) {
            Some(piece) => {
                piece.json.push_str(",\n");
                piece.json.push_str(&row);
            }
            None => pieces.push(Piece {
                first: word.to_string(),
                json: format!("[{row}"),
            }),
        }
    }
    for piece in &mut pieces {
        piece.json.push(']');
    }
    pieces
}

/// One word: `["word",3,[0,40,2,8,5,2]]`.
fn row(word: &str, postings: &mut Postings, most: usize) -> String {
    let count = postings.len();
    if count > most {
        // Where weights are the same, pages keep their order.
        postings.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        postings.truncate(most);
    }
    postings.sort_unstable();
    let mut out = String::with_capacity(word.len() + 16 + postings.len() * 6);
    // Words hold letters and digits only, so nothing needs an escape.
    let _ = write!(out, "[\"{word}\",{count},[");
    let mut before = 0;
    for (n, (page, weight)) in postings.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        digits(&mut out, page - before);
        out.push(',');
        digits(&mut out, *weight);
        before = *page;
    }
    out.push_str("]]");
    out
}

/// Appends a number.
fn digits(out: &mut String, mut n: u32) {
    let mut buffer = [0u8; 10];
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend(buffer[at..].iter().map(|&b| char::from(b)));
}

/// Words of one page with their weights.
fn read(plan: &Plan<'_>, prepared: &Prepared, i: usize, batch: &mut Batch) {
    let planned = &plan.pages[i];
    let page = &planned.page;
    // What is wrong with it the page itself reports.
    let body = plan.body(i, &mut Vec::new());
    let (Body::Markdown(source) | Body::Html(source)) = body.as_ref();
    visible(source, |part| batch.add(part, TEXT, TEXT * MAX_SAID));
    for item in &page.faq {
        batch.add(&item.question, TEXT, TEXT * MAX_SAID);
        visible(&item.answer, |part| batch.add(part, TEXT, TEXT * MAX_SAID));
    }
    for (name, value) in &page.attributes {
        batch.add(name, TEXT, TEXT * MAX_SAID);
        batch.add(value, TEXT, TEXT * MAX_SAID);
    }
    batch.add(&prepared.card(plan, i).summary, SUMMARY, MAX_WEIGHT);
    for &term in &planned.terms {
        batch.add(&plan.terms[term].name, TERM, MAX_WEIGHT);
    }
    batch.add(page.entity.brand.as_deref().unwrap_or_default(), TERM, MAX_WEIGHT);
    batch.add(page.entity.sku.as_deref().unwrap_or_default(), TITLE, MAX_WEIGHT);
    batch.add(&page.title, TITLE, MAX_WEIGHT);
}
