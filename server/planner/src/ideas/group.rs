//! Which keywords of a cluster one page can serve.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::format::{self, Format, Wish};
use super::{Cluster, Options, SiteKind};
use crate::cluster::evidence::Results;
use crate::cluster::intent::{self, Modifier};
use crate::cluster::{self, ContextType, Intent, Keyword, variants};
use igny8_text as text;

/// A page that shares less of its first results than this with another's serves something else, whatever the words say.
const OTHER_RESULTS: f32 = 0.1;
/// A page of one keyword with a smaller share of the cluster's searches than one in this many is not worth making.
const WEAK: u64 = 20;
/// The same for a page that compares or sells: what only it can hold is worth a page sooner.
const WEAK_OTHERS: u64 = 100;
/// The same for a question, which is as well answered on another page.
const WEAK_QUESTION: u64 = 5;

/// Keywords that differ in inflection or order only.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Places of the keywords, the head first.
    pub members: Vec<usize>,
    pub words: Vec<String>,
    /// The head's text as it was typed.
    pub text: String,
    pub volume: u64,
    pub format: Format,
    pub question: bool,
    intent: Option<Intent>,
    /// Stems that the cluster does not have in common.
    rest: BTreeSet<String>,
    /// All that the rest says is values of attributes.
    attribute: bool,
    /// Its place among the units.
    unit: usize,
}

/// A page in the making.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub hub: bool,
    /// None of its keywords names the cluster's subject alone: it is the page of a part of it, made the hub.
    pub stands_in: bool,
    pub format: Format,
    /// The page sells, as far as its keywords say.
    pub sells: bool,
    /// The primary first, then the most searched.
    pub entries: Vec<Entry>,
    /// What it takes in from pages that are not worth making.
    pub absorbed: Vec<Entry>,
    wish: Wish,
    /// The stem that its entries share.
    label: String,
}

impl Entry {
    /// How much it counts: searches matter, but so does being asked at all.
    fn weight(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a logarithm is taken of it")]
        let volume = self.volume as f64;
        1.0 + volume.ln_1p()
    }

    fn order(&self) -> (Reverse<u64>, usize, &str) {
        (Reverse(self.volume), self.words.len(), &self.text)
    }
}

impl Part {
    pub(super) fn volume(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.volume))
    }

    /// It is about the cluster's whole subject, not about a part of it.
    pub(super) fn is_whole(&self) -> bool {
        self.label.is_empty()
    }

    fn new(mut entries: Vec<Entry>, wish: Wish, label: String) -> Part {
        entries.sort_by(|a, b| a.order().cmp(&b.order()));
        Part {
            hub: false,
            stands_in: false,
            format: Format::Inform,
            sells: false,
            entries,
            absorbed: Vec::new(),
            wish,
            label,
        }
    }

    /// The strongest first.
    fn order(&self) -> (Reverse<u64>, Reverse<usize>, &str, Wish) {
        let first = self.entries.first().map_or("", |entry| entry.text.as_str());
        (Reverse(self.volume()), Reverse(self.entries.len()), first, self.wish)
    }

    fn rest(&self) -> BTreeSet<&str> {
        self.entries
            .iter()
            .flat_map(|e| e.rest.iter().map(String::as_str))
            .collect()
    }

    /// Only keywords that name a thing and ask nothing of it.
    fn bare(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| entry.format == Format::Inform && !entry.question)
    }
}

/// The pages of a cluster: the hub first, then the strongest.
pub(super) fn group(cluster: &Cluster, options: &Options) -> Vec<Part> {
    let (entries, results) = entries(&cluster.keywords, options);
    if entries.is_empty() {
        return Vec::new();
    }
    let total = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.volume));
    let units = entries.len();
    let sells = sells(&entries);
    let mut parts = parts(entries, &results, options);
    join_bare(&mut parts, options.site);
    let hub = (!cluster.has_hub)
        .then(|| take_hub(&mut parts, cluster, options.site, sells))
        .flatten();
    parts.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut hub = hub;
    absorb(&mut parts, hub.as_mut(), total, units, options.most_supporting.max(1));
    let mut all: Vec<Part> = hub.into_iter().chain(parts).collect();
    for part in &mut all {
        part.format = format_of(part);
        part.sells = sells;
        part.absorbed.sort_by(|a, b| a.order().cmp(&b.order()));
    }
    all
}

