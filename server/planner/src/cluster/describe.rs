//! What a group is called and what is said about it, from the words its keywords share.

use super::graph::{Graph, Group};
use super::intent::{self, Modifier};
use super::keyword::Intent;
use super::{Attribute, ContextType};
use igny8_text::Language;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// The longest head term, in words.
const LONGEST: usize = 4;
/// A term in a smaller share of the keywords does not stand for them.
const COVERS: f32 = 0.3;
/// The least share of a one-word head's keywords that a longer term with the word must be in to replace it.
const WIDER: f32 = 0.3;
/// Terms and attribute values recommended at most.
const RECOMMENDED: usize = 6;

/// How often each stem occurs in the site's keywords.
pub(super) struct Frequencies {
    stems: FxHashMap<String, u32>,
    units: f32,
}

impl Frequencies {
    pub(super) fn new(graph: &Graph) -> Frequencies {
        let mut stems: FxHashMap<String, u32> = FxHashMap::default();
        for unit in &graph.units {
            let mut own: Vec<&str> = unit.stems.iter().map(String::as_str).collect();
            own.sort_unstable();
            own.dedup();
            for stem in own {
                *stems.entry(stem.to_owned()).or_default() += 1;
            }
        }
        Frequencies {
            stems,
            units: graph.units.len() as f32,
        }
    }

    /// How telling a stem is: never nothing, for in a list about one thing that thing is in every keyword.
    fn weight(&self, stem: &str) -> f32 {
        let frequency = self.stems.get(stem).copied().unwrap_or(0) as f32;
        ((1.0 + self.units) / (1.0 + frequency)).ln() + 0.3
    }
}

/// Words in a row that several keywords of a group have in common.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// As its most searched keyword writes it.
    pub(super) text: String,
    pub(super) stems: Vec<String>,
    /// Share of the group's units it is in.
    pub(super) coverage: f32,
    score: f32,
}

/// What was found out about one group.
pub(super) struct Description {
    /// Head terms, best first; the first free one is the name.
    pub(super) terms: Vec<Term>,
    /// The unit whose head is the primary keyword.
    pub(super) primary: u32,
    /// Likeness to the centre of each of the group's units.
    pub(super) likeness: Vec<f32>,
    pub(super) intent: Option<Intent>,
    pub(super) context: ContextType,
    pub(super) attributes: Vec<Attribute>,
    /// Attribute names that most of the units have a value of.
    pub(super) varied: Vec<&'static str>,
    pub(super) volume: Option<u64>,
}

pub(super) fn describe(graph: &Graph, group: &Group, frequencies: &Frequencies) -> Description {
    let likeness = graph.likeness(&group.units);
    let volume_of = |u: u32| {
        graph.units[u as usize]
            .members
            .iter()
            .filter_map(|&k| graph.facts[k].volume)
            .max()
    };
    let terms = terms(graph, group, frequencies, &volume_of);
    let head: FxHashSet<&str> = terms
        .first()
        .map(|t| t.stems.iter().map(String::as_str).collect())
        .unwrap_or_default();
    let primary = group
        .units
        .iter()
        .zip(&likeness)
        .max_by(|&(&a, x), &(&b, y)| {
            let has = |u: u32| {
                let stems = &graph.units[u as usize].stems;
                head.iter().all(|h| stems.iter().any(|s| s == h))
            };
            let words = |u: u32| graph.units[u as usize].words.len();
            (volume_of(a).cmp(&volume_of(b)))
                .then_with(|| has(a).cmp(&has(b)))
                .then_with(|| words(b).cmp(&words(a)))
                .then_with(|| x.total_cmp(y))
                .then_with(|| b.cmp(&a))
        })
        .map_or(0, |(&u, _)| u);
    let mut intents: BTreeMap<Intent, usize> = BTreeMap::new();
    let mut service = 0;
    let mut values: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    let mut named: BTreeMap<&'static str, usize> = BTreeMap::new();
    for &u in &group.units {
        if let Some(intent) = graph.intent(u) {
            *intents.entry(intent).or_default() += 1;
        }
        let words = &graph.units[u as usize].words;
        let kinds: Vec<Modifier> = words.iter().filter_map(|w| intent::modifier(w)).collect();
        let asks = kinds.first() == Some(&Modifier::Question);
        if !asks && kinds.iter().any(|k| matches!(k, Modifier::Service | Modifier::Place)) {
            service += 1;
        }
        let mut names: Vec<&'static str> = Vec::new();
        for (name, value) in intent::attributes(words) {
            *values.entry((name, value)).or_default() += 1;
            names.push(name);
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            *named.entry(name).or_default() += 1;
        }
    }
    let count = group.units.len();
    // Intent is the group's only where a good part of the keywords show it.
    let intent = intents
        .into_iter()
        .max_by_key(|&(intent, n)| (n, std::cmp::Reverse(intent)))
        .filter(|&(_, n)| n * 3 >= count);
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let attributes = values
        .into_iter()
        .take(RECOMMENDED)
        .map(|((name, value), _)| Attribute {
            name: name.to_owned(),
            value,
        })
        .collect();
    let varied: Vec<&'static str> = named
        .into_iter()
        .filter(|&(_, n)| n * 5 >= count * 3)
        .map(|(name, _)| name)
        .collect();
    let volumes: Vec<u64> = group
        .units
        .iter()
        .flat_map(|&u| &graph.units[u as usize].members)
        .filter_map(|&k| graph.facts[k].volume)
        .collect();
    Description {
        terms,
        primary,
        likeness,
        intent: intent.map(|(intent, _)| intent),
        context: if service * 2 >= count {
            ContextType::ServiceLine
        } else {
            ContextType::Topic
        },
        attributes,
        varied,
        volume: (!volumes.is_empty()).then(|| volumes.into_iter().fold(0, u64::saturating_add)),
    }
}

