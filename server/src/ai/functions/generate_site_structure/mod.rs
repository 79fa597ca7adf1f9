//! Plans the pages of a site: which there are, from the plan's blueprint, clusters and terms, by the builder's rules.
//!
//! A model cannot add, lose or move a page: the rules decide which there are, so that every keyword has one page, every address is
//! free and the tree is whole. A provider proposes titles, names in menus, descriptions and outlines; what breaks a rule is left out.
//! Pages that are locked stay as they are, also those that somebody changed while the model was asked: the plan is made from what
//! is there when it is saved.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use igny8_builder::sitemap::{Heading, MAX_TITLE, PagePlan, Sitemap, compare};
use igny8_builder::wizard::{Change, Status, Step};
use igny8_data::{AuditEvent, Origin, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{shortened, wrong};
use crate::ai::{AiFunction, Ask, At, BuiltIn, Model, Phase, Placeholder, Prepared, Saved, Task, Values, Words};
use crate::api::validate::Check;
use crate::api::{Error, Result};
use crate::features::billing::prices::Price;
use crate::features::builder::SiteBlueprintId;
use crate::features::builder::desk::{Depth, Desk, aside};
use crate::jobs::JobError;

pub struct GenerateSiteStructure;

/// For which plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    blueprint: SiteBlueprintId,
}

/// Pages that one question is about.
const ASKED: usize = 30;
/// Titles of other pages that a question names.
const TAKEN: usize = 100;
/// Questions of one task; pages beyond keep the program's titles.
const QUESTIONS: usize = 100;
/// Characters of a description.
const DESCRIPTION: usize = 300;
/// Headings of an outline.
const HEADINGS: usize = 20;

const STRUCTURE: BuiltIn = BuiltIn {
    name: "plan_site_structure",
    about: "Gives planned pages titles, descriptions and outlines.",
    text: include_str!("structure.md"),
    placeholders: &[
        Placeholder {
            name: "site",
            about: "What the site is, as JSON.",
            required: true,
            sample: r#"{"name":"North Pier Coffee","description":"Coffee and what it is made with.","audience":"People who brew at home","language":"en"}"#,
        },
        Placeholder {
            name: "pages",
            about: "The pages with their numbers, as JSON.",
            required: true,
            sample: r#"[{"page":0,"kind":"post","title":"Cold brew ratio","keywords":["cold brew ratio","cold brew coffee to water"],"outline":["How much coffee"]}]"#,
        },
        Placeholder {
            name: "taken",
            about: "Titles of other pages, as JSON.",
            required: false,
            sample: r#"["About us"]"#,
        },
    ],
};

/// Pages that are asked about together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pages: Vec<PagePlan>,
    taken: Vec<String>,
}

/// What was read.
pub struct Input {
    site: Value,
    groups: Vec<Group>,
}

/// What a model proposes for a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    title: String,
    label: String,
    description: String,
    outline: Vec<String>,
}

/// Proposals by key of the page; those of the local answer are none.
pub type Proposals = BTreeMap<String, Proposal>;

/// What is stored: the plan itself is made when it is saved.
pub struct Plan {
    proposals: Proposals,
}

impl AiFunction for GenerateSiteStructure {
    const NAME: &'static str = "generate_site_structure";
    const ABOUT: &'static str = "Plans the pages of a site from clusters and terms.";
    const UNIT: &'static str = "blueprints";
    const PRICE: Price = Price::each(10);
    const WORDS: Words = Words {
        prep: "Reading clusters and terms",
        call: "Planning pages",
        asked: "Naming pages",
        parse: "Checking pages",
        save: "Saving the plan",
        done: "The pages are planned",
    };
    const PROMPTS: &'static [BuiltIn] = &[STRUCTURE];

    type Payload = Payload;
    type Input = Input;
    type Answer = Proposals;
    type Output = Plan;

    fn example() -> Value {
        json!({ "blueprint": "plan_01jz8k3v5n6q7r8s9t0v1w2x3y" })
    }

