//! From keywords to a graph, and from the graph to groups at any granularity.

use super::balance;
use super::evidence::Results;
use super::features::Rows;
use super::granularity;
use super::intent;
use super::keyword::{Intent, Keyword, Options};
use super::leiden::{self, Network};
use super::merge;
use super::neighbours::{self, Dense};
use super::variants::{self, Unit};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// γ of the constant Potts model at granularity ½, on squared cosines, for a list whose mean edge is [`USUAL_EDGE`].
/// Measured, see the README.
const RESOLUTION: f64 = 0.0032;
/// The mean squared cosine between neighbours in lists of mixed questions.
const USUAL_EDGE: f64 = 0.13;
/// How γ follows the mean edge: in a list about one thing everything is alike, and only what is more alike than usual
/// there belongs together.
const ADAPTATION: f64 = 1.3;
/// In a list shorter than this the neighbours of a keyword reach across its subjects, so γ must be higher; by which
/// power was measured on drawn lists of 80 to 700 keywords.
const FULL_LENGTH: f64 = 3000.0;
const SHORTNESS: f64 = 0.716;
/// The most γ grows by for that: a dozen keywords have too few neighbours to reach far.
const SHORTEST: f64 = 12.5;
/// γ changes by this factor from granularity ½ to either end.
const RANGE: f64 = 16.0;
/// How much higher γ is where every keyword has a language model's vector: such vectors find some likeness between any
/// two keywords of a site. Measured with a small sentence encoder on two sets, see the README.
const DENSE_FACTOR: f64 = 2.5;
/// How much of its weight an edge keeps whose ends have different known intents: one page seldom serves both.
const OTHER_INTENT: f32 = 0.6;
/// Communities are one where they are at least this much as alike across as within, up to granularity ½. Measured, see the README.
const ALIKE: f64 = 0.55;
/// Topics are communities of clusters at this share of the clusters' own γ.
const TOPIC_SHARE: f64 = 0.15;

/// Keywords ready to be grouped: everything that does not depend on the granularity is done.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) options: Options,
    pub(super) units: Vec<Unit>,
    pub(super) wordless: Vec<usize>,
    pub(super) rows: Rows,
    /// What the results need to know of each keyword handed in.
    pub(super) facts: Vec<Fact>,
    edges: Vec<(u32, u32, f32)>,
    /// Share of the units with a language model's vector.
    dense: f64,
    /// γ at granularity ½, and the communities of all edges at it.
    automatic: (f64, Vec<u32>),
    results: Results,
    /// Existing cluster of each unit.
    fixed: Vec<Option<String>>,
    parents: Vec<Option<String>>,
}

/// A keyword's own values.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) text: String,
    pub(super) volume: Option<u64>,
    pub(super) difficulty: Option<f32>,
    pub(super) intent: Option<Intent>,
}

/// The units of a parent topic.
#[derive(Default)]
struct Topic {
    /// How many are in each existing cluster, by place among the groups.
    homes: BTreeMap<usize, usize>,
    /// Those in no group.
    free: Vec<u32>,
}

/// A group of units before it is described.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The existing cluster it is.
    pub(super) id: Option<String>,
    pub(super) units: Vec<u32>,
    /// Groups of one topic have the same number.
    pub(super) topic: u32,
}

/// What decided about a group besides words.
enum Evidence<'a> {
    /// It was made by results or a topic, from all that have them.
    Given,
    /// An existing cluster: whether it has keywords with results, and the topics of its keywords.
    Existing { results: bool, topics: BTreeSet<&'a str> },
}

impl Evidence<'_> {
    /// Whether a keyword that is not in the group was judged by results or a topic already: words do not decide then.
    fn refuses(&self, results: bool, topic: Option<&str>) -> bool {
        match self {
            Evidence::Given => results || topic.is_some(),
            Evidence::Existing {
                results: compared,
                topics,
            } => (results && *compared) || topic.is_some_and(|topic| !topics.is_empty() && !topics.contains(topic)),
        }
    }
}

impl Topic {
    /// The existing cluster that more than half of its placed units are in.
    fn home(&self) -> Option<usize> {
        let placed: usize = self.homes.values().sum();
        let most = |(&group, &units): (&usize, &usize)| (units * 2 > placed).then_some(group);
        self.homes.iter().find_map(most)
    }
}