/// The terms of a group, best first: in many of its keywords, and of telling words.
fn terms(graph: &Graph, group: &Group, frequencies: &Frequencies, volume_of: &dyn Fn(u32) -> Option<u64>) -> Vec<Term> {
    struct Found<'a> {
        units: u32,
        shown: (Option<u64>, std::cmp::Reverse<u32>),
        words: &'a [String],
    }
    let mut found: BTreeMap<&[String], Found<'_>> = BTreeMap::new();
    for &u in &group.units {
        let unit = &graph.units[u as usize];
        // The longest keywords are sentences; their head is at the front often enough.
        let length = unit.stems.len().min(40);
        let mut seen: FxHashSet<&[String]> = FxHashSet::default();
        for n in 1..=LONGEST.min(length) {
            for i in 0..=length - n {
                let words = &unit.words[i..i + n];
                let framed = |w: &String| intent::is_frame(w) || w.chars().count() < 2;
                if framed(&words[0]) || framed(&words[n - 1]) || !seen.insert(&unit.stems[i..i + n]) {
                    continue;
                }
                let shown = (volume_of(u), std::cmp::Reverse(u));
                let entry = found
                    .entry(&unit.stems[i..i + n])
                    .or_insert(Found { units: 0, shown, words });
                entry.units += 1;
                if shown > entry.shown {
                    entry.shown = shown;
                    entry.words = words;
                }
            }
        }
    }
    let count = group.units.len() as f32;
    let mut terms: Vec<Term> = found
        .into_iter()
        .filter(|(_, f)| f.units > 1 || group.units.len() == 1)
        .map(|(stems, f)| {
            let coverage = f.units as f32 / count;
            let weight: f32 = stems
                .iter()
                .filter(|s| !intent::is_frame(s))
                .map(|s| frequencies.weight(s))
                .sum();
            Term {
                text: f.words.join(" "),
                stems: stems.to_vec(),
                coverage,
                score: coverage.powf(1.5) * weight,
            }
        })
        .collect();
    terms.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.stems.cmp(&b.stems)));
    widen_head(&mut terms);
    terms.truncate(32);
    terms
}

/// A head of one word says little: "float" becomes "float switch" where a good part of its keywords say so.
fn widen_head(terms: &mut [Term]) {
    let Some(head) = terms.first().filter(|t| t.stems.len() == 1) else {
        return;
    };
    let least = (head.coverage * WIDER).max(COVERS / 2.0);
    if let Some(at) = terms
        .iter()
        .position(|t| t.stems.len() > 1 && t.coverage >= least && t.stems.contains(&head.stems[0]))
    {
        terms[..=at].rotate_right(1);
    }
}

/// Gives every group a name of its own: its best term that no group before it has, else its primary keyword.
pub(super) fn names(graph: &Graph, descriptions: &[Description]) -> Vec<String> {
    let language = Language::of(&graph.options.language);
    let mut taken: FxHashSet<String> = FxHashSet::default();
    descriptions
        .iter()
        .map(|description| {
            let primary = &graph.units[description.primary as usize].text;
            let candidates = description
                .terms
                .iter()
                .filter(|t| t.coverage >= COVERS / 2.0)
                .take(3)
                .map(|t| t.text.clone())
                .chain([primary.clone()]);
            let mut chosen = None;
            for name in candidates {
                if taken.insert(name.clone()) {
                    chosen = Some(name);
                    break;
                }
            }
            let name = chosen.unwrap_or_else(|| {
                let mut n = 2;
                loop {
                    let name = format!("{primary} {n}");
                    if taken.insert(name.clone()) {
                        return name;
                    }
                    n += 1;
                }
            });
            igny8_text::capital(&name, language)
        })
        .collect()
}

/// One sentence on what the group is about: how many keywords, how much searched, and the first few.
pub(super) fn sentence(keywords: &[usize], graph: &Graph, volume: Option<u64>) -> String {
    let shown: Vec<String> = keywords
        .iter()
        .take(3)
        .map(|&k| igny8_text::fold(&graph.facts[k].text))
        .collect();
    let searched = volume
        .filter(|&v| v > 0)
        .map(|v| format!(", searched {v} times a month"))
        .unwrap_or_default();
    let more = if keywords.len() > shown.len() { " …" } else { "" };
    let noun = if keywords.len() == 1 { "keyword" } else { "keywords" };
    format!("{} {noun}{searched}: {}{more}", keywords.len(), shown.join(", "))
}

/// Terms to file a page under: the group's terms but the name, none inside another.
pub(super) fn recommended_terms(description: &Description, name: &str, language: Language) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let within = |a: &str, b: &str| format!(" {b} ").contains(&format!(" {a} "));
    let mut lower = String::with_capacity(name.len());
    igny8_text::push_lower(&mut lower, name, language);
    for term in &description.terms {
        if out.len() == RECOMMENDED {
            break;
        }
        if !within(&term.text, &lower) && !out.iter().any(|o| within(&term.text, o) || within(o, &term.text)) {
            out.push(term.text.clone());
        }
    }
    out
}