    fn check(_: &Payload, _: &mut Check) {}

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        match Desk::open(at.app, at.scope, payload.blueprint, Depth::Names).await {
            Err(Error::NotFound(_)) => Err(wrong("input.blueprint", "must be a plan of this site")),
            Err(error) => Err(error),
            Ok(desk) => require_steps(&desk).map(|()| 1),
        }
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let desk = opened(task).await?;
        require_steps(&desk).map_err(|error| JobError::Fail(said(error)))?;
        let input = aside(move || Input {
            site: json!({
                "name": desk.brand.name, "description": desk.brand.description, "audience": desk.brand.audience,
                "language": desk.brand.language,
            }),
            groups: groups(&desk.planned().sitemap),
        })
        .await
        .map_err(|error| JobError::Retry(said(error)))?;
        Ok(Prepared { input, units: 1 })
    }

    fn local(_: &Input) -> Proposals {
        Proposals::new()
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Proposals, JobError> {
        let asks = input.groups.iter().map(|group| question(&input.site, group)).collect();
        let answers = model
            .ask_each(asks, |n, answer| read(&input.groups[n], &answer))
            .await?;
        Ok(answers.into_iter().flatten().collect())
    }

    fn settle(_: &Input, proposals: Proposals) -> Result<Plan, String> {
        Ok(Plan { proposals })
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let desk = opened(task).await?;
        require_steps(&desk).map_err(|error| JobError::Fail(said(error)))?;
        task.tell(Phase::Save, 0.3, "Planning pages");
        let proposals = plan.proposals.clone();
        let (mut desk, changes, used) = aside(move || {
            let mut desk = desk;
            let mut planned = desk.planned();
            let used = fit(&mut planned.sitemap, &proposals);
            let changes = compare(&desk.pages.sitemap, &planned.sitemap);
            desk.pages.sitemap = planned.sitemap;
            // Plain data with text keys cannot fail to be written.
            let notes = planned.notes.iter().filter_map(|note| serde_json::to_value(note).ok());
            desk.pages.notes = notes.collect();
            (desk, changes, used)
        })
        .await
        .map_err(|error| JobError::Retry(said(error)))?;
        desk.changed(Change::Regenerated);
        let now = task.app.db.clock().now();
        desk.save(tx, now);
        let locked = desk.pages.sitemap.pages.iter().filter(|page| page.locked).count();
        let result = json!({
            "pages": desk.pages.sitemap.pages.len(),
            "added": changes.added.len(),
            "removed": changes.removed.len(),
            "changed": changes.changed.len(),
            "locked": locked,
            "named_by_model": used,
            "notes": desk.pages.notes,
        });
        let origin = Origin::default();
        tx.audit(AuditEvent::new("site_blueprint.generated", desk.row.id, &origin).detail(result.clone()));
        Ok(Saved {
            result,
            target: Some(desk.row.id.to_string()),
            units: None,
        })
    }
}

async fn opened(task: &Task<Payload>) -> Result<Desk, JobError> {
    let scope = task.scope.reading();
    Desk::open(&task.app, &scope, task.payload.blueprint, Depth::Keywords)
        .await
        .map_err(|error| match error {
            Error::NotFound(_) => JobError::Fail("The plan was deleted meanwhile; nothing was charged.".into()),
            error => JobError::Retry(said(error)),
        })
}

fn said(error: Error) -> String {
    error.into_problem().detail
}

/// Pages are made from clusters and terms, so these steps come first.
fn require_steps(desk: &Desk) -> Result<()> {
    let open: Vec<String> = desk
        .steps()
        .into_iter()
        .take_while(|view| view.step < Step::Sitemap)
        .filter(|view| view.status != Status::Complete)
        .map(|view| {
            let reasons: Vec<String> = view
                .reasons
                .iter()
                .map(|of| format!("{} {}", of.message, of.mend))
                .collect();
            let name = serde_json::to_value(view.step).unwrap_or_default();
            let name = name.as_str().unwrap_or_default().replace('_', " ");
            format!(
                "{name}: {}",
                if reasons.is_empty() {
                    "complete it.".to_owned()
                } else {
                    reasons.join(" ")
                }
            )
        })
        .collect();
    match open.is_empty() {
        true => Ok(()),
        false => Err(Error::rule(
            "steps_open",
            format!(
                "The steps before the sitemap must be complete first. {}",
                open.join(" ")
            ),
        )),
    }
}