impl Graph {
    /// Reads the keywords. This is where the time goes; [`Graph::cluster`] is quick.
    pub fn new(keywords: &[Keyword], options: &Options) -> Graph {
        let (units, wordless) = variants::group(keywords, options);
        let rows = Rows::new(&units);
        // The first of a unit's keywords that has a value gives it; the head comes first.
        let first =
            |unit: &Unit, has: &dyn Fn(&Keyword) -> bool| unit.members.iter().copied().find(|&k| has(&keywords[k]));
        let dense = Dense::new(
            units
                .iter()
                .map(|u| first(u, &|k| k.embedding.is_some()).and_then(|k| keywords[k].embedding.as_deref()))
                .collect(),
        );
        let results = Results::new(
            units
                .iter()
                .map(|u| first(u, &|k| !k.serp_urls.is_empty()).map_or(&[][..], |k| keywords[k].serp_urls.as_slice())),
        );
        let topic = |k: &Keyword| {
            k.parent_topic
                .as_deref()
                .map(igny8_text::fold)
                .filter(|t| !t.is_empty())
        };
        let parents = units
            .iter()
            .map(|u| first(u, &|k| topic(k).is_some()).and_then(|k| topic(&keywords[k])))
            .collect();
        let facts: Vec<Fact> = keywords
            .iter()
            .map(|k| Fact {
                text: k.text.clone(),
                volume: k.volume,
                difficulty: k.difficulty,
                intent: k.intent,
            })
            .collect();
        let intents: Vec<Option<Intent>> = units
            .iter()
            .map(|u| first(u, &|k| k.intent.is_some()).and_then(|k| keywords[k].intent))
            .collect();
        let mut edges = neighbours::edges(&rows, &dense);
        for (a, b, weight) in &mut edges {
            // Squared: the few near neighbours then outweigh the many distant ones, which short texts have by chance.
            *weight *= *weight;
            if let (Some(x), Some(y)) = (intents[*a as usize], intents[*b as usize])
                && x != y
            {
                *weight *= OTHER_INTENT;
            }
        }
        // In a short list the neighbours of a keyword are a good part of it, and many edges do not tell a hub.
        let power = 0.5 * (units.len() as f64 / FULL_LENGTH).min(1.0);
        balance::balance(&mut edges, units.len(), power);
        let fixed = units.iter().map(|u| keywords[u.members[0]].fixed.clone()).collect();
        let mut graph = Graph {
            options: options.clone(),
            units,
            wordless,
            rows,
            facts,
            edges,
            dense: dense.share(),
            automatic: (0.0, Vec::new()),
            results,
            fixed,
            parents,
        };
        let whole = Network::new(vec![1.0; graph.units.len()], &graph.edges);
        graph.automatic = granularity::choose(&whole, graph.usual());
        graph
    }

    /// Roughly how much memory it takes, in bytes, for who keeps some.
    pub fn bytes(&self) -> usize {
        let text = |text: &String| size_of::<String>() + text.len();
        let unit = |unit: &Unit| {
            let words: usize = unit.words.iter().chain(&unit.stems).map(text).sum();
            size_of::<Unit>() + words + unit.text.len() + unit.members.len() * size_of::<usize>()
        };
        let named = |ids: &[Option<String>]| {
            ids.iter()
                .map(|id| size_of_val(id) + id.as_ref().map_or(0, String::len))
                .sum()
        };
        let (fixed, parents): (usize, usize) = (named(&self.fixed), named(&self.parents));
        self.units.iter().map(unit).sum::<usize>()
            + self
                .facts
                .iter()
                .map(|fact| size_of::<Fact>() + fact.text.len())
                .sum::<usize>()
            + self.rows.bytes()
            + self.results.bytes()
            + size_of_val(self.edges.as_slice())
            + fixed
            + parents
    }

