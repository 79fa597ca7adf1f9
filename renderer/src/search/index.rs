//! Words to pages.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::words::{visible, words};
use crate::incremental::trace;
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::site::{Body, Page};

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
/// One word in so many may begin a piece.
const CUTS: u64 = 24;
/// Pages of a language whose words are remembered, some two kilobytes each.
const REMEMBERED: usize = 25_000;

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
    words: Vec<Box<str>>,
    postings: Vec<Postings>,
    /// By number: the sum on the page that is being read, and the words that have one.
    sums: Vec<u32>,
    touched: Vec<u32>,
}

impl Batch {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = self.postings.len() as u32;
        self.numbers.insert(word.into(), number);
        self.postings.push(Vec::new());
        self.sums.push(0);
        self.words.push(word.into());
        number
    }

    /// Counts the words of a text: each `weight`, until the sum is `most`.
    fn add(&mut self, text: &str, weight: u32, most: u32) {
        words(text, |word| {
            let number = self.number(word);
            let sum = &mut self.sums[number as usize];
            if *sum == 0 {
                self.touched.push(number);
            }
            if *sum < most {
                *sum += weight;
            }
        });
    }

    /// The sums of the page so far.
    fn pack(&self) -> Option<Arc<[u8]>> {
        let mut out = Vec::with_capacity(self.touched.len() * 10);
        for &number in &self.touched {
            let word = &self.words[number as usize];
            out.push(u8::try_from(word.len()).ok()?);
            out.extend_from_slice(word.as_bytes());
            out.push(u8::try_from(self.sums[number as usize]).ok()?);
        }
        Some(out.into())
    }

    /// Begins a page with what [`Batch::pack`] gave.
    fn unpack(&mut self, packed: &[u8]) -> Option<()> {
        let mut rest = packed;
        while let Some((&length, after)) = rest.split_first() {
            let (word, after) = after.split_at_checked(usize::from(length))?;
            let (&sum, after) = after.split_first()?;
            let number = self.number(std::str::from_utf8(word).ok()?);
            self.sums[number as usize] = u32::from(sum);
            self.touched.push(number);
            rest = after;
        }
        Some(())
    }

    /// Ends a page.
    fn page(&mut self, page: u32) {
        for number in self.touched.drain(..) {
            let sum = std::mem::take(&mut self.sums[number as usize]);
            self.postings[number as usize].push((page, sum.min(MAX_WEIGHT)));
        }
    }
}

/// The words of texts by the texts' digests, so that an index made again reads only texts that are new. By language.
#[derive(Default)]
pub(crate) struct Sums(Mutex<HashMap<String, Remembered>>);

/// Each word with its sum, packed: a length, the word, the sum.
type Remembered = HashMap<u64, Arc<[u8]>, RandomState>;

impl Sums {
    fn take(&self, language: &str) -> Remembered {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(language).unwrap_or_default()
    }

    fn put(&self, language: &str, sums: Remembered) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(language.to_owned(), sums);
    }
}

/// The words of one text as they are remembered, by the text's digest.
type Sum = (u64, Arc<[u8]>);

/// The words of `pages`, sorted and cut into pieces of about `size` bytes.
pub(super) fn pieces(
    plan: &Plan<'_>,
    prepared: &Prepared,
    pages: &[usize],
    (size, most): (usize, usize),
    (language, sums): (&str, Option<&Sums>),
) -> Vec<Piece> {
    let sums = sums.filter(|_| pages.len() <= REMEMBERED);
    let known = sums.map(|sums| sums.take(language));
    let (batches, used): (Vec<Batch>, Vec<Vec<Sum>>) = pages
        .par_chunks(BATCH)
        .enumerate()
        .map(|(n, pages)| {
            let mut batch = Batch::default();
            let mut used = Vec::new();
            for (k, &i) in pages.iter().enumerate() {
                used.extend(read(plan, prepared, i, &mut batch, known.as_ref()));
                batch.page((n * BATCH + k) as u32);
            }
            (batch, used)
        })
        .unzip();
    if let Some(sums) = sums {
        sums.put(language, used.into_iter().flatten().collect());
    }
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
        // Where a piece ends depends on the words around, not on all that came before: so a page that changes leaves most pieces as they are.
        let fits = |piece: &&mut Piece| {
            let after = piece.json.len() + row.len();
            after < size / 2 || after < size * 3 / 2 && !may_begin(word)
        };
        match pieces.last_mut().filter(fits) {
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

/// Chosen by the word alone (FNV-1a).
fn may_begin(word: &str) -> bool {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of this hash are the better ones, those of short words too.
    (hash ^ hash >> 32).is_multiple_of(CUTS)
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

/// Words of one page with their weights; its texts' words are taken from `known` if they are there. What they are comes back to be
/// remembered, if anything is.
fn read(
    plan: &Plan<'_>,
    prepared: &Prepared,
    i: usize,
    batch: &mut Batch,
    known: Option<&Remembered>,
) -> Option<(u64, Arc<[u8]>)> {
    let planned = &plan.pages[i];
    let page = &planned.page;
    // What is wrong with it the page itself reports.
    let body = plan.body(i, &mut Vec::new());
    let (Body::Markdown(source) | Body::Html(source)) = body.as_ref();
    let remembered = match known {
        None => {
            texts(source, page, batch);
            None
        }
        Some(known) => {
            let faq: Vec<(&str, &str)> = page.faq.iter().map(|f| (&*f.question, &*f.answer)).collect();
            let attributes: Vec<(&str, &str)> = page.attributes.iter().map(|(k, v)| (&**k, &**v)).collect();
            let key = trace::identity(&(source.as_str(), faq, attributes));
            match known.get(&key) {
                Some(packed) => {
                    // Packed here, so it is whole.
                    let _ = batch.unpack(packed);
                    Some((key, Arc::clone(packed)))
                }
                None => {
                    texts(source, page, batch);
                    batch.pack().map(|packed| (key, packed))
                }
            }
        }
    };
    batch.add(&prepared.card(plan, i).summary, SUMMARY, MAX_WEIGHT);
    for &term in &planned.terms {
        batch.add(&plan.terms[term].name, TERM, MAX_WEIGHT);
    }
    batch.add(page.entity.brand.as_deref().unwrap_or_default(), TERM, MAX_WEIGHT);
    batch.add(page.entity.sku.as_deref().unwrap_or_default(), TITLE, MAX_WEIGHT);
    batch.add(&page.title, TITLE, MAX_WEIGHT);
    remembered
}

/// Words of a page's longer texts, which take the time.
fn texts(source: &str, page: &Page, batch: &mut Batch) {
    visible(source, |part| batch.add(part, TEXT, TEXT * MAX_SAID));
    for item in &page.faq {
        batch.add(&item.question, TEXT, TEXT * MAX_SAID);
        visible(&item.answer, |part| batch.add(part, TEXT, TEXT * MAX_SAID));
    }
    for (name, value) in &page.attributes {
        batch.add(name, TEXT, TEXT * MAX_SAID);
        batch.add(value, TEXT, TEXT * MAX_SAID);
    }
}