/// The units with what they say beyond what the cluster has in common, and their search results.
fn entries(keywords: &[Keyword], options: &Options) -> (Vec<Entry>, Results) {
    let free: Vec<Keyword> = keywords
        .iter()
        .map(|keyword| Keyword {
            fixed: None,
            embedding: None,
            ..keyword.clone()
        })
        .collect();
    let clustering = cluster::Options {
        language: options.language.clone(),
        ..cluster::Options::default()
    };
    let (units, mut wordless) = variants::group(&free, &clustering);
    wordless.sort_by(|&a, &b| {
        let (x, y) = (&keywords[a], &keywords[b]);
        (&x.text, Reverse(x.volume))
            .cmp(&(&y.text, Reverse(y.volume)))
            .then_with(|| variants::compare_rest(x, y))
    });
    let results = Results::new(units.iter().map(|unit| {
        let with = unit.members.iter().find(|&&k| !keywords[k].serp_urls.is_empty());
        with.map_or(&[][..], |&k| keywords[k].serp_urls.as_slice())
    }));
    let volume = |unit: &variants::Unit| {
        unit.members
            .iter()
            .filter_map(|&k| keywords[k].volume)
            .max()
            .unwrap_or(0)
    };
    let stems = |unit: &variants::Unit| -> BTreeSet<String> {
        let says = |n: usize| !says_nothing(&unit.words[n]);
        (0..unit.words.len())
            .filter(|&n| says(n))
            .map(|n| unit.stems[n].clone())
            .collect()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for stem in units.iter().flat_map(&stems) {
        *counts.entry(stem).or_default() += 1;
    }
    let mut head: BTreeSet<String> = counts
        .into_iter()
        .filter(|&(_, n)| n * 2 > units.len() && (n > 1 || units.len() == 1))
        .map(|(stem, _)| stem)
        .collect();
    if head.is_empty() {
        let most = units.iter().min_by(|a, b| {
            (Reverse(volume(a)), a.words.len(), &a.text).cmp(&(Reverse(volume(b)), b.words.len(), &b.text))
        });
        head = most.map(stems).unwrap_or_default();
    }
    let mut out: Vec<Entry> = units
        .iter()
        .enumerate()
        .map(|(at, unit)| {
            let rest: BTreeSet<String> = stems(unit).difference(&head).cloned().collect();
            let known = unit.members.iter().find_map(|&k| keywords[k].intent);
            let beyond = unit
                .words
                .iter()
                .zip(&unit.stems)
                .filter(|(_, stem)| rest.contains(*stem));
            let sizes = intent::attributes(&unit.words);
            let attribute = !rest.is_empty()
                && beyond.into_iter().all(|(word, _)| {
                    matches!(intent::modifier(word), Some(Modifier::Attribute(_)))
                        || sizes
                            .iter()
                            .any(|(_, value)| value.split(' ').any(|v| word.contains(v)))
                });
            Entry {
                members: unit.members.clone(),
                words: unit.words.clone(),
                text: keywords[unit.members[0]].text.clone(),
                volume: volume(unit),
                format: format::of(&unit.words, known),
                question: format::is_question(&unit.words),
                intent: known,
                rest,
                attribute,
                unit: at,
            }
        })
        .collect();
    let first = out.len();
    // Texts without a word go where the hub's keywords go.
    out.extend(wordless.into_iter().enumerate().map(|(n, k)| Entry {
        members: vec![k],
        words: Vec::new(),
        text: keywords[k].text.clone(),
        volume: keywords[k].volume.unwrap_or(0),
        format: Format::Inform,
        question: false,
        intent: keywords[k].intent,
        rest: BTreeSet::new(),
        attribute: false,
        unit: first + n,
    }));
    (out, results)
}

/// Words that say how something is asked for or what is wished, not what it is about.
fn says_nothing(word: &str) -> bool {
    let year = word.len() == 4 && word.starts_with("20") && word.chars().all(|c| c.is_ascii_digit());
    let wish = matches!(
        intent::modifier(word),
        Some(Modifier::Compare | Modifier::Buy | Modifier::Visit | Modifier::Place)
    );
    year || wish || intent::is_frame(word) || format::is_wish(word)
}

/// Whether a cluster's keywords are rather those of buyers than those of readers.
fn sells(entries: &[Entry]) -> bool {
    let weight = |of: &dyn Fn(&Entry) -> bool| entries.iter().filter(|e| of(e)).map(Entry::weight).sum::<f64>();
    let buyers = weight(&|e| {
        !e.question
            && (e.format.wish() != Wish::Know || matches!(e.intent, Some(Intent::Commercial | Intent::Transactional)))
    });
    let readers = weight(&|e| e.question || e.format == Format::Guide || e.intent == Some(Intent::Informational));
    buyers >= readers
}

/// Pages by what their keywords say beyond the cluster's subject.
fn parts(entries: Vec<Entry>, results: &Results, options: &Options) -> Vec<Part> {
    let words = entries.iter().filter(|entry| !entry.words.is_empty()).count();
    let mut order: Vec<usize> = (0..words).collect();
    order.sort_by(|&a, &b| entries[a].order().cmp(&entries[b].order()));
    #[expect(clippy::cast_possible_truncation, reason = "keywords of one cluster")]
    let order: Vec<u32> = order.into_iter().map(|at| at as u32).collect();
    let centres = results.stars(&order, options.shared_urls.clamp(0.01, 1.0));
    // What shares results is one page already, whatever the words; the centre speaks for it.
    let mut atoms: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let centre = centres
            .get(entry.unit)
            .copied()
            .flatten()
            .map_or(entry.unit, |c| c as usize);
        atoms.entry(centre).or_default().push(entry);
    }
    let mut free: BTreeMap<Wish, Vec<Vec<Entry>>> = BTreeMap::new();
    for (centre, mut atom) in atoms {
        atom.sort_by_key(|entry| (entry.unit != centre, entry.unit));
        free.entry(atom[0].format.wish()).or_default().push(atom);
    }
    let mut parts = Vec::new();
    for (wish, atoms) in free {
        let (common, mut atoms): (Vec<_>, Vec<_>) = atoms.into_iter().partition(|atom| atom[0].rest.is_empty());
        if !common.is_empty() {
            parts.push(Part::new(common.into_iter().flatten().collect(), wish, String::new()));
        }
        let mut spent: BTreeSet<String> = BTreeSet::new();
        while let Some((stem, some)) = largest(&atoms, &spent, results) {
            if some.len() < 2 {
                spent.insert(stem);
                continue;
            }
            let mut entries = Vec::new();
            let mut left = Vec::new();
            for (n, atom) in atoms.into_iter().enumerate() {
                if some.contains(&n) {
                    entries.extend(atom);
                } else {
                    left.push(atom);
                }
            }
            atoms = left;
            parts.push(Part::new(entries, wish, stem));
        }
        for atom in atoms {
            let label = atom[0].rest.iter().cloned().collect::<Vec<_>>().join(" ");
            parts.push(Part::new(atom, wish, label));
        }
    }
    parts
}