/// Pages that a model is asked about: those of a cluster together, without the frame and what is locked.
fn groups(sitemap: &Sitemap) -> Vec<Group> {
    let mut by_cluster: BTreeMap<&str, Vec<&PagePlan>> = BTreeMap::new();
    for page in sitemap
        .pages
        .iter()
        .filter(|page| !page.locked && page.content_type.is_some())
    {
        if let Some(cluster) = &page.cluster {
            by_cluster.entry(cluster).or_default().push(page);
        }
    }
    let titles: Vec<&str> = sitemap.pages.iter().map(|page| page.title.as_str()).collect();
    let mut groups = Vec::new();
    let mut room: Vec<PagePlan> = Vec::new();
    let close = |room: &mut Vec<PagePlan>, groups: &mut Vec<Group>| {
        if room.is_empty() {
            return;
        }
        let own: HashSet<&str> = room.iter().map(|page| page.title.as_str()).collect();
        let taken = titles.iter().filter(|title| !own.contains(*title));
        groups.push(Group {
            taken: taken.take(TAKEN).map(|title| (*title).to_owned()).collect(),
            pages: std::mem::take(room),
        });
    };
    for pages in by_cluster.into_values() {
        // Small clusters are asked about together.
        if room.len() + pages.len() > ASKED {
            close(&mut room, &mut groups);
        }
        for page in pages {
            room.push(page.clone());
            if room.len() == ASKED {
                close(&mut room, &mut groups);
            }
        }
    }
    close(&mut room, &mut groups);
    groups.truncate(QUESTIONS);
    groups
}

fn question(site: &Value, group: &Group) -> Ask {
    let page = |(n, page): (usize, &PagePlan)| {
        let keywords: Vec<&str> = page
            .primary
            .iter()
            .chain(&page.keywords)
            .take(12)
            .map(|aim| aim.text.as_str())
            .collect();
        let outline: Vec<&str> = page.outline.iter().map(|heading| heading.text.as_str()).collect();
        json!({ "page": n, "kind": page.kind, "title": page.title, "keywords": keywords, "outline": outline })
    };
    let pages: Vec<Value> = group.pages.iter().enumerate().map(page).collect();
    Ask {
        prompt: STRUCTURE.name,
        values: Values::new()
            .with("site", site.clone())
            .with("pages", pages)
            .with("taken", group.taken.clone()),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["pages"],
            "properties": {
                "pages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["page", "title", "label", "description", "outline"],
                        "properties": {
                            "page": { "type": "integer" },
                            "title": { "type": "string" },
                            "label": { "type": "string" },
                            "description": { "type": "string" },
                            "outline": { "type": "array", "items": { "type": "string" } },
                        },
                    },
                },
            },
        }),
        max_output_tokens: 12_000,
        temperature: Some(0.4),
    }
}

/// Proposals for exactly these pages, each once.
fn read(group: &Group, answer: &Value) -> Result<Vec<(String, Proposal)>, String> {
    let mut seen: HashSet<usize> = HashSet::new();
    let pages = answer["pages"].as_array().map_or(&[][..], Vec::as_slice);
    pages
        .iter()
        .map(|of| {
            let at = of["page"].as_u64().and_then(|n| usize::try_from(n).ok());
            let at = at
                .filter(|at| *at < group.pages.len())
                .ok_or_else(|| format!("there is no page {}", of["page"]))?;
            if !seen.insert(at) {
                return Err(format!("page {at} comes twice"));
            }
            let text = |key: &str, most: usize| shortened(of[key].as_str().unwrap_or_default(), most);
            let title = text("title", MAX_TITLE);
            if title.is_empty() {
                return Err(format!("page {at} has no title"));
            }
            let outline = of["outline"].as_array().map_or(&[][..], Vec::as_slice);
            let headings = outline
                .iter()
                .filter_map(Value::as_str)
                .map(|text| shortened(text, MAX_TITLE));
            let proposal = Proposal {
                title,
                label: text("label", 60),
                description: text("description", DESCRIPTION),
                outline: headings.filter(|text| !text.is_empty()).take(HEADINGS).collect(),
            };
            Ok((group.pages[at].key.clone(), proposal))
        })
        .collect()
}