    /// Groups at a granularity from 0 (few, wide) to 1 (many, narrow).
    pub(super) fn groups(&self, granularity: f64) -> (Vec<Group>, Vec<u32>) {
        let granularity = if granularity.is_finite() {
            granularity.clamp(0.0, 1.0)
        } else {
            0.5
        };
        let resolution = self.automatic.0 * RANGE.powf(2.0 * granularity - 1.0);
        // The knob moves the share of results asked for from half to one and a half of what the options say.
        let least = (self.options.shared_urls * (0.5 + granularity as f32)).clamp(0.01, 1.0);
        let network = self.network(least);
        let mut groups = self.anchors(least);
        let free = self.attach(&network, &mut groups, resolution);
        let known = resolution == self.automatic.0 && free.len() == self.units.len() && !self.results.any();
        let communities = if known {
            self.automatic.1.clone()
        } else {
            leiden::leiden(&network.part(&free), resolution)
        };
        let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (i, &c) in communities.iter().enumerate() {
            found.entry(c).or_default().push(free[i]);
        }
        let mut found: Vec<Vec<u32>> = found.into_values().collect();
        if self.dense == 0.0 {
            // Wording alone does not judge what a language model has parted. Towards granularity 1 pieces stay pieces.
            let least = ALIKE + (1.0 - ALIKE) * (2.0 * granularity - 1.0).max(0.0);
            let max = self.options.max_size.max(self.options.min_size).max(1);
            found = merge::merge(&self.rows, &network, found, least, max);
        }
        let mut alone = Vec::new();
        for units in found {
            for part in self.fit(&network, units, resolution) {
                if self.distinct(&part) < self.options.min_size.max(1) {
                    alone.extend(part);
                } else {
                    groups.push(Group {
                        id: None,
                        units: part,
                        topic: 0,
                    });
                }
            }
        }
        alone.sort_unstable();
        self.topics(&network, &mut groups, resolution);
        (groups, alone)
    }

    /// γ that is usual for such a list.
    fn usual(&self) -> f64 {
        let sum: f64 = self.edges.iter().map(|e| f64::from(e.2)).sum();
        let mean = sum / self.edges.len().max(1) as f64;
        let short = (FULL_LENGTH / self.units.len().max(1) as f64)
            .powf(SHORTNESS)
            .clamp(1.0, SHORTEST);
        let resolution =
            RESOLUTION * (mean / USUAL_EDGE).max(0.1).powf(ADAPTATION) * short * DENSE_FACTOR.powf(self.dense);
        // Above half the mean edge not even usual neighbours would stay together.
        resolution.min((mean / 2.0).max(RESOLUTION))
    }

    /// The edges, without those that search results contradict.
    fn network(&self, least: f32) -> Network {
        let edges: Vec<(u32, u32, f32)> = self
            .edges
            .iter()
            .filter(|&&(a, b, _)| {
                self.results
                    .shared(a as usize, b as usize)
                    .is_none_or(|s| s + 1e-6 >= least)
            })
            .copied()
            .collect();
        Network::new(vec![1.0; self.units.len()], &edges)
    }

