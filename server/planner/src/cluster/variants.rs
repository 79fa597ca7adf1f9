//! Keywords that differ only in inflection, word order or spelling marks: one entry of the graph.
//!
//! Two keywords are variants when their words have the same stems, each as often, in any order. On 22,907 real keywords
//! 90 % of the pairs merged this way share at least four of ten search results, so no later step may part them.

use super::keyword::{Keyword, Options};
use igny8_text as text;
use igny8_text::Stemmer;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// Variants, treated as one from here on.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Places in the list handed in; the head (highest volume, then shortest) first.
    pub(crate) members: Vec<usize>,
    /// The head's words.
    pub(crate) words: Vec<String>,
    /// Their stems.
    pub(crate) stems: Vec<String>,
    /// The head's folded text.
    pub(crate) text: String,
}

impl Unit {
    /// Some of its words as the head writes them: "e-bike", "women's shoes".
    pub(crate) fn written(&self, first: usize, count: usize) -> String {
        let start_of = |word: &str| word.as_ptr() as usize - self.text.as_ptr() as usize;
        let mut run = text::words(&self.text).skip(first).take(count);
        let Some(head) = run.next() else {
            return String::new();
        };
        let last = run.last().unwrap_or(head);
        let mut end = start_of(last) + last.len();
        if self.text[end..].starts_with("'s") {
            end += "'s".len();
        }
        self.text[start_of(head)..end].to_owned()
    }
}

struct Prepared {
    at: usize,
    text: String,
    words: Vec<String>,
    stems: Vec<String>,
    /// Sorted stems with the language: what variants have in common.
    key: String,
}

/// Groups keywords into units, in an order that depends on what the keywords are and not on where they stood.
/// Free keywords without a single word come back apart: nothing can be said about them.
pub(crate) fn group(keywords: &[Keyword], options: &Options) -> (Vec<Unit>, Vec<usize>) {
    let mut stemmers: FxHashMap<&str, Option<Stemmer>> = FxHashMap::default();
    let mut prepared = Vec::with_capacity(keywords.len());
    let mut wordless = Vec::new();
    for (at, keyword) in keywords.iter().enumerate() {
        let language = keyword.language.as_deref().unwrap_or(&options.language);
        let stemmer = stemmers.entry(language).or_insert_with(|| text::stemmer(language));
        let folded = text::fold(&keyword.text);
        let words: Vec<String> = text::words(&folded).map(str::to_owned).collect();
        // What has no word cannot be compared; but a locked cluster keeps it.
        if words.is_empty() && keyword.fixed.is_none() {
            wordless.push(at);
            continue;
        }
        let stems: Vec<String> = words
            .iter()
            .map(|word| match stemmer {
                Some(stemmer) => stemmer.stem(word).into_owned(),
                None => word.clone(),
            })
            .collect();
        let mut sorted: Vec<&str> = stems.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        if words.is_empty() {
            sorted.push(&folded);
        }
        let key = format!("{}\u{1}{language}", sorted.join(" "));
        prepared.push(Prepared {
            at,
            text: folded,
            words,
            stems,
            key,
        });
    }
    let head_first = |a: &Prepared, b: &Prepared| {
        let (x, y) = (&keywords[a.at], &keywords[b.at]);
        (y.volume.cmp(&x.volume))
            .then_with(|| a.text.chars().count().cmp(&b.text.chars().count()))
            .then_with(|| a.text.cmp(&b.text))
            .then_with(|| compare_rest(x, y))
            .then_with(|| a.at.cmp(&b.at))
    };
    prepared.sort_unstable_by(|a, b| {
        (a.key.cmp(&b.key))
            .then_with(|| keywords[a.at].fixed.cmp(&keywords[b.at].fixed))
            .then_with(|| head_first(a, b))
    });
    let mut units: Vec<Unit> = Vec::new();
    let mut last: Option<(String, Option<&str>)> = None;
    for p in prepared {
        let fixed = keywords[p.at].fixed.as_deref();
        match (units.last_mut(), &last) {
            (Some(unit), Some((key, cluster))) if *key == p.key && *cluster == fixed => unit.members.push(p.at),
            _ => {
                last = Some((p.key, fixed));
                units.push(Unit {
                    members: vec![p.at],
                    words: p.words,
                    stems: p.stems,
                    text: p.text,
                });
            }
        }
    }
    (units, wordless)
}

/// An order of keywords with the same text and volume, so that which of them comes first depends on nothing but them.
pub(crate) fn compare_rest(a: &Keyword, b: &Keyword) -> Ordering {
    let bits = |v: &Option<Vec<f32>>| v.as_ref().map(|v| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    (a.text.cmp(&b.text))
        .then_with(|| a.parent_topic.cmp(&b.parent_topic))
        .then_with(|| a.serp_urls.cmp(&b.serp_urls))
        .then_with(|| a.intent.cmp(&b.intent))
        .then_with(|| a.difficulty.map(f32::to_bits).cmp(&b.difficulty.map(f32::to_bits)))
        .then_with(|| bits(&a.embedding).cmp(&bits(&b.embedding)))
}
