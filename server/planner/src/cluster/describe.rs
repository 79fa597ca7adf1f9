//! What a group is called and what is said about it, from the words its keywords share.

use super::graph::{Graph, Group};
use super::intent::{self, Modifier};
use super::keyword::Intent;
use super::variants::Unit;
use super::{Attribute, ContextType};
use igny8_text::Language;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// The longest head term, in words.
const LONGEST: usize = 4;
/// The longest head term where what most keywords have does not stand closer together.
const LONGEST_CORE: usize = 8;
/// A term in a smaller share of the keywords does not stand for them.
const COVERS: f32 = 0.3;
/// The least share of a one-word head's keywords that a longer term with the word must be in to replace it.
const WIDER: f32 = 0.3;
/// Terms and attribute values recommended at most.
const RECOMMENDED: usize = 6;
/// It is near something that must be said, too.
const NEAR: &str = "near";

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
    /// The text with what it cannot be without as a name; none where it names nothing.
    label: Option<String>,
    /// Whether it has every word that most of the keywords have.
    whole: bool,
    score: f32,
}

/// What was found out about one group.
pub(super) struct Description {
    /// Head terms, best first; the first free one that is a name is the name.
    pub(super) terms: Vec<Term>,
    /// What the group is called where no term is a name.
    phrase: Option<String>,
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
    let language = Language::of(&graph.options.language);
    let core = core(graph, group, frequencies, language);
    let terms = terms(graph, group, frequencies, &core, &volume_of);
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
        phrase: phrase(graph, group, &core, &volume_of),
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

/// The terms of a group, best first: with every word that most of its keywords have, in many of them, and of telling words.
fn terms(
    graph: &Graph,
    group: &Group,
    frequencies: &Frequencies,
    core: &[&str],
    volume_of: &dyn Fn(u32) -> Option<u64>,
) -> Vec<Term> {
    let language = Language::of(&graph.options.language);
    let mut found: BTreeMap<&[String], Found> = BTreeMap::new();
    for &u in &group.units {
        let unit = &graph.units[u as usize];
        // The longest keywords are sentences; their head is at the front often enough.
        let length = unit.stems.len().min(40);
        let mut seen: FxHashSet<&[String]> = FxHashSet::default();
        for n in 1..=LONGEST.min(length) {
            for i in 0..=length - n {
                let words = &unit.words[i..i + n];
                let framed = |w: &String| intent::is_frame_in(w, language) || w.chars().count() < 2;
                if framed(&words[0]) || framed(&words[n - 1]) || !seen.insert(&unit.stems[i..i + n]) {
                    continue;
                }
                let shown = (volume_of(u), std::cmp::Reverse(u));
                let ends = ends(unit, i + n, language);
                found.entry(&unit.stems[i..i + n]).or_default().add(shown, i, ends);
            }
        }
    }
    drop_fragments(&mut found);
    found.retain(|_, f| f.units > 1 || group.units.len() == 1);
    if let Some((stems, whole)) = core_term(graph, group, core, volume_of) {
        found.entry(stems).or_insert(whole);
    }
    let count = group.units.len() as f32;
    let mut terms: Vec<Term> = found
        .into_iter()
        .map(|(stems, f)| {
            let coverage = f.units as f32 / count;
            let weight: f32 = stems
                .iter()
                .filter(|s| !intent::is_frame_in(s, language))
                .map(|s| frequencies.weight(s))
                .sum();
            let unit = &graph.units[f.shown.1.0 as usize];
            Term {
                text: unit.written(f.at, stems.len()),
                label: label(unit, f.at, stems.len(), !f.ends, language),
                whole: core.iter().all(|c| stems.iter().any(|s| s == c)),
                stems: stems.to_vec(),
                coverage,
                score: coverage.powf(1.5) * weight,
            }
        })
        .collect();
    terms.sort_by(|a, b| {
        (b.whole.cmp(&a.whole))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| a.stems.cmp(&b.stems))
    });
    widen_head(&mut terms);
    terms.truncate(32);
    terms
}

/// Where a run of stems was found.
#[derive(Default)]
struct Found {
    units: u32,
    /// The unit that shows it: the most searched, then the first.
    shown: (Option<u64>, std::cmp::Reverse<u32>),
    /// The place of its first word there.
    at: usize,
    /// Whether any keyword, or what it names, ends with it.
    ends: bool,
}

