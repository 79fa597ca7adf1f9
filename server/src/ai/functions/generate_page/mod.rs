//! Generates pages of a plan as blocks: home, about, contact and what else a site has one of.
//!
//! What people made of a page is never lost: a block that somebody changed, added or took out stays so, unless that block is named or
//! `keep_edits` is off. Without a provider blocks are composed of what is known of the business; a block for which nothing is known is
//! left out and told in the result, so that nothing on the page is made up. Approved and published pages are not written over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use igny8_builder::names::{BlockType, Choice as _};
use igny8_builder::sitemap::PagePlan;
use igny8_data::{DbError, Select, SurrealValue, Tx, Variables};
use igny8_writer::compose::MARK;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{shortened, wrong};
use crate::ai::{AiFunction, Ask, At, BuiltIn, Model, Phase, Placeholder, Prepared, Saved, Task, Values, Words};
use crate::api::validate::Check;
use crate::api::{Error, Result};
use crate::features::billing::prices::Price;
use crate::features::builder::blocks::{self, Entry};
use crate::features::builder::desk::{Depth, Desk};
use crate::features::builder::model::PlannedPage;
use crate::features::builder::{SiteBlueprintId, made, words::same};
use crate::features::content::model::ContentType;
use crate::features::content::{Content, ContentId, Reason, Status, save};
use crate::jobs::JobError;

pub struct GeneratePage;

/// What is to be generated.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    blueprint: SiteBlueprintId,
    /// Keys of pages; those of the frame that have no text when absent.
    #[serde(default)]
    pages: Option<Vec<String>>,
    /// Anchor of the one block that is to be generated anew; needs one page.
    #[serde(default)]
    section: Option<String>,
    /// What is to be different, in the words of whoever asks.
    #[serde(default)]
    instructions: Option<String>,
    /// Blocks that people changed, added or took out stay so.
    #[serde(default = "yes")]
    keep_edits: bool,
}

fn yes() -> bool {
    true
}

/// Pages of one task.
const MOST: usize = 50;
/// Characters of a heading and a text of a block.
const HEADING: usize = 200;
const TEXT: usize = 3_000;
/// Entries of a block.
const ENTRIES: usize = 12;

const WRITE: BuiltIn = BuiltIn {
    name: "write_page",
    about: "Writes a page of a site, block by block.",
    text: include_str!("write.md"),
    placeholders: &[
        Placeholder {
            name: "business",
            about: "What is known of the business, as JSON.",
            required: true,
            sample: r#"{"name":"North Pier Coffee","description":"Coffee and what it is made with.","audience":"People who brew at home","tone":"","language":"en","subjects":["Cold brew"]}"#,
        },
        Placeholder {
            name: "page",
            about: "The page, as JSON.",
            required: true,
            sample: r#"{"title":"About North Pier Coffee","type":"about","task":"The page about the people."}"#,
        },
        Placeholder {
            name: "parts",
            about: "Its parts with their numbers, as JSON.",
            required: true,
            sample: r#"[{"part":0,"type":"hero","task":"A heading that says who does the work.","entries":0}]"#,
        },
        Placeholder {
            name: "instructions",
            about: "What is wanted besides, as JSON.",
            required: false,
            sample: r#""Shorter sentences.""#,
        },
    ],
};

/// A page that is to be written.
#[derive(Debug, Clone)]
pub struct Work {
    key: String,
    title: String,
    page_type: &'static str,
    task: String,
    parts: Vec<Part>,
    /// What can be said without a model.
    known: Vec<blocks::Words>,
    /// The text of a page without blocks: a note to its author.
    note: String,
}

/// A planned block.
#[derive(Debug, Clone)]
pub struct Part {
    kind: BlockType,
    task: String,
    items: u32,
    /// It is to be written.
    wanted: bool,
}

/// What was read.
pub struct Input {
    business: Value,
    instructions: Option<String>,
    work: Vec<Work>,
    /// Pages that were named and cannot be written, with why.
    left: Vec<(String, String)>,
}

/// Words by page, in the order of [`Input::work`].
pub type Answer = Vec<Vec<blocks::Words>>;

