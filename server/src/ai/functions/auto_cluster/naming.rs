//! What a model is asked for the names of clusters, and what its answer must keep to.

use std::collections::{BTreeMap, HashSet};

use igny8_planner::cluster as planner;
use serde_json::{Value, json};

use super::Input;
use crate::ai::{Ask, BuiltIn, Placeholder, Values};
use crate::features::planner::text_key;

/// Clusters named by one question, and phrases shown of each.
pub(super) const NAMED_AT_ONCE: usize = 20;
const SHOWN: usize = 15;

pub(super) const NAMING: BuiltIn = BuiltIn {
    name: "name_clusters",
    about: "Names and describes new clusters.",
    text: include_str!("name_clusters.md"),
    placeholders: &[
        Placeholder {
            name: "clusters",
            about: "The clusters with their phrases, as JSON.",
            required: true,
            sample: r#"[{"id":0,"suggestion":"Cold brew","phrases":["cold brew","cold brew ratio","how to make cold brew"]}]"#,
        },
        Placeholder {
            name: "language",
            about: "The language tag.",
            required: false,
            sample: r#""en""#,
        },
    ],
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) description: String,
}

/// The question that names the clusters in these places.
pub(super) fn naming(input: &Input, clustering: &planner::Clustering, places: &[usize]) -> Ask {
    let clusters: Vec<Value> = places
        .iter()
        .map(|&place| {
            let cluster = &clustering.clusters[place];
            let phrases: Vec<&str> = cluster
                .keywords
                .iter()
                .take(SHOWN)
                .map(|&keyword| input.lines.keywords[keyword].text.as_str())
                .collect();
            json!({ "id": place, "suggestion": cluster.name, "phrases": phrases })
        })
        .collect();
    Ask {
        prompt: NAMING.name,
        values: Values::new()
            .with("clusters", clusters)
            .with("language", input.options.language.clone()),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["clusters"],
            "properties": {
                "clusters": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["id", "name", "description"],
                        "properties": {
                            "id": { "type": "integer" },
                            "name": { "type": "string" },
                            "description": { "type": "string" },
                        },
                    },
                },
            },
        }),
        max_output_tokens: 4_000,
        temperature: Some(0.2),
    }
}

/// Names for exactly these places: nothing invented, nothing left out.
pub(super) fn read_names(places: &[usize], answer: &Value) -> Result<Vec<(usize, Named)>, String> {
    let mut names = BTreeMap::new();
    for entry in answer["clusters"].as_array().into_iter().flatten() {
        let id = entry["id"].as_u64().and_then(|id| usize::try_from(id).ok());
        let place = id
            .filter(|id| places.contains(id))
            .ok_or_else(|| format!("there is no group with the id {}", entry["id"]))?;
        let line = |field: &str, most: usize| {
            let text = entry[field].as_str().unwrap_or_default();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let fits = !text_key(&text).is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
            fits.then_some(text)
                .ok_or_else(|| format!("the {field} of group {place} must have 1 to {most} characters"))
        };
        let named = Named {
            name: line("name", 100)?,
            description: line("description", 600)?,
        };
        if names.insert(place, named).is_some() {
            return Err(format!("group {place} is named twice"));
        }
    }
    match places.iter().find(|place| !names.contains_key(place)) {
        Some(missing) => Err(format!("group {missing} is missing")),
        None => Ok(names.into_iter().collect()),
    }
}

/// The name, with a number behind it when it is taken.
pub(super) fn free_name(name: &str, taken: &mut HashSet<String>) -> String {
    let name = if text_key(name).is_empty() { "Cluster" } else { name };
    let mut free = name.to_owned();
    let mut number = 1;
    while !taken.insert(text_key(&free)) {
        number += 1;
        free = format!("{name} ({number})");
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_free() {
        let mut taken = HashSet::from(["cold brew".to_owned()]);
        for (name, free) in [
            ("Cold  Brew", "Cold  Brew (2)"),
            ("Cold brew", "Cold brew (3)"),
            ("Tea", "Tea"),
            ("", "Cluster"),
        ] {
            assert_eq!(free_name(name, &mut taken), free);
        }
    }

    #[test]
    fn answers_name_the_clusters_asked_for_and_no_others() {
        let answer = |entries: &[(i64, &str)]| {
            let entries: Vec<Value> = entries
                .iter()
                .map(|(id, name)| json!({ "id": id, "name": name, "description": "What it is." }))
                .collect();
            json!({ "clusters": entries })
        };
        let read = |entries: &[(i64, &str)]| read_names(&[3, 7], &answer(entries));
        let good = read(&[(7, " Cold \n brew"), (3, "Tea")]).unwrap();
        assert_eq!(good[1].1.name, "Cold brew");
        for (entries, problem) in [
            (&[(3, "Tea")][..], "group 7 is missing"),
            (&[(3, "Tea"), (7, "A"), (8, "B")], "there is no group with the id 8"),
            (&[(3, "Tea"), (-1, "A")], "there is no group with the id -1"),
            (&[(3, "Tea"), (3, "A")], "group 3 is named twice"),
            (
                &[(3, " "), (7, "A")],
                "the name of group 3 must have 1 to 100 characters",
            ),
        ] {
            assert_eq!(read(entries).unwrap_err(), problem);
        }
    }
}
