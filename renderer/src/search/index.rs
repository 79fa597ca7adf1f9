//! Words to pages.

use std::collections::HashMap;
use std::fmt::Write as _;

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

/// The words of `pages`, sorted and cut into pieces of about `size` bytes.
pub(super) fn pieces(plan: &Plan<'_>, prepared: &Prepared, pages: &[usize], size: usize, most: usize) -> Vec<Piece> {
    let batches: Vec<HashMap<String, Postings>> = pages
        .par_chunks(BATCH)
        .enumerate()
        .map(|(n, batch)| {
            let mut all: HashMap<String, Postings> = HashMap::new();
            let mut page_words: HashMap<String, u32> = HashMap::new();
            for (k, &i) in batch.iter().enumerate() {
                read(plan, prepared, i, &mut page_words);
                let page = (n * BATCH + k) as u32;
                for (word, weight) in page_words.drain() {
                    all.entry(word).or_default().push((page, weight.min(MAX_WEIGHT)));
                }
            }
            all
        })
        .collect();
    let mut all: HashMap<String, Postings> = HashMap::new();
    for batch in batches {
        for (word, mut postings) in batch {
            all.entry(word).or_default().append(&mut postings);
        }
    }
    let mut sorted: Vec<(String, Postings)> = all.into_iter().collect();
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
                first: word.clone(),
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
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{},{weight}", page - before);
        before = *page;
    }
    out.push_str("]]");
    out
}

/// Words of one page with their weights.
fn read(plan: &Plan<'_>, prepared: &Prepared, i: usize, out: &mut HashMap<String, u32>) {
    let planned = &plan.pages[i];
    let page = planned.page;
    let mut add = |text: &str, weight: u32, most: u32| {
        words(text, |word| match out.get_mut(word) {
            Some(sum) if *sum < most => *sum += weight,
            Some(_) => {}
            None => {
                out.insert(word.to_owned(), weight);
            }
        });
    };
    let (Body::Markdown(source) | Body::Html(source)) = &page.body;
    visible(source, |part| add(part, TEXT, TEXT * MAX_SAID));
    for item in &page.faq {
        add(&item.question, TEXT, TEXT * MAX_SAID);
        visible(&item.answer, |part| add(part, TEXT, TEXT * MAX_SAID));
    }
    for (name, value) in &page.attributes {
        add(name, TEXT, TEXT * MAX_SAID);
        add(value, TEXT, TEXT * MAX_SAID);
    }
    add(&prepared.cards[i].summary, SUMMARY, MAX_WEIGHT);
    for &term in &planned.terms {
        add(&plan.terms[term].name, TERM, MAX_WEIGHT);
    }
    add(page.entity.brand.as_deref().unwrap_or_default(), TERM, MAX_WEIGHT);
    add(page.entity.sku.as_deref().unwrap_or_default(), TITLE, MAX_WEIGHT);
    add(&page.title, TITLE, MAX_WEIGHT);
}