/// The stem that counts most among pages that share it, and the places of those.
fn largest(atoms: &[Vec<Entry>], spent: &BTreeSet<String>, results: &Results) -> Option<(String, Vec<usize>)> {
    let mut sharing: BTreeMap<&str, (f64, Vec<usize>)> = BTreeMap::new();
    for (n, atom) in atoms.iter().enumerate() {
        for stem in atom[0].rest.iter().filter(|stem| !spent.contains(*stem)) {
            let entry = sharing.entry(stem).or_default();
            entry.0 += atom[0].weight();
            entry.1.push(n);
        }
    }
    let (stem, (_, mut some)) = sharing
        .into_iter()
        .filter(|(_, (_, some))| some.len() > 1)
        .max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.0.cmp(a.0)))?;
    some.sort_by(|&a, &b| atoms[a][0].order().cmp(&atoms[b][0].order()));
    let lead = atoms[some[0]][0].unit;
    some.retain(|&n| {
        let unit = atoms[n][0].unit;
        unit == lead
            || results
                .shared(lead, unit)
                .is_none_or(|share| share + 1e-6 >= OTHER_RESULTS)
    });
    Some((stem.to_owned(), some))
}

/// A page that only names a thing goes to the page that sells it or that says which is best.
fn join_bare(parts: &mut Vec<Part>, site: SiteKind) {
    let mut n = 0;
    while n < parts.len() {
        let part = &parts[n];
        let bare = part.wish == Wish::Know && !part.label.is_empty() && part.bare();
        let wishes = match site {
            SiteKind::Blog => &[Wish::Consider][..],
            SiteKind::Ecommerce | SiteKind::Company => &[Wish::Act, Wish::Consider][..],
        };
        let into = wishes.iter().find_map(|wish| {
            let same = |other: &Part| other.wish == *wish && other.label == part.label;
            parts.iter().position(same)
        });
        match into.filter(|_| bare) {
            Some(into) => {
                let part = parts.remove(n);
                let into = if into > n { into - 1 } else { into };
                let other = &mut parts[into];
                let mut entries = std::mem::take(&mut other.entries);
                entries.extend(part.entries);
                let (wish, label) = (other.wish, other.label.clone());
                parts[into] = Part::new(entries, wish, label);
            }
            None => n += 1,
        }
    }
}

