//! Search without a server: an index made with the site, in pieces of which a question needs a few.
//!
//! Pagefind, the maintained library for this, was looked at: its crate needs tokio, which the renderer has none of, its WebAssembly needs a
//! weaker content security policy (`wasm-unsafe-eval`), and an index cannot be made from parts of the one before. The format here is plain
//! JSON, written for [`search.js`](search.js):
//!
//! - `manifest`: `{"v":1,"n":pages,"size":pages in a piece,"terms":[[first term, file],…],"pages":[file,…]}`
//! - a piece of terms: `[[term, number of pages, [page step, weight, page step, weight,…]],…]`, sorted by term
//! - a piece of pages: `[[title, address, summary, section],…]`; the section's title is empty for pages that stand alone
//!
//! All names carry their hash. A piece of terms ends before a word that its letters choose, about every 32 KB, so that after a change most
//! pieces are as they were. A word that very many pages have keeps the [`MAX_POSTINGS`] that have it most.

mod index;
mod words;

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::theme::hashed_path;

pub(crate) use index::Sums;

/// Pages described in one file: ten results need at most ten.
const PAGES: usize = 50;
/// Bytes of a piece of terms, before compression.
const PIECE: usize = 32 * 1024;
/// Pages kept for one word.
const MAX_POSTINGS: usize = 1000;

/// The script of the search page.
const SCRIPT: &str = include_str!("search.js");

/// Site path and content of the script.
pub(crate) fn script() -> (String, &'static str) {
    (hashed_path("search.js", SCRIPT.as_bytes()), SCRIPT)
}

/// The index of one language.
pub(crate) struct Index {
    /// Site path of the manifest.
    pub manifest: String,
    /// Site paths with contents, the manifest among them.
    pub files: Vec<(String, String)>,
}

/// Pages of a language that a search may show.
pub(crate) fn pages(plan: &Plan<'_>, language: usize) -> Vec<usize> {
    let shown = |&i: &usize| {
        let planned = &plan.pages[i];
        planned.language == language && planned.is_indexed()
    };
    (0..plan.pages.len()).filter(shown).collect()
}

/// Makes the index of a language. With `sums`, only texts that these do not have are read.
pub(crate) fn build(plan: &Plan<'_>, prepared: &Prepared, language: usize, sums: Option<&Sums>) -> Index {
    let pages = pages(plan, language);
    let tag = &prepared.languages[language].tag;
    let tag = crate::paths::segment(tag).to_ascii_lowercase();
    let mut files = Vec::new();
    let mut add = |name: &str, value: String| {
        let path = hashed_path(&format!("search/{tag}-{name}.json"), value.as_bytes());
        let short = path.rsplit('/').next().unwrap_or_default().to_owned();
        files.push((path.clone(), value));
        (path, short)
    };

    // Asked for here, since what other threads read is not noted.
    let sections: Vec<&str> = plan.sections.iter().map(|s| s.section.title.as_str()).collect();
    let described: Vec<String> = pages
        .par_chunks(PAGES)
        .map(|chunk| {
            let rows = chunk.iter().map(|&i| {
                let planned = &plan.pages[i];
                let title = match planned.page.title.trim() {
                    "" => planned.path.as_str(),
                    title => title,
                };
                let section = planned.section.map(|(s, _)| sections[s]);
                json!([
                    title,
                    plan.address.href(&planned.path),
                    prepared.card(plan, i).summary,
                    section.unwrap_or_default()
                ])
            });
            Value::Array(rows.collect()).to_string()
        })
        .collect();
    let page_files: Vec<String> = described
        .into_iter()
        .enumerate()
        .map(|(n, rows)| add(&format!("p{n}"), rows).1)
        .collect();

    let pieces = index::pieces(plan, prepared, &pages, (PIECE, MAX_POSTINGS), (&tag, sums));
    let term_files: Vec<Value> = pieces
        .into_iter()
        .enumerate()
        .map(|(n, piece)| json!([piece.first, add(&format!("t{n}"), piece.json).1]))
        .collect();
    let manifest =
        json!({ "v": 1, "n": pages.len(), "size": PAGES, "terms": term_files, "pages": page_files }).to_string();
    let (manifest, _) = add("index", manifest);
    Index { manifest, files }
}
