//! What a model is asked for the pages of a cluster, and what its answer must keep to.

use std::collections::{BTreeSet, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Input, Proposed, Work};
use crate::ai::{Ask, BuiltIn, Placeholder, Values};
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::Heading;
use crate::features::planner::model::ClusterRole;
use crate::features::planner::text_key;

/// Phrases of a cluster that a model sees.
const SHOWN: usize = 150;
/// Ideas a model may have for one cluster.
const MOST_IDEAS: usize = 30;

pub(super) const PLANNING: BuiltIn = BuiltIn {
    name: "plan_pages",
    about: "Plans the pages for a cluster of keywords.",
    text: include_str!("plan_pages.md"),
    placeholders: &[
        Placeholder {
            name: "cluster",
            about: "The cluster with its phrases, as JSON.",
            required: true,
            sample: r#"{"id":0,"name":"Cold brew","has_hub":false,"existing":[],"phrases":[{"id":0,"text":"cold brew","volume":900,"difficulty":31,"intent":"informational"}]}"#,
        },
        Placeholder {
            name: "language",
            about: "The language tag.",
            required: false,
            sample: r#""en""#,
        },
        Placeholder {
            name: "site_type",
            about: "`blog`, `ecommerce` or `company`.",
            required: false,
            sample: r#""blog""#,
        },
    ],
};

/// The question about the cluster in this place.
pub(super) fn planning(input: &Input, place: usize) -> Ask {
    let work = &input.work[place];
    let phrases: Vec<Value> = work
        .cluster
        .keywords
        .iter()
        .take(SHOWN)
        .enumerate()
        .map(|(n, keyword)| {
            json!({
                "id": n,
                "text": keyword.text,
                "volume": keyword.volume,
                "difficulty": keyword.difficulty,
                "intent": keyword.intent,
            })
        })
        .collect();
    let existing: Vec<&String> = work.existing.iter().take(50).collect();
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    Ask {
        prompt: PLANNING.name,
        values: Values::new()
            .with(
                "cluster",
                json!({
                    "id": place,
                    "name": work.cluster.name,
                    "has_hub": work.cluster.has_hub,
                    "existing": existing,
                    "phrases": phrases,
                }),
            )
            .with("language", input.options.language.clone())
            .with("site_type", json!(input.site_type)),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["cluster", "ideas"],
            "properties": {
                "cluster": { "type": "integer" },
                "ideas": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": [
                            "title", "brief", "role", "content_type", "content_structure", "primary", "secondary",
                            "headings", "questions", "word_count", "terms",
                        ],
                        "properties": {
                            "title": text,
                            "brief": text,
                            "role": { "type": "string", "enum": ["hub", "supporting", "attribute"] },
                            "content_type": {
                                "type": "string",
                                "enum": ["post", "page", "product", "service", "taxonomy"],
                            },
                            "content_structure": {
                                "type": "string",
                                "enum": [
                                    "article", "guide", "comparison", "review", "listicle", "landing_page",
                                    "business_page", "service_page", "general", "cluster_hub", "product_page",
                                    "category_archive", "tag_archive", "attribute_archive",
                                ],
                            },
                            "primary": { "type": "integer" },
                            "secondary": { "type": "array", "items": { "type": "integer" } },
                            "headings": texts,
                            "questions": texts,
                            "word_count": { "type": "integer" },
                            "terms": texts,
                        },
                    },
                },
            },
        }),
        max_output_tokens: 8_000,
        temperature: Some(0.4),
    }
}

/// An idea as a model answers it.
#[derive(Deserialize)]
struct Answered {
    title: String,
    brief: String,
    role: ClusterRole,
    content_type: ContentType,
    content_structure: ContentStructure,
    primary: i64,
    secondary: Vec<i64>,
    headings: Vec<String>,
    questions: Vec<String>,
    word_count: i64,
    terms: Vec<String>,
}

