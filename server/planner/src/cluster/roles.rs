//! Hub, supporting, attribute: what each cluster is to the others of its topic.

use super::describe::Description;
use super::graph::{Graph, Group};
use super::intent;
use super::{ContextType, Role};
use std::collections::BTreeMap;

/// A cluster's place in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) role: Role,
    pub(super) context: ContextType,
    /// The hub of its topic.
    pub(super) parent: Option<usize>,
}

/// The roles of all groups. Every topic has one hub: the cluster whose head term most of the others contain, that is
/// searched most and whose head term is shortest. A group alone in its topic is its own hub.
pub(super) fn assign(graph: &Graph, groups: &[Group], descriptions: &[Description]) -> Vec<Place> {
    let mut topics: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, group) in groups.iter().enumerate() {
        topics.entry(group.topic).or_default().push(i);
    }
    let mut places: Vec<Place> = descriptions
        .iter()
        .map(|d| Place {
            role: Role::Hub,
            context: d.context,
            parent: None,
        })
        .collect();
    for members in topics.values() {
        let hub = hub(graph, groups, descriptions, members);
        for &i in members.iter().filter(|&&i| i != hub) {
            let attribute = is_attribute(graph, &descriptions[i], &descriptions[hub]);
            places[i].role = if attribute { Role::Attribute } else { Role::Supporting };
            if attribute {
                places[i].context = ContextType::Attribute;
            }
            places[i].parent = Some(hub);
        }
    }
    places
}

/// The stems of a group's head term, without words of grammar.
fn head<'a>(graph: &'a Graph, description: &'a Description) -> Vec<&'a str> {
    let stems = match description.terms.first() {
        Some(term) => &term.stems,
        None => &graph.units[description.primary as usize].stems,
    };
    stems
        .iter()
        .map(String::as_str)
        .filter(|s| !intent::is_frame(s))
        .collect()
}

fn hub(graph: &Graph, groups: &[Group], descriptions: &[Description], members: &[usize]) -> usize {
    let heads: Vec<Vec<&str>> = members.iter().map(|&i| head(graph, &descriptions[i])).collect();
    let weight = |i: usize| match descriptions[i].volume {
        Some(volume) => volume as f64,
        None => groups[i].units.len() as f64,
    };
    let most = members.iter().map(|&i| weight(i)).fold(1.0, f64::max);
    let mut best: Option<(f64, usize)> = None;
    for (m, &i) in members.iter().enumerate() {
        let own = &heads[m];
        let within = heads
            .iter()
            .enumerate()
            .filter(|&(o, h)| o != m && own.iter().all(|s| h.contains(s)))
            .count();
        let covered = if own.is_empty() {
            0.0
        } else {
            within as f64 / members.len().max(2) as f64
        };
        let score = 2.0 * covered + weight(i) / most + 1.0 / (1.0 + own.len() as f64);
        if best.is_none_or(|(s, _)| score > s) {
            best = Some((score, i));
        }
    }
    best.map_or(0, |(_, i)| i)
}

/// Whether a group is the hub's subject with values of one attribute, and nothing else: "black boots" to "boots".
fn is_attribute(graph: &Graph, description: &Description, hub: &Description) -> bool {
    if !description.varied.is_empty() && description.varied.iter().any(|name| !hub.varied.contains(name)) {
        return true;
    }
    let wide = head(graph, hub);
    let primary = &graph.units[description.primary as usize];
    let mut extra = primary
        .words
        .iter()
        .zip(&primary.stems)
        .filter(|(_, s)| !wide.contains(&s.as_str()))
        .peekable();
    let shares = primary.stems.iter().any(|s| wide.contains(&s.as_str()));
    shares
        && extra.peek().is_some()
        && extra.all(|(word, _)| matches!(intent::modifier(word), Some(intent::Modifier::Attribute(_))))
}