    /// Groups that are given: existing clusters, then keywords with common results, then keywords of one parent topic. Results
    /// and topics that an existing cluster's keywords have bring it more of the same.
    fn anchors(&self, least: f32) -> Vec<Group> {
        let mut fixed: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (unit, id) in self.fixed.iter().enumerate() {
            if let Some(id) = id {
                fixed.entry(id).or_default().push(unit as u32);
            }
        }
        let mut place: Vec<Option<usize>> = vec![None; self.units.len()];
        let mut groups: Vec<Group> = Vec::new();
        for (id, units) in fixed {
            for &u in &units {
                place[u as usize] = Some(groups.len());
            }
            groups.push(Group {
                id: Some(id.to_owned()),
                units,
                topic: 0,
            });
        }
        let volume = |u: u32| {
            self.units[u as usize]
                .members
                .iter()
                .filter_map(|&k| self.facts[k].volume)
                .max()
        };
        let mut order: Vec<u32> = (0..self.units.len() as u32)
            .filter(|&u| self.results.has(u as usize))
            .collect();
        // Existing clusters are centres before all others; among equals the keyword searched most.
        order.sort_by_key(|&u| (self.fixed[u as usize].is_none(), Reverse(volume(u)), u));
        let mut stars: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (unit, centre) in self.results.stars(&order, least).into_iter().enumerate() {
            if let Some(centre) = centre
                && self.fixed[unit].is_none()
            {
                stars.entry(centre).or_default().push(unit as u32);
            }
        }
        let max = self.options.max_size.max(self.options.min_size).max(1);
        for (centre, units) in stars {
            match place[centre as usize] {
                Some(group) => {
                    let room = max.saturating_sub(groups[group].units.len());
                    groups[group].units.extend(units.into_iter().take(room));
                }
                None => self.add(&mut groups, units, max),
            }
        }
        let taken: BTreeSet<u32> = groups.iter().flat_map(|g| g.units.iter().copied()).collect();
        let mut topics: BTreeMap<&str, Topic> = BTreeMap::new();
        for (unit, topic) in self.parents.iter().enumerate() {
            let Some(topic) = topic else { continue };
            let topic = topics.entry(topic).or_default();
            match place[unit] {
                Some(group) => *topic.homes.entry(group).or_default() += 1,
                None if !taken.contains(&(unit as u32)) => topic.free.push(unit as u32),
                None => {}
            }
        }
        for topic in topics.into_values() {
            let home = topic.home();
            let mut free = topic.free;
            if let Some(home) = home {
                let compared = groups[home].units.iter().any(|&u| self.results.has(u as usize));
                let mut room = max.saturating_sub(groups[home].units.len());
                free.retain(|&u| {
                    // Where both sides have results, these have decided.
                    let joins = room > 0 && !(compared && self.results.has(u as usize));
                    if joins {
                        room -= 1;
                        groups[home].units.push(u);
                    }
                    !joins
                });
            }
            free.retain(|&u| !self.results.has(u as usize));
            self.add(&mut groups, free, max);
        }
        groups
    }

    /// A given group, where it is large enough to be one; in pieces, where it is too large.
    fn add(&self, groups: &mut Vec<Group>, units: Vec<u32>, max: usize) {
        for units in even(&units, max) {
            if self.distinct(&units) >= self.options.min_size.max(1) {
                groups.push(Group {
                    id: None,
                    units,
                    topic: 0,
                });
            }
        }
    }

