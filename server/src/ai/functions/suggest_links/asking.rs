//! What a model is asked about the links of a page, and what its answer must keep to.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Choice, Input, Work};
use crate::ai::{Ask, BuiltIn, Placeholder, Values};

/// Characters of a reason.
const REASON: usize = 300;

pub(super) const CHOOSING: BuiltIn = BuiltIn {
    name: "choose_links",
    about: "Chooses links for a page among candidates.",
    text: include_str!("suggest_links.md"),
    placeholders: &[
        Placeholder {
            name: "page",
            about: "The page, as JSON.",
            required: true,
            sample: r#"{"id":0,"title":"How long to brew","language":"en"}"#,
        },
        Placeholder {
            name: "candidates",
            about: "The candidates with their numbers, as JSON.",
            required: true,
            sample: r#"[{"id":0,"title":"Burr grinders","role":"hub","words":"burr grinder","sentence":"A burr grinder makes even grounds.","score":71.5}]"#,
        },
        Placeholder {
            name: "most",
            about: "How many may be chosen.",
            required: true,
            sample: "4",
        },
    ],
};

/// The question about the page in this place.
pub(super) fn choosing(input: &Input, place: usize) -> Ask {
    let work = &input.work[place];
    let candidates: Vec<Value> = work
        .candidates
        .iter()
        .enumerate()
        .map(|(n, found)| {
            json!({
                "id": n,
                "title": found.other.title,
                "role": found.other.role,
                "words": found.anchor,
                "sentence": found.context,
                "score": found.score,
            })
        })
        .collect();
    Ask {
        prompt: CHOOSING.name,
        values: Values::new()
            .with(
                "page",
                json!({ "id": place, "title": work.title, "language": work.language }),
            )
            .with("candidates", candidates)
            .with("most", work.most),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["page", "links"],
            "properties": {
                "page": { "type": "integer" },
                "links": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["id", "reason"],
                        "properties": {
                            "id": { "type": "integer" },
                            "reason": { "type": "string" },
                        },
                    },
                },
            },
        }),
        max_output_tokens: 4_000,
        temperature: Some(0.2),
    }
}

/// Candidates of exactly this page, each once, not more than may be.
pub(super) fn read_choice(place: usize, work: &Work, answer: &Value) -> Result<Vec<Choice>, String> {
    if answer["page"].as_u64().and_then(|id| usize::try_from(id).ok()) != Some(place) {
        return Err(format!("there is no page with the id {}", answer["page"]));
    }
    let links = answer["links"].as_array().map_or(&[][..], Vec::as_slice);
    if links.len() > work.most {
        return Err(format!(
            "at most {} links may be chosen, not {}",
            work.most,
            links.len()
        ));
    }
    let mut chosen = HashSet::new();
    links
        .iter()
        .map(|link| {
            let candidate = link["id"]
                .as_u64()
                .and_then(|id| usize::try_from(id).ok())
                .filter(|id| *id < work.candidates.len())
                .ok_or_else(|| format!("there is no candidate with the id {}", link["id"]))?;
            if !chosen.insert(candidate) {
                return Err(format!("candidate {candidate} is chosen twice"));
            }
            let reason = link["reason"].as_str().unwrap_or_default();
            let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            if reason.chars().count() > REASON || reason.contains(char::is_control) {
                return Err(format!(
                    "the reason for candidate {candidate} must have at most {REASON} characters"
                ));
            }
            Ok(Choice {
                candidate,
                reason: Some(reason).filter(|reason| !reason.is_empty()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::content::model::ContentType;
    use crate::features::linker::LinkDirection;
    use crate::features::linker::suggest::{Found, Place};

    fn work() -> Work {
        let found = |n: usize| Found {
            source: "cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            target: format!("cont_01jz8k3v5n6q7r8s9t0v1w2x3{n}").parse().unwrap(),
            other: Place {
                path: format!("/{n}/"),
                title: format!("Page {n}"),
                published: true,
                content_type: ContentType::Post,
                cluster: None,
                role: None,
            },
            direction: LinkDirection::Sibling,
            anchor: "burr grinder".into(),
            at: 3,
            length: 12,
            context: "A burr grinder.".into(),
            score: 50.0,
            reason_key: igny8_linker::suggest::ReasonKey::Named,
            reason: "It is called so.".into(),
        };
        Work {
            title: "A page".into(),
            language: "en".into(),
            cluster: None,
            candidates: (0..3).map(found).collect(),
            most: 2,
        }
    }

    #[test]
    fn answers_choose_among_the_candidates_and_no_others() {
        let read = |page: i64, links: Value| read_choice(4, &work(), &json!({ "page": page, "links": links }));
        let link = |id: i64| json!({ "id": id, "reason": " It \n helps. " });
        let good = read(4, json!([link(2), { "id": 0, "reason": "" }])).unwrap();
        assert_eq!((good[0].candidate, good[0].reason.as_deref()), (2, Some("It helps.")));
        assert_eq!((good[1].candidate, &good[1].reason), (0, &None));
        assert!(read(4, json!([])).unwrap().is_empty());
        for (page, links, problem) in [
            (3, json!([]), "no page with the id 3"),
            (4, json!([link(3)]), "no candidate with the id 3"),
            (4, json!([link(-1)]), "no candidate with the id -1"),
            (4, json!([link(1), link(1)]), "candidate 1 is chosen twice"),
            (4, json!([link(0), link(1), link(2)]), "at most 2 links"),
            (
                4,
                json!([{ "id": 0, "reason": "x".repeat(301) }]),
                "at most 300 characters",
            ),
        ] {
            let error = read(page, links).unwrap_err();
            assert!(error.contains(problem), "{error} / {problem}");
        }
    }
}
