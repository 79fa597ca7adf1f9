//! Keywords that no idea was made for: they go to the ideas they are most alike.

use std::collections::HashSet;

use igny8_planner::ideas;

use super::{Proposed, Work};
use crate::features::planner::idea::MAX_KEYWORDS;

/// Puts what was left out, or was not looked at, to the ideas it is most alike. What finds no room in any stays without one
/// and is counted.
pub(super) fn complete(work: &Work, ideas: &mut [Proposed], language: &str) {
    let placed: HashSet<usize> = ideas
        .iter()
        .flat_map(|idea| idea.secondary.iter().copied().chain([idea.primary]))
        .collect();
    let rest: Vec<usize> = (0..work.ids.len()).filter(|place| !placed.contains(place)).collect();
    if rest.is_empty() {
        return;
    }
    let text = |place: usize| work.cluster.keywords[place].text.as_str();
    let groups: Vec<Vec<&str>> = ideas
        .iter()
        .map(|idea| {
            idea.secondary
                .iter()
                .chain([&idea.primary])
                .map(|&place| text(place))
                .collect()
        })
        .collect();
    let texts: Vec<&str> = rest.iter().map(|&place| text(place)).collect();
    let Some(into) = ideas::fitting(&groups, &texts, language) else {
        return;
    };
    for (place, into) in rest.into_iter().zip(into) {
        let full = |idea: &Proposed| idea.secondary.len() >= MAX_KEYWORDS;
        let into = match ideas.get(into) {
            Some(idea) if !full(idea) => Some(into),
            _ => ideas.iter().position(|idea| !full(idea)),
        };
        match into {
            Some(into) => ideas[into].secondary.push(place),
            None => return,
        }
    }
}