    /// Lets keywords join given groups: those that the communities of the whole graph put together with members of a
    /// group, and that the quality function would rather have in it than alone. Returns who is left.
    fn attach(&self, network: &Network, groups: &mut [Group], resolution: f64) -> Vec<u32> {
        let mut place: Vec<Option<usize>> = vec![None; self.units.len()];
        for (g, group) in groups.iter().enumerate() {
            for &u in &group.units {
                place[u as usize] = Some(g);
            }
        }
        if groups.is_empty() {
            return (0..self.units.len() as u32).collect();
        }
        let communities = leiden::leiden(network, resolution);
        let max = self.options.max_size.max(1);
        let evidence: Vec<Evidence<'_>> = groups.iter().map(|group| self.evidence(group)).collect();
        let mut wishes: Vec<(f64, u32, usize)> = Vec::new();
        for unit in 0..self.units.len() {
            if place[unit].is_some() {
                continue;
            }
            let (results, topic) = (self.results.has(unit), self.parents[unit].as_deref());
            let mut towards: BTreeMap<usize, f64> = BTreeMap::new();
            for (other, weight) in network.neighbours(unit) {
                if communities[other] == communities[unit]
                    && let Some(g) = place[other]
                    && !evidence[g].refuses(results, topic)
                {
                    *towards.entry(g).or_default() += f64::from(weight);
                }
            }
            let best = towards
                .into_iter()
                .map(|(g, w)| (w - resolution * network.size(unit) * groups[g].units.len() as f64, g))
                .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            if let Some((gain, g)) = best
                && gain > 0.0
            {
                wishes.push((gain, unit as u32, g));
            }
        }
        wishes.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, unit, g) in wishes {
            if groups[g].units.len() < max {
                groups[g].units.push(unit);
                place[unit as usize] = Some(g);
            }
        }
        (0..self.units.len() as u32)
            .filter(|&u| place[u as usize].is_none())
            .collect()
    }

    /// What the keywords that were in a group from the start have besides words.
    fn evidence(&self, group: &Group) -> Evidence<'_> {
        if group.id.is_none() {
            return Evidence::Given;
        }
        let fixed = || {
            group
                .units
                .iter()
                .map(|&u| u as usize)
                .filter(|&u| self.fixed[u].is_some())
        };
        Evidence::Existing {
            results: fixed().any(|u| self.results.has(u)),
            topics: fixed().filter_map(|u| self.parents[u].as_deref()).collect(),
        }
    }

    /// Splits what is larger than allowed, at the resolution where it falls apart by itself.
    fn fit(&self, network: &Network, units: Vec<u32>, resolution: f64) -> Vec<Vec<u32>> {
        let max = self.options.max_size.max(self.options.min_size).max(1);
        if units.len() <= max {
            return vec![units];
        }
        let part = network.part(&units);
        let mut finer = resolution;
        for _ in 0..24 {
            finer *= 1.5;
            let communities = leiden::leiden(&part, finer);
            let count = communities.iter().max().map_or(0, |&c| c as usize + 1);
            if count > 1 {
                let mut parts = vec![Vec::new(); count];
                for (i, &c) in communities.iter().enumerate() {
                    parts[c as usize].push(units[i]);
                }
                return parts.into_iter().flat_map(|p| self.fit(network, p, finer)).collect();
            }
        }
        // All alike: nothing to cut along but the keywords' own order.
        even(&units, max)
    }

    /// How many different texts there are among the keywords of some units.
    pub(super) fn distinct(&self, units: &[u32]) -> usize {
        let mut texts: Vec<String> = units
            .iter()
            .flat_map(|&u| &self.units[u as usize].members)
            .map(|&k| igny8_text::fold(&self.facts[k].text))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len()
    }

    /// Puts groups that belong to one wider topic together: communities of the groups themselves.
    fn topics(&self, network: &Network, groups: &mut [Group], resolution: f64) {
        let mut place = vec![u32::MAX; self.units.len()];
        for (g, group) in groups.iter().enumerate() {
            for &u in &group.units {
                place[u as usize] = g as u32;
            }
        }
        let inside: Vec<u32> = (0..self.units.len() as u32)
            .filter(|&u| place[u as usize] != u32::MAX)
            .collect();
        let communities: Vec<u32> = inside.iter().map(|&u| place[u as usize]).collect();
        let small = network.part(&inside).aggregate(&communities, groups.len());
        for (group, topic) in groups.iter_mut().zip(leiden::leiden(&small, resolution * TOPIC_SHARE)) {
            group.topic = topic;
        }
    }

    /// Intent of a unit: what its keywords bring, else what their wording shows.
    pub(super) fn intent(&self, unit: u32) -> Option<Intent> {
        let unit = &self.units[unit as usize];
        unit.members
            .iter()
            .find_map(|&k| self.facts[k].intent)
            .or_else(|| intent::read(&unit.words))
    }

    /// Likeness of every unit of a group to the group as a whole, 0 to 1.
    pub(super) fn likeness(&self, units: &[u32]) -> Vec<f32> {
        let mut centre: FxHashMap<u32, f32> = FxHashMap::default();
        for &u in units {
            for (d, w) in self.rows.row(u as usize) {
                *centre.entry(d).or_default() += w;
            }
        }
        let mut squares: Vec<f32> = centre.values().map(|w| w * w).collect();
        // A map's order is not part of the result, a sum's rounding would be.
        squares.sort_unstable_by(f32::total_cmp);
        let length = squares.iter().sum::<f32>().sqrt();
        units
            .iter()
            .map(|&u| {
                let (mut dot, mut own) = (0.0, 0.0f32);
                for (d, w) in self.rows.row(u as usize) {
                    dot += w * centre.get(&d).copied().unwrap_or(0.0);
                    own += w * w;
                }
                if length > 0.0 && own > 0.0 {
                    (dot / (length * own.sqrt())).clamp(0.0, 1.0)
                } else {
                    0.0
                }
            })
            .collect()
    }
}

/// Pieces of nearly the same length, none longer than `max`.
fn even(units: &[u32], max: usize) -> Vec<Vec<u32>> {
    let pieces = units.len().div_ceil(max.max(1)).max(1);
    (0..pieces)
        .map(|i| units[i * units.len() / pieces..(i + 1) * units.len() / pieces].to_vec())
        .collect()
}