/// Ideas for exactly this cluster and its phrases, none of them aimed at twice.
pub(super) fn read_ideas(place: usize, work: &Work, answer: &Value) -> Result<Vec<Proposed>, String> {
    if answer["cluster"].as_u64().and_then(|id| usize::try_from(id).ok()) != Some(place) {
        return Err(format!("there is no cluster with the id {}", answer["cluster"]));
    }
    let answered: Vec<Answered> =
        serde_json::from_value(answer["ideas"].clone()).map_err(|error| format!("ideas are not readable: {error}"))?;
    if !(1..=MOST_IDEAS).contains(&answered.len()) {
        return Err(format!("there must be 1 to {MOST_IDEAS} ideas"));
    }
    let hubs = answered.iter().filter(|idea| idea.role == ClusterRole::Hub).count();
    if hubs != usize::from(!work.cluster.has_hub) {
        return Err(match work.cluster.has_hub {
            true => "the hub page is there already: no idea may have the role hub".to_owned(),
            false => format!("exactly one idea must have the role hub, not {hubs}"),
        });
    }
    let shown = work.ids.len().min(SHOWN);
    let mut aimed: HashSet<usize> = HashSet::new();
    let mut titles: BTreeSet<String> = work.existing.iter().map(|title| text_key(title)).collect();
    let mut ideas = Vec::with_capacity(answered.len());
    for idea in answered {
        let mut phrase = |id: i64| -> Result<usize, String> {
            let place = usize::try_from(id)
                .ok()
                .filter(|place| *place < shown)
                .ok_or_else(|| format!("there is no phrase with the id {id}"))?;
            match aimed.insert(place) {
                true => Ok(place),
                false => Err(format!("phrase {id} is in two places")),
            }
        };
        let primary = phrase(idea.primary)?;
        // Named again as a secondary one of the same page it harms nothing.
        let others = idea.secondary.into_iter().filter(|id| *id != idea.primary);
        let secondary = others.map(phrase).collect::<Result<Vec<_>, _>>()?;
        let title = line("title", &idea.title, 200)?;
        if !titles.insert(text_key(&title)) {
            return Err(format!("the title \u{201c}{title}\u{201d} is there twice"));
        }
        let brief = idea.brief.trim().to_owned();
        if brief.is_empty() || brief.chars().count() > 5_000 || brief.contains('\0') {
            return Err("a brief must have 1 to 5000 characters".to_owned());
        }
        if !(1..=30).contains(&idea.headings.len()) || idea.questions.len() > 20 || idea.terms.len() > 10 {
            return Err("an idea must have 1 to 30 headings, at most 20 questions and 10 terms".to_owned());
        }
        if !(100..=10_000).contains(&idea.word_count) {
            return Err("word_count must be between 100 and 10000".to_owned());
        }
        let heading = |text: &String, question: bool| {
            line("heading", text, 300).map(|heading| Heading {
                heading,
                points: Vec::new(),
                question,
            })
        };
        let headings = idea.headings.iter().map(|text| heading(text, false));
        let questions = idea.questions.iter().map(|text| heading(text, true));
        ideas.push(Proposed {
            title,
            brief: Some(brief),
            role: idea.role,
            content_type: idea.content_type,
            content_structure: idea.content_structure,
            primary,
            secondary,
            outline: headings.chain(questions).collect::<Result<_, _>>()?,
            word_count: idea.word_count,
            terms: idea
                .terms
                .iter()
                .map(|term| line("term", term, 120))
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(ideas)
}

/// A line of text with something in it.
fn line(field: &str, text: &str, most: usize) -> Result<String, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text_key(&text).is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
    fits.then_some(text)
        .ok_or_else(|| format!("a {field} must have 1 to {most} characters"))
}

#[cfg(test)]
mod tests {
    use igny8_planner::{cluster as planner, ideas};

    use super::super::rest::complete;
    use super::*;

    fn work(has_hub: bool) -> Work {
        let texts = ["cold brew", "cold brew ratio", "cold brew maker"];
        Work {
            id: "clus_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            ids: (0..3)
                .map(|n| format!("kw_01jz8k3v5n6q7r8s9t0v1w2x3{n}").parse().unwrap())
                .collect(),
            cluster: ideas::Cluster {
                name: "Cold brew".into(),
                role: planner::Role::Hub,
                context: planner::ContextType::Topic,
                keywords: texts.map(planner::Keyword::new).to_vec(),
                terms: Vec::new(),
                has_hub,
                has_text: false,
            },
            attributes: Default::default(),
            existing: vec!["Old page".into()],
        }
    }

    fn idea(title: &str, role: &str, primary: i64, secondary: &[i64]) -> Value {
        json!({
            "title": title, "brief": "What it says.", "role": role, "content_type": "post",
            "content_structure": "guide", "primary": primary, "secondary": secondary, "headings": ["One"],
            "questions": ["Why?"], "word_count": 900, "terms": ["Coffee"],
        })
    }

    #[test]
    fn answers_aim_at_what_was_asked_for_and_once() {
        let read = |cluster: i64, ideas: Vec<Value>| {
            read_ideas(4, &work(false), &json!({ "cluster": cluster, "ideas": ideas }))
        };
        let good = read(
            4,
            vec![idea("Hub", "hub", 0, &[0]), idea(" A \n b", "supporting", 1, &[2])],
        )
        .unwrap();
        assert_eq!(
            (good[1].title.as_str(), good[1].secondary.as_slice()),
            ("A b", &[2][..])
        );
        assert!(good[0].outline[1].question && good[0].secondary.is_empty());
        for (cluster, ideas, problem) in [
            (3, vec![idea("A", "hub", 0, &[])], "no cluster with the id 3"),
            (4, vec![], "1 to 30 ideas"),
            (
                4,
                vec![idea("A", "supporting", 0, &[])],
                "exactly one idea must have the role hub",
            ),
            (4, vec![idea("A", "hub", 3, &[])], "no phrase with the id 3"),
            (4, vec![idea("A", "hub", -1, &[])], "no phrase with the id -1"),
            (
                4,
                vec![idea("A", "hub", 0, &[1]), idea("B", "supporting", 1, &[])],
                "phrase 1 is in two places",
            ),
            (
                4,
                vec![idea("A", "hub", 0, &[]), idea("a", "supporting", 1, &[])],
                "is there twice",
            ),
            (4, vec![idea("OLD  page", "hub", 0, &[])], "is there twice"),
            (4, vec![idea(" ", "hub", 0, &[])], "a title must have"),
        ] {
            let error = read(cluster, ideas).unwrap_err();
            assert!(error.contains(problem), "{error} / {problem}");
        }
        let second = json!({ "cluster": 4, "ideas": [idea("A", "hub", 0, &[])] });
        assert!(read_ideas(4, &work(true), &second).is_err(), "a second hub");
    }

    #[test]
    fn nothing_is_left_out() {
        let work = work(false);
        let answer =
            json!({ "cluster": 0, "ideas": [idea("Hub", "hub", 0, &[]), idea("Maker", "supporting", 2, &[])] });
        let mut ideas = read_ideas(0, &work, &answer).unwrap();
        complete(&work, &mut ideas, "en");
        assert_eq!(ideas[0].secondary, [1]);
    }
}
