//! Grouping keywords into clusters, from what is known of them alone: no network, no chance.
//!
//! 1. [`Graph::new`] folds and stems the texts, merges variants, weighs words and character n-grams by how rare they are in
//!    this list, and joins every keyword to its nearest others.
//! 2. [`Graph::cluster`] finds the groups at a granularity: existing clusters first, then what search results or parent
//!    topics say, then communities of the graph (Leiden, constant Potts model), which finds their number by itself, joined
//!    where they are as alike across as within. It can be called again with another granularity at a small part of the cost.
//! 3. Every cluster gets a name, a role, its context and recommendations from the words its keywords share.
//!
//! The same keywords give the same clusters, whatever their order.

mod balance;
mod describe;
pub(crate) mod evidence;
mod features;
mod granularity;
mod graph;
pub(crate) mod intent;
mod keyword;
mod leiden;
mod merge;
mod neighbours;
mod roles;
pub(crate) mod variants;

pub use graph::Graph;
pub use keyword::{Intent, Keyword, Options};

use igny8_text::Language;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// What a cluster is to the others of its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The wide subject the others belong to.
    Hub,
    /// A narrower subject of its own.
    Supporting,
    /// The hub's subject with values of an attribute: colours, sizes, materials.
    Attribute,
}

/// What kind of thing a cluster is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextType {
    /// A subject to write about.
    Topic,
    /// A property of products.
    Attribute,
    /// A service that is offered.
    ServiceLine,
}

/// A value of a property that keywords name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attribute {
    /// The property: `colour`.
    pub name: String,
    /// Its value: `black`.
    pub value: String,
}

/// What to make of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendations {
    /// Terms to file its pages under.
    pub terms: Vec<String>,
    /// Attribute values its keywords name, the most frequent first.
    pub attributes: Vec<Attribute>,
    /// The keyword its page should rank for.
    pub primary_keyword: String,
}

/// Keywords that one page can serve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// The existing cluster this is ([`Keyword::fixed`]); none for a new one.
    pub id: Option<String>,
    /// Unique in this clustering; for an existing cluster only a suggestion.
    pub name: String,
    /// One sentence without figures; empty in languages there is none in.
    pub description: String,
    /// Its role in its topic.
    pub role: Role,
    /// What kind of thing it is about.
    pub context_type: ContextType,
    /// Place of its topic's hub in [`Clustering::clusters`]; none for hubs.
    pub parent: Option<usize>,
    /// Places of its keywords in the list handed in: the primary first, then the most searched, then the most alike.
    pub keywords: Vec<usize>,
    /// For each of them how like it is to the cluster as a whole, 0 to 1.
    pub similarity: Vec<f32>,
    /// Mean of the similarities.
    pub cohesion: f32,
    /// The intent that most of the keywords that show one have.
    pub intent: Option<Intent>,
    /// Summed searches a month, where any are known.
    pub volume: Option<u64>,
    /// Mean difficulty, where any is known.
    pub difficulty: Option<f32>,
    /// What to make of it.
    pub recommendations: Recommendations,
}

/// Every keyword handed in, in exactly one cluster or unclustered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clustering {
    /// Most searched first, then largest.
    pub clusters: Vec<Cluster>,
    /// Keywords that fit nowhere, and those without a word in them.
    pub unclustered: Vec<usize>,
    /// Keywords that differ only in inflection, order or repetition of the row; the head first. Only groups of two or
    /// more. Members of one are always in the same cluster.
    pub variants: Vec<Vec<usize>>,
}

impl Graph {
    /// Clusters at a granularity from 0 (few and wide) to 1 (many and narrow); ½ is the automatic choice.
    pub fn cluster(&self, granularity: f64) -> Clustering {
        let (groups, alone) = self.groups(granularity);
        let frequencies = describe::Frequencies::new(self);
        let mut described: Vec<(graph::Group, describe::Description)> = groups
            .into_par_iter()
            .map(|group| {
                let description = describe::describe(self, &group, &frequencies);
                (group, description)
            })
            .collect();
        described.sort_by_cached_key(|(group, d)| {
            (
                Reverse(d.volume),
                Reverse(group.units.len()),
                self.units[d.primary as usize].text.clone(),
                group.units.clone(),
            )
        });
        let (groups, descriptions): (Vec<_>, Vec<_>) = described.into_iter().unzip();
        let names = describe::names(self, &descriptions);
        let places = roles::assign(self, &groups, &descriptions);
        let clusters = groups
            .into_iter()
            .zip(&descriptions)
            .zip(names)
            .zip(places)
            .map(|(((group, description), name), place)| self.finish(group, description, name, place))
            .collect();
        let mut unclustered = self.wordless.clone();
        unclustered.extend(alone.iter().flat_map(|&u| &self.units[u as usize].members));
        unclustered.sort_unstable();
        let variants = self
            .units
            .iter()
            .filter(|u| u.members.len() > 1)
            .map(|u| u.members.clone())
            .collect();
        Clustering {
            clusters,
            unclustered,
            variants,
        }
    }

    fn finish(
        &self,
        group: graph::Group,
        description: &describe::Description,
        name: String,
        place: roles::Place,
    ) -> Cluster {
        let mut members: Vec<(usize, f32, u32)> = group
            .units
            .iter()
            .zip(&description.likeness)
            .flat_map(|(&u, &likeness)| self.units[u as usize].members.iter().map(move |&k| (k, likeness, u)))
            .collect();
        members.sort_by(|a, b| {
            ((b.2 == description.primary).cmp(&(a.2 == description.primary)))
                .then_with(|| self.facts[b.0].volume.cmp(&self.facts[a.0].volume))
                .then_with(|| b.1.total_cmp(&a.1))
                .then_with(|| a.2.cmp(&b.2))
        });
        let difficulties: Vec<f32> = members
            .iter()
            .filter_map(|m| self.facts[m.0].difficulty)
            .filter(|d| d.is_finite())
            .collect();
        let keywords: Vec<usize> = members.iter().map(|m| m.0).collect();
        Cluster {
            id: group.id,
            description: describe::sentence(&name, Language::of(&self.options.language)),
            role: place.role,
            context_type: place.context,
            parent: place.parent,
            similarity: members.iter().map(|m| m.1).collect(),
            cohesion: mean(&description.likeness).unwrap_or(0.0),
            intent: description.intent,
            volume: description.volume,
            difficulty: mean(&difficulties),
            recommendations: Recommendations {
                terms: describe::recommended_terms(description, &name, Language::of(&self.options.language)),
                attributes: description.attributes.clone(),
                primary_keyword: self.units[description.primary as usize].text.clone(),
            },
            name,
            keywords,
        }
    }
}

fn mean(values: &[f32]) -> Option<f32> {
    (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
}

/// The existing cluster each new keyword fits into, if any. `existing` are the keywords that have a cluster
/// ([`Keyword::fixed`]); nothing of theirs changes.
pub fn join(existing: &[Keyword], new: &[Keyword], options: &Options) -> Vec<Option<String>> {
    let free = new.iter().map(|k| Keyword {
        fixed: None,
        ..k.clone()
    });
    let all: Vec<Keyword> = existing
        .iter()
        .filter(|k| k.fixed.is_some())
        .cloned()
        .chain(free)
        .collect();
    let first = all.len() - new.len();
    let mut out = vec![None; new.len()];
    for cluster in Graph::new(&all, options).cluster(0.5).clusters {
        if let Some(id) = cluster.id {
            for k in cluster.keywords.into_iter().filter(|&k| k >= first) {
                out[k - first] = Some(id.clone());
            }
        }
    }
    out
}