/// Takes the hub page out: what has no rest, with what sells the same where hub pages sell.
fn take_hub(parts: &mut Vec<Part>, cluster: &Cluster, site: SiteKind, sells: bool) -> Option<Part> {
    let acts = match site {
        SiteKind::Blog => false,
        SiteKind::Ecommerce => sells,
        SiteKind::Company => cluster.context == ContextType::ServiceLine,
    };
    let common = |part: &Part| part.label.is_empty() && (part.wish == Wish::Know || (acts && part.wish == Wish::Act));
    let (mut hubs, rest): (Vec<Part>, Vec<Part>) = std::mem::take(parts).into_iter().partition(common);
    *parts = rest;
    let stands_in = hubs.is_empty();
    if stands_in {
        // No keyword names the subject alone: the strongest page stands for it.
        let wish = |part: &Part| match part.wish {
            Wish::Know => 0,
            Wish::Act => 1,
            Wish::Consider => 2,
        };
        let best = (0..parts.len())
            .min_by(|&a, &b| (wish(&parts[a]), parts[a].order()).cmp(&(wish(&parts[b]), parts[b].order())))?;
        hubs.push(parts.remove(best));
    }
    let wish = hubs.iter().map(|part| part.wish).min()?;
    let mut hub = Part::new(
        hubs.into_iter().flat_map(|part| part.entries).collect(),
        wish,
        String::new(),
    );
    // A name makes a better hub than a question about it.
    hub.entries.sort_by(|a, b| {
        let asks = |e: &Entry| e.question || e.words.is_empty();
        (asks(a), a.order()).cmp(&(asks(b), b.order()))
    });
    hub.hub = true;
    hub.stands_in = stands_in;
    Some(hub)
}