/// Puts proposals into a plan as far as its rules allow: titles stay unique, locked pages stay. Answers how many were used.
fn fit(sitemap: &mut Sitemap, proposals: &Proposals) -> usize {
    let key_of = |title: &str| title.trim().to_lowercase();
    let mut titles: HashMap<String, usize> = HashMap::new();
    for page in &sitemap.pages {
        *titles.entry(key_of(&page.title)).or_default() += 1;
    }
    let mut used = 0;
    for page in sitemap.pages.iter_mut().filter(|page| !page.locked) {
        let Some(proposal) = proposals.get(&page.key) else {
            continue;
        };
        used += 1;
        let (old, new) = (key_of(&page.title), key_of(&proposal.title));
        let free = old == new || titles.get(&new).is_none_or(|count| *count == 0);
        // The archive of a term is called as its term.
        if free && page.term.is_none() {
            *titles.entry(old).or_default() -= 1;
            *titles.entry(new).or_default() += 1;
            page.title.clone_from(&proposal.title);
            if !proposal.label.is_empty() {
                page.label.clone_from(&proposal.label);
            }
        }
        if !proposal.description.is_empty() {
            page.description.clone_from(&proposal.description);
        }
        if !proposal.outline.is_empty() {
            let questions: HashMap<String, bool> = page
                .outline
                .iter()
                .map(|heading| (key_of(&heading.text), heading.question))
                .collect();
            page.outline = proposal
                .outline
                .iter()
                .map(|text| Heading {
                    question: questions.get(&key_of(text)).copied().unwrap_or(text.ends_with('?')),
                    text: text.clone(),
                })
                .collect();
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(key: &str, title: &str, locked: bool) -> PagePlan {
        serde_json::from_value(json!({
            "key": key, "kind": "post", "page_type": "post", "entity": "post", "content_type": "post", "structure": "article",
            "layout": null, "cluster": "c", "role": "supporting", "term": null, "terms": [], "title": title, "label": title,
            "seo_title": "", "description": "", "hidden": false, "section": "/blog/", "slug": key, "parent": null,
            "position": 0, "primary": null, "keywords": [], "volume": 0,
            "outline": [{ "text": "How much?", "question": true }],
            "words": 0, "blocks": [], "links": [], "required": false, "locked": locked,
        }))
        .unwrap()
    }

    fn proposal(title: &str) -> Proposal {
        Proposal {
            title: title.into(),
            label: "Short".into(),
            description: "What it says.".into(),
            outline: vec!["How much?".into(), "Then".into()],
        }
    }

    #[test]
    fn proposals_keep_to_the_rules_of_the_plan() {
        let mut plan = Sitemap {
            pages: vec![page("a", "A", false), page("b", "B", false), page("c", "C", true)],
            menus: Vec::new(),
        };
        let proposals: Proposals = [("a", "Better"), ("b", "better"), ("c", "Other"), ("x", "Nothing")]
            .map(|(key, title)| (key.to_owned(), proposal(title)))
            .into();
        assert_eq!(fit(&mut plan, &proposals), 2);
        let titles: Vec<&str> = plan.pages.iter().map(|page| page.title.as_str()).collect();
        assert_eq!(titles, ["Better", "B", "C"], "no title twice, what is locked stays");
        assert_eq!(plan.pages[1].description, "What it says.");
        assert!(plan.pages[0].outline[0].question && !plan.pages[0].outline[1].question);
    }

    #[test]
    fn answers_are_about_the_pages_that_were_asked_about() {
        let plan = Sitemap {
            pages: vec![page("a", "A", false), page("b", "B", false), page("c", "C", true)],
            menus: Vec::new(),
        };
        let groups = groups(&plan);
        assert_eq!(groups.len(), 1);
        let keys: Vec<&str> = groups[0].pages.iter().map(|page| page.key.as_str()).collect();
        assert_eq!(keys, ["a", "b"]);
        assert_eq!(groups[0].taken, ["C"]);
        let one = |page: i64, title: &str| json!({ "page": page, "title": title, "label": "", "description": "", "outline": [] });
        let read = |pages: Value| read(&groups[0], &json!({ "pages": pages }));
        assert_eq!(read(json!([one(1, " T\n ")])).unwrap()[0].0, "b");
        assert!(read(json!([])).unwrap().is_empty());
        for bad in [
            json!([one(2, "T")]),
            json!([one(-1, "T")]),
            json!([one(0, "T"), one(0, "U")]),
            json!([one(0, " ")]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