/// What is stored.
pub struct Plan {
    pages: Vec<Written>,
    left: Vec<(String, String)>,
}

struct Written {
    key: String,
    words: Vec<blocks::Words>,
    note: String,
}

impl AiFunction for GeneratePage {
    const NAME: &'static str = "generate_page";
    const ABOUT: &'static str = "Generates pages of a plan as blocks, or one of their blocks anew.";
    const UNIT: &'static str = "pages";
    const PRICE: Price = Price::each(3);
    const WORDS: Words = Words {
        prep: "Reading what is known",
        call: "Writing pages",
        asked: "Writing pages",
        parse: "Checking blocks",
        save: "Saving pages",
        done: "The pages are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[WRITE];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Plan;

    fn example() -> Value {
        json!({
            "blueprint": "plan_01jz8k3v5n6q7r8s9t0v1w2x3y",
            "pages": ["home"],
            "section": "promise",
            "instructions": "Say that we come the same day.",
            "keep_edits": true,
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                payload
                    .pages
                    .as_ref()
                    .is_none_or(|keys| (1..=MOST).contains(&keys.len())),
                "input.pages",
                format!("must be 1 to {MOST}; leave it out for those of the frame that have no text"),
            )
            .that(
                payload.section.is_none() || payload.pages.as_ref().is_some_and(|keys| keys.len() == 1),
                "input.section",
                "needs one page in input.pages",
            );
        if let Some(instructions) = &payload.instructions {
            check.text("input.instructions", instructions, 1, 2_000);
        }
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let desk = match Desk::open(at.app, at.scope, payload.blueprint, Depth::Names).await {
            Err(Error::NotFound(_)) => return Err(wrong("input.blueprint", "must be a plan of this site")),
            other => other?,
        };
        if desk.pages.sitemap.pages.is_empty() {
            return Err(Error::rule(
                "no_pages",
                "The plan has no pages yet. Generate the sitemap first.",
            ));
        }
        let meant = meant(&desk, payload)?;
        Ok(i64::try_from(meant.len()).unwrap_or(i64::MAX))
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let desk = opened(task).await?;
        let payload = &task.payload;
        let meant = meant(&desk, payload).map_err(|error| JobError::Fail(error.into_problem().detail))?;
        let names: HashMap<String, String> = desk
            .names()
            .into_iter()
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .collect();
        let statuses = statuses(task, &desk, &meant).await?;
        let (mut work, mut left) = (Vec::new(), Vec::new());
        for page in &meant {
            match statuses.get(&page.key) {
                Some(Status::Approved | Status::Published) => {
                    left.push((
                        page.key.clone(),
                        "It is approved or published: take it back to draft first.".to_owned(),
                    ));
                }
                _ => work.push(work_of(&desk, page, &names, payload.section.as_deref())),
            }
        }
        if work.is_empty() {
            let why = left
                .first()
                .map_or("There is nothing to write.", |(_, why)| why.as_str());
            return Err(JobError::Fail(why.to_owned()));
        }
        let of = &desk.business;
        let subjects: Vec<&str> = desk
            .clusters
            .iter()
            .take(40)
            .map(|cluster| cluster.name.as_str())
            .collect();
        let input = Input {
            business: json!({
                "name": of.name, "description": of.description, "audience": of.audience, "tone": of.tone,
                "language": desk.site.language, "subjects": subjects,
                "email": of.organisation.email, "phone": of.organisation.phone, "address": of.organisation.address,
            }),
            instructions: payload.instructions.clone(),
            left,
            work,
        };
        let units = i64::try_from(input.work.len()).unwrap_or(i64::MAX);
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        input.work.iter().map(|work| work.known.clone()).collect()
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Answer, JobError> {
        // Pages without blocks have nothing that a model may say.
        let with: Vec<usize> = (0..input.work.len())
            .filter(|n| !input.work[*n].parts.is_empty())
            .collect();
        let asks = with.iter().map(|n| question(&input, &input.work[*n])).collect();
        let answers = model
            .ask_each(asks, |n, answer| read(&input.work[with[n]], &answer))
            .await?;
        let mut all: Answer = input.work.iter().map(|work| work.known.clone()).collect();
        for (n, words) in with.into_iter().zip(answers) {
            all[n] = words;
        }
        Ok(all)
    }

    fn settle(input: &Input, answer: Answer) -> Result<Plan, String> {
        let pages = input.work.iter().zip(answer).map(|(work, words)| Written {
            key: work.key.clone(),
            note: work.note.clone(),
            words,
        });
        Ok(Plan {
            pages: pages.collect(),
            left: input.left.clone(),
        })
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let desk = opened(task).await?;
        let (mut pages, mut saved) = (Vec::new(), 0);
        let mut left = plan.left.clone();
        for (n, written) in plan.pages.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            task.tell(Phase::Save, n as f64 / plan.pages.len() as f64, "Saving pages");
            let Some(page) = desk.page(&written.key) else {
                left.push((
                    written.key.clone(),
                    "It was taken out of the plan meanwhile.".to_owned(),
                ));
                continue;
            };
            match put(task, &desk, page, written, tx).await? {
                Ok(told) => {
                    saved += 1;
                    pages.push(told);
                }
                Err(why) => left.push((written.key.clone(), why)),
            }
        }
        let left: Vec<Value> = left
            .into_iter()
            .map(|(page, why)| json!({ "page": page, "why": why }))
            .collect();
        Ok(Saved {
            result: json!({ "pages": pages, "left": left }),
            target: Some(desk.row.id.to_string()),
            units: Some(saved),
        })
    }
}

async fn opened(task: &Task<Payload>) -> Result<Desk, JobError> {
    let scope = task.scope.reading();
    Desk::open(&task.app, &scope, task.payload.blueprint, Depth::Names)
        .await
        .map_err(|error| match error {
            Error::NotFound(_) => JobError::Fail("The plan was deleted meanwhile; nothing was charged.".into()),
            error => JobError::Retry(error.into_problem().detail),
        })
}

/// Pages that can be generated: the frame, and others that are built from blocks. Other pages are written from their tasks.
fn can_be(page: &PagePlan) -> bool {
    page.content_type.is_some() && (page.is_frame() || !page.blocks.is_empty())
}

/// The pages that a request means.
fn meant(desk: &Desk, payload: &Payload) -> Result<Vec<PagePlan>> {
    let Some(keys) = &payload.pages else {
        let pages = desk.pages.sitemap.pages.iter();
        let open = pages.filter(|page| {
            let written = desk.made.get(&page.key).is_some_and(|made| made.content.is_some());
            page.is_frame() && page.content_type.is_some() && !written
        });
        return Ok(open.take(MOST).cloned().collect());
    };
    let mut seen: HashSet<&String> = HashSet::new();
    keys.iter()
        .filter(|key| seen.insert(*key))
        .map(|key| {
            let page = desk.page(key);
            let page = page.ok_or_else(|| wrong("input.pages", &format!("there is no page {key:?} in the plan")))?;
            if !can_be(page) {
                let message = format!("“{}” is written from a task: hand it off", page.title);
                return Err(wrong("input.pages", &message));
            }
            if let Some(section) = &payload.section
                && !(0..page.blocks.len()).any(|at| blocks::anchor(page, at) == *section)
            {
                let message = format!(
                    "“{}” has no block {section:?}; see the anchors of its blocks",
                    page.title
                );
                return Err(wrong("input.section", &message));
            }
            Ok(page.clone())
        })
        .collect()
}

/// The status of the text of each page that has one.
async fn statuses(task: &Task<Payload>, desk: &Desk, pages: &[PagePlan]) -> Result<HashMap<String, Status>, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Row {
        id: ContentId,
        status: Status,
    }
    let contents = pages
        .iter()
        .filter_map(|page| Some((page.key.clone(), desk.made.get(&page.key)?.content?)));
    let contents: BTreeMap<String, ContentId> = contents.collect();
    let mut binds = Variables::new();
    binds.insert("ids", contents.values().copied().collect::<Vec<_>>());
    let sql = "SELECT id, status FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let db = task.app.db.site(&task.scope);
    let rows: Vec<Row> = db.query(sql, binds, "reading texts of planned pages").await?.rows(0)?;
    let rows: HashMap<ContentId, Status> = rows.into_iter().map(|row| (row.id, row.status)).collect();
    let found = contents
        .into_iter()
        .filter_map(|(key, id)| Some((key, *rows.get(&id)?)));
    Ok(found.collect())
}

fn work_of(desk: &Desk, page: &PagePlan, names: &HashMap<String, String>, section: Option<&str>) -> Work {
    let task = made::prompt(desk, page, names);
    let part = |(at, block): (usize, &igny8_builder::sitemap::BlockPlan)| Part {
        kind: block.kind,
        task: igny8_builder::sitemap::prompt(&block.prompt, page, &desk.brand, Default::default()),
        items: block.items.unwrap_or(0),
        wanted: section.is_none_or(|section| blocks::anchor(page, at) == section),
    };
    let mut note = String::new();
    for line in task.lines().filter(|line| !line.trim().is_empty()) {
        note += &match note.is_empty() {
            true => format!("> {MARK} {line}\n"),
            false => format!("> {line}\n"),
        };
    }
    Work {
        key: page.key.clone(),
        title: page.title.clone(),
        page_type: page.page_type.word(),
        parts: page.blocks.iter().enumerate().map(part).collect(),
        known: blocks::known(desk, page),
        task,
        note,
    }
}

fn question(input: &Input, work: &Work) -> Ask {
    let parts: Vec<Value> = work
        .parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.wanted)
        .map(|(n, part)| json!({ "part": n, "type": part.kind.word(), "task": part.task, "entries": part.items }))
        .collect();
    Ask {
        prompt: WRITE.name,
        values: Values::new()
            .with("business", input.business.clone())
            .with(
                "page",
                json!({ "title": work.title, "type": work.page_type, "task": work.task }),
            )
            .with("parts", parts)
            .with("instructions", input.instructions.clone().unwrap_or_default()),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["parts"],
            "properties": {
                "parts": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["part", "heading", "text", "entries"],
                        "properties": {
                            "part": { "type": "integer" },
                            "heading": { "type": "string" },
                            "text": { "type": "string" },
                            "entries": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "additionalProperties": false,
                                    "required": ["heading", "text", "note"],
                                    "properties": {
                                        "heading": { "type": "string" },
                                        "text": { "type": "string" },
                                        "note": { "type": "string" },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        }),
        max_output_tokens: 8_000,
        temperature: Some(0.6),
    }
}

/// Words for parts of exactly this page, each once; a part that is left out stays without words. What only the site itself knows
/// (where entries lead, ways to get in touch) is not the model's.
fn read(work: &Work, answer: &Value) -> Result<Vec<blocks::Words>, String> {
    let mut words: Vec<blocks::Words> = work.parts.iter().map(|_| blocks::Words::default()).collect();
    let mut seen: HashSet<usize> = HashSet::new();
    for of in answer["parts"].as_array().map_or(&[][..], Vec::as_slice) {
        let at = of["part"].as_u64().and_then(|n| usize::try_from(n).ok());
        let at = at
            .filter(|at| work.parts.get(*at).is_some_and(|part| part.wanted))
            .ok_or_else(|| format!("there is no part {}", of["part"]))?;
        if !seen.insert(at) {
            return Err(format!("part {at} comes twice"));
        }
        let (heading, text) = (line(&of["heading"]), markdown(&of["text"])?);
        let given = of["entries"].as_array().map_or(&[][..], Vec::as_slice);
        let entries = given.iter().take(ENTRIES).map(|entry| {
            Ok(Entry {
                heading: line(&entry["heading"]),
                text: markdown(&entry["text"])?,
                note: line(&entry["note"]),
                url: None,
            })
        });
        let mut entries: Vec<Entry> = entries.collect::<Result<_, String>>()?;
        entries.retain(|entry| match work.parts[at].kind {
            BlockType::Faq => !entry.heading.is_empty() && !entry.text.is_empty(),
            BlockType::Stats => !entry.heading.is_empty() && !entry.note.is_empty(),
            BlockType::Testimonials => !entry.text.is_empty(),
            _ => !entry.heading.is_empty(),
        });
        words[at] = blocks::Words { heading, text, entries };
    }
    // Forms and lists that show themselves need no words to be there.
    for (words, known) in words.iter_mut().zip(&work.known) {
        if *words == blocks::Words::default() && known.entries.is_empty() && known.text.is_empty() {
            words.heading.clone_from(&known.heading);
        }
    }
    Ok(words)
}

fn line(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    shortened(&text.split_whitespace().collect::<Vec<_>>().join(" "), HEADING)
}

/// A text without links, pictures or HTML: where a page leads is the plan's to say.
fn markdown(value: &Value) -> Result<String, String> {
    let text = value.as_str().unwrap_or_default().trim();
    if text.chars().count() > TEXT {
        return Err(format!("a text must have at most {TEXT} characters"));
    }
    if !igny8_writer::link_targets(text).is_empty() || text.contains("](") || text.contains('<') {
        return Err("texts must have no links, pictures or HTML".to_owned());
    }
    Ok(text.chars().filter(|c| !c.is_control() || *c == '\n').collect())
}

/// Stores a page: new content, or blocks in the place of those that were generated before. Why not, in words.
async fn put(
    task: &Task<Payload>,
    desk: &Desk,
    page: &PagePlan,
    written: &Written,
    tx: &mut Tx<'_>,
) -> Result<Result<Value, String>, JobError> {
    let fail = |error: Error| JobError::Fail(error.into_problem().detail);
    let db = task.app.db.site(&task.scope);
    let now = task.app.db.clock().now();
    let payload = &task.payload;
    let section = payload.section.as_deref();
    let built = blocks::build(desk, page, &written.words, |at| {
        section.is_none_or(|section| blocks::anchor(page, at) == section)
    })
    .map_err(fail)?;
    let row = db
        .list::<PlannedPage>(Select::new().equals("key", page.key.clone()).limit(1))
        .await?
        .pop();
    let content = match row.as_ref().and_then(|row| row.content) {
        Some(id) => db.get::<Content>(id).await?,
        None => None,
    };
    // A page that is at the address already was made by somebody else: what is on it is theirs.
    let content = match content {
        Some(content) => Some(content),
        None => at_address(&db, desk, page).await?,
    };
    let base = row.as_ref().and_then(|row| row.generated.clone()).unwrap_or_default();
    let who = task.scope.actor().who();
    let (id, kept, blocks_now) = match content {
        Some(old) => {
            if !matches!(old.status, Status::Draft | Status::Review) {
                return Ok(Err(
                    "It is approved or published: take it back to draft first.".to_owned()
                ));
            }
            let mut new = old.clone();
            let merged = blocks::merge(&base, &old.blocks, &built.blocks, payload.keep_edits, section);
            new.blocks = merged.blocks;
            if new.body.trim().is_empty() && new.blocks.is_empty() {
                new.body.clone_from(&written.note);
            }
            checked(&new)?;
            save::change(&task.app.db, tx, who, &old, &mut new, Reason::Generated);
            (new.id, merged.kept, new.blocks)
        }
        None => {
            let content_type: ContentType = match page.content_type {
                Some(of) => same(&of).map_err(fail)?,
                None => return Ok(Err("A list shows itself.".to_owned())),
            };
            let mut content = Content::new(
                task.app.db.ids().make(),
                &task.scope,
                content_type,
                desk.site.language.clone(),
                page.title.clone(),
                "to-be-made".to_owned(),
                now,
            );
            made::put(&mut content, page).map_err(fail)?;
            let wanted = content.slug.clone();
            if content.page_role != crate::features::content::model::PageRole::Home {
                content.slug = save::free_slug(&db, &content.section, &content.language, &wanted).await?;
            }
            if let Some(structure) = page.structure {
                content.content_structure = same(&structure).map_err(fail)?;
            }
            content.sector = desk.row.sector;
            if content.meta_description.is_empty() {
                content.meta_description = shortened(&desk.business.description, 300);
            }
            content.cluster = page.cluster.as_ref().and_then(|id| id.parse().ok());
            content.blocks.clone_from(&built.blocks);
            if content.blocks.is_empty() {
                content.body.clone_from(&written.note);
            }
            checked(&content)?;
            save::create(&task.app.db, tx, who, &mut content, Reason::Generated);
            (content.id, Vec::new(), content.blocks)
        }
    };
    // What one block was exchanged for counts as generated, beside what was before.
    let generated = match section {
        None => built.blocks.clone(),
        Some(_) => blocks::merge(&base, &base, &built.blocks, true, section).blocks,
    };
    let mut row_now = match row.clone() {
        Some(row) => row,
        None => PlannedPage::new(task.app.db.ids().make(), &task.scope, &page.key, now),
    };
    (row_now.blueprint, row_now.content, row_now.at) = (Some(desk.row.id), Some(id), now);
    row_now.generated = Some(generated);
    if row.is_some() {
        tx.replace(&mut row_now);
    } else {
        tx.create(row_now);
    }
    let left_out = built
        .left_out
        .iter()
        .map(|(block, why)| json!({ "block": block, "why": why }));
    Ok(Ok(json!({
        "page": page.key,
        "content": id,
        "blocks": blocks_now.len(),
        "kept": kept,
        "left_out": left_out.collect::<Vec<_>>(),
        "notes_to_author": page.blocks.is_empty(),
    })))
}

/// Content that stands where the page is planned.
async fn at_address(
    db: &igny8_data::SiteDb<'_, igny8_data::Write>,
    desk: &Desk,
    page: &PagePlan,
) -> Result<Option<Content>, DbError> {
    let select = Select::new()
        .equals("language", desk.site.language.clone())
        .equals("path", page.address())
        .limit(1);
    Ok(db.list::<Content>(select).await?.pop())
}

fn checked(content: &Content) -> Result<(), JobError> {
    let mut check = Check::new();
    content.check(&mut check);
    check.finish().map_err(|error| {
        let problem = error.into_problem();
        let fields: Vec<String> = problem
            .errors
            .iter()
            .take(5)
            .map(|error| format!("{} {}", error.field, error.message))
            .collect();
        JobError::Fail(format!("“{}” cannot be stored: {}.", content.title, fields.join("; ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Work {
        let part = |kind, wanted| Part {
            kind,
            task: String::new(),
            items: 0,
            wanted,
        };
        let known = |heading: &str| blocks::Words {
            heading: heading.into(),
            ..blocks::Words::default()
        };
        Work {
            key: "home".into(),
            title: "Home".into(),
            page_type: "home",
            task: String::new(),
            parts: vec![
                part(BlockType::Hero, true),
                part(BlockType::Faq, true),
                part(BlockType::Form, false),
            ],
            known: vec![known(""), known(""), known("Contact")],
            note: String::new(),
        }
    }

    #[test]
    fn answers_are_about_the_parts_that_were_asked_about() {
        let part = |n: i64, text: &str, entries: Value| json!({ "part": n, "heading": " A \n b ", "text": text, "entries": entries });
        let read = |parts: Value| read(&work(), &json!({ "parts": parts }));
        let faq = json!([{ "heading": "Q?", "text": "A.", "note": "" }, { "heading": "Q?", "text": "", "note": "" }]);
        let words = read(json!([part(1, "", faq), part(0, "Text.", json!([]))])).unwrap();
        assert_eq!((words[0].heading.as_str(), words[0].text.as_str()), ("A b", "Text."));
        assert_eq!(words[1].entries.len(), 1, "an answer is missing");
        assert_eq!(words[2].heading, "Contact", "what shows itself stays");
        for bad in [
            json!([part(2, "", json!([]))]),
            json!([part(3, "", json!([]))]),
            json!([part(0, "", json!([])), part(0, "", json!([]))]),
            json!([part(0, "[a](https://x.example/)", json!([]))]),
            json!([part(0, "<script>", json!([]))]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