impl Found {
    fn add(&mut self, shown: (Option<u64>, std::cmp::Reverse<u32>), at: usize, ends: bool) {
        self.ends |= ends;
        if self.units == 0 || shown > self.shown {
            self.shown = shown;
            self.at = at;
        }
        self.units += 1;
    }
}

/// Leaves out what most often stands in one longer term: "over coffee" is a piece of "pour over coffee" (the nested terms of
/// K. Frantzi, S. Ananiadou, H. Mima: *Automatic recognition of multi-word terms*, IJDL 3(2), 2000).
fn drop_fragments(found: &mut BTreeMap<&[String], Found>) {
    let mut fragments: Vec<&[String]> = Vec::new();
    for (stems, longer) in found.iter().filter(|(stems, _)| stems.len() > 1) {
        // Beside its first or last word may stand words of grammar, with which no term begins or ends.
        let without_first = (1..stems.len()).map(|i| &stems[i..]).find(|s| found.contains_key(s));
        let without_last = (1..stems.len())
            .rev()
            .map(|i| &stems[..i])
            .find(|s| found.contains_key(s));
        fragments.extend(
            [without_first, without_last]
                .into_iter()
                .flatten()
                .filter(|s| found.get(s).is_some_and(|f| longer.units * 2 > f.units)),
        );
    }
    for stems in fragments {
        found.remove(&stems);
    }
}

/// The stems that most of the keywords have together: no name may lack one of them.
fn core<'a>(graph: &'a Graph, group: &Group, frequencies: &Frequencies, language: Language) -> Vec<&'a str> {
    // A letter is a word of grammar, unless a keyword ends with it: "vitamin a".
    let last: FxHashSet<&str> = group
        .units
        .iter()
        .filter_map(|&u| graph.units[u as usize].words.last())
        .filter(|w| w.chars().count() == 1)
        .map(String::as_str)
        .collect();
    let names = |w: &str| !intent::is_frame_in(w, language) || intent::may_name(w) || last.contains(w);
    let mut units: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &u in &group.units {
        let unit = &graph.units[u as usize];
        for (word, stem) in unit.words.iter().zip(&unit.stems) {
            let has = units.entry(stem).or_default();
            if names(word) && has.last() != Some(&u) {
                has.push(u);
            }
        }
    }
    let most = |units: &[u32]| units.len() * 2 > group.units.len();
    let mut stems: Vec<(&str, Vec<u32>)> = units.into_iter().filter(|(_, units)| most(units)).collect();
    stems.sort_by(|a, b| {
        (b.1.len().cmp(&a.1.len()))
            .then_with(|| frequencies.weight(b.0).total_cmp(&frequencies.weight(a.0)))
            .then_with(|| a.0.cmp(b.0))
    });
    let mut core = Vec::new();
    let mut together: Vec<u32> = group.units.clone();
    for (stem, units) in stems {
        let units: FxHashSet<u32> = units.into_iter().collect();
        let both: Vec<u32> = together.iter().copied().filter(|u| units.contains(u)).collect();
        if most(&both) {
            core.push(stem);
            together = both;
        }
    }
    core
}

/// The shortest run of words with all of the core, as most keywords that have it write it.
fn core_term<'a>(
    graph: &'a Graph,
    group: &Group,
    core: &[&str],
    volume_of: &dyn Fn(u32) -> Option<u64>,
) -> Option<(&'a [String], Found)> {
    if core.is_empty() {
        return None;
    }
    let language = Language::of(&graph.options.language);
    let mut found: BTreeMap<&[String], Found> = BTreeMap::new();
    for &u in &group.units {
        let unit = &graph.units[u as usize];
        let stems = &unit.stems;
        let holds = |part: &[String]| core.iter().all(|c| part.iter().any(|s| s == c));
        let run = (core.len()..=LONGEST_CORE.min(stems.len()))
            .find_map(|n| (0..=stems.len() - n).find(|&i| holds(&stems[i..i + n])).map(|i| (i, n)));
        if let Some((i, n)) = run {
            let shown = (volume_of(u), std::cmp::Reverse(u));
            let ends = ends(unit, i + n, language);
            found.entry(&stems[i..i + n]).or_default().add(shown, i, ends);
        }
    }
    found.into_iter().max_by(|(a, x), (b, y)| {
        (x.units.cmp(&y.units))
            .then_with(|| b.len().cmp(&a.len()))
            .then_with(|| x.shown.cmp(&y.shown))
    })
}