/// Takes pages in that are not worth making, the weakest first. `parts` are sorted, the strongest first.
fn absorb(parts: &mut Vec<Part>, mut hub: Option<&mut Part>, total: u64, units: usize, most: usize) {
    let usual = (units / 3).max(3);
    let mut at = parts.len();
    while at > 0 {
        at -= 1;
        let part = &parts[at];
        let single = part.entries.len() == 1;
        let below = |share: u64| total > 0 && part.volume().saturating_mul(share) < total;
        let question = part.entries.iter().all(|entry| entry.question);
        let weak = single
            && (below(if part.wish == Wish::Know { WEAK } else { WEAK_OTHERS })
                || (question && below(WEAK_QUESTION))
                || (total == 0 && parts.len() > usual));
        let keep = parts.len() <= 2 && (hub.is_some() || parts.len() == 1);
        if !(parts.len() > most || (weak && !keep)) {
            continue;
        }
        // Nothing takes in the last page of all.
        if parts.len() == 1 && hub.is_none() {
            return;
        }
        let part = parts.remove(at);
        let rest = part.rest();
        let alike = |other: &Part| {
            let theirs = other.rest();
            let common = theirs.intersection(&rest).count();
            if other.wish == part.wish { common } else { 0 }
        };
        let best = parts
            .iter()
            .enumerate()
            .map(|(n, other)| (alike(other), Reverse(n)))
            .max()
            .filter(|(common, _)| *common > 0);
        let into = match (best, hub.as_deref_mut()) {
            (Some((_, Reverse(n))), _) => &mut parts[n],
            (None, Some(hub)) => hub,
            (None, None) => &mut parts[0],
        };
        into.absorbed.extend(part.entries);
        into.absorbed.extend(part.absorbed);
        at = at.min(parts.len());
    }
}

/// The format that most of a page's own keywords ask for.
fn format_of(part: &Part) -> Format {
    let mut weights: BTreeMap<Format, f64> = BTreeMap::new();
    let mut total = 0.0;
    let mut commercial = 0.0;
    for entry in part.entries.iter().filter(|entry| entry.format.wish() == part.wish) {
        *weights.entry(entry.format).or_default() += entry.weight();
        total += entry.weight();
        if entry.intent == Some(Intent::Commercial) {
            commercial += entry.weight();
        }
    }
    let guide = weights.get(&Format::Guide).copied().unwrap_or(0.0);
    let most = weights
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map_or(Format::Inform, |(format, _)| format);
    match most {
        // Who means to buy and names only the thing is helped by a guide.
        Format::Inform if guide * 3.0 >= total && guide > 0.0 => Format::Guide,
        Format::Inform if !part.hub && part.entries.iter().all(|entry| entry.attribute) => Format::Attribute,
        Format::Inform if commercial * 2.0 >= total && commercial > 0.0 => Format::Guide,
        format => format,
    }
}

/// See [`super::fitting`].
pub(super) fn fitting(groups: &[Vec<&str>], rest: &[&str], language: &str) -> Option<Vec<usize>> {
    if groups.is_empty() {
        return None;
    }
    let stemmer = text::stemmer(language);
    let stems = |of: &str| -> BTreeSet<String> {
        let folded = text::fold(of);
        let words = text::words(&folded).filter(|word| !intent::is_frame(word));
        words
            .map(|word| {
                stemmer
                    .as_ref()
                    .map_or_else(|| word.to_owned(), |s| s.stem(word).into_owned())
            })
            .collect()
    };
    // Which texts have a stem, so that a keyword is compared with those alone.
    let mut texts: Vec<(usize, usize)> = Vec::new();
    let mut having: HashMap<String, Vec<usize>> = HashMap::new();
    for (group, of) in groups.iter().enumerate() {
        for text in of {
            let stems = stems(text);
            let size = stems.len();
            for stem in stems {
                having.entry(stem).or_default().push(texts.len());
            }
            texts.push((group, size));
        }
    }
    let mut common = vec![0usize; texts.len()];
    let mut place = |text: &&str| {
        let own = stems(text);
        let mut touched = Vec::new();
        for &at in own.iter().filter_map(|stem| having.get(stem)).flatten() {
            if common[at] == 0 {
                touched.push(at);
            }
            common[at] += 1;
        }
        let mut best = (0, Reverse(0));
        for at in touched {
            let shared = std::mem::take(&mut common[at]);
            let (group, size) = texts[at];
            // In millionths, so that equal ones compare equal.
            let alike = shared * 1_000_000 / (size + own.len() - shared);
            best = best.max((alike, Reverse(group)));
        }
        best.1.0
    };
    Some(rest.iter().map(&mut place).collect())
}