/// Whether what words name ends before this place: nothing follows, or a word of grammar.
fn ends(unit: &Unit, at: usize, language: Language) -> bool {
    unit.words
        .get(at)
        .is_none_or(|word| intent::is_frame_in(word, language))
}

/// A run of a keyword's words as a name: "repair near" needs its "me", and "use a coffee", where it is always `cut` off, the
/// rest of the thing. None of words that name nothing, nor of half of a comparison.
fn label(unit: &Unit, at: usize, count: usize, cut: bool, language: Language) -> Option<String> {
    let framed = |word: &String| intent::is_frame_in(word, language);
    let mut end = with_me(unit, at + count);
    if cut && unit.words[at..end].iter().any(framed) {
        end += unit.words[end..].iter().take_while(|word| !framed(word)).count();
    }
    let run = &unit.words[at..end];
    let dangling = run.first().is_some_and(|word| intent::compares(word))
        || run.last().is_some_and(|word| intent::compares(word) || word == NEAR);
    let names = run.iter().any(|word| !framed(word) && !intent::only_adds(word));
    (names && !dangling).then(|| unit.written(at, end - at))
}

/// The place after "me" where that follows a "near" that ends here.
fn with_me(unit: &Unit, end: usize) -> usize {
    let is = |at: Option<usize>, words: &[&str]| {
        at.and_then(|at| unit.words.get(at))
            .is_some_and(|word| words.contains(&word.as_str()))
    };
    if is(end.checked_sub(1), &[NEAR]) && is(Some(end), &["me", "us", "you"]) {
        end + 1
    } else {
        end
    }
}

/// The most searched keyword with all of the core, without words of grammar around it.
fn phrase(graph: &Graph, group: &Group, core: &[&str], volume_of: &dyn Fn(u32) -> Option<u64>) -> Option<String> {
    let language = Language::of(&graph.options.language);
    let unit = |u: u32| &graph.units[u as usize];
    let holds = |u: u32| core.iter().all(|c| unit(u).stems.iter().any(|s| s == c));
    let order = |u: u32| {
        (
            volume_of(u),
            std::cmp::Reverse(unit(u).words.len()),
            std::cmp::Reverse(u),
        )
    };
    let head = unit(
        group
            .units
            .iter()
            .copied()
            .filter(|&u| holds(u))
            .max_by_key(|&u| order(u))?,
    );
    let names = |word: &String| !intent::is_frame_in(word, language) || intent::may_name(word);
    let first = head.words.iter().position(names)?;
    let end = with_me(head, head.words.iter().rposition(names)? + 1);
    Some(head.written(first, end - first))
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

/// Gives every group a name of its own: its best term that names it and that no group before it has, else of a keyword with the
/// words that most have, else its primary keyword.
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
                .filter(|t| t.whole && t.coverage >= COVERS / 2.0)
                .take(3)
                .filter_map(|t| t.label.clone())
                .chain(description.phrase.clone())
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

/// A sentence on what the group is about; empty in languages there is none in. Nothing of it changes with the keywords: how
/// many there are and how much they are searched is counted when somebody looks.
pub(super) fn sentence(name: &str, language: Language) -> String {
    if name.trim().is_empty() {
        return String::new();
    }
    let sentence = match language {
        Language::English => "What people search for around “{}”.",
        Language::German => "Wonach rund um „{}“ gesucht wird.",
        Language::French => "Ce que l'on cherche autour de «\u{a0}{}\u{a0}».",
        Language::Spanish => "Lo que se busca en torno a «{}».",
        Language::Italian => "Che cosa si cerca intorno a «{}».",
        Language::Dutch => "Waar rond “{}” naar wordt gezocht.",
        Language::Portuguese => "O que se procura em torno de “{}”.",
        _ => "",
    };
    sentence.replace("{}", name)
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
