//! Says which pictures content could have: a featured one and some in its sections, each with what is to be seen and its
//! alternative text. Pictures that have a file stay.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use igny8_data::{Read, Select, Tx, Variables};
use igny8_writer::sections;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{shortened, wrong};
use crate::ai::{AiFunction, Ask, At, BuiltIn, Model, Placeholder, Prepared, Same, Saved, Task, Values, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::billing::prices::Price;
use crate::features::content::model::BodyFormat;
use crate::features::content::{Content, ContentId};
use crate::features::images::{Image, ImageStatus};
use crate::features::sites::Site;
use crate::jobs::JobError;

pub struct GenerateImagePrompts;

/// For which content, and how many.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    contents: Vec<ContentId>,
    /// Pictures in the text, besides the featured one.
    #[serde(default = "two")]
    in_article: usize,
}

fn two() -> usize {
    2
}

/// Content of one task, and pictures in one text.
const MOST: usize = 50;
const MOST_IN_ARTICLE: usize = 10;
/// Sections that a model sees, and characters of each.
const SECTIONS: usize = 40;
const SHOWN: usize = 300;
/// Words from which on a section is worth a picture.
const WORTH: usize = 40;

const DESCRIBING: BuiltIn = BuiltIn {
    name: "describe_images",
    about: "Describes the pictures of a page.",
    text: include_str!("describe_images.md"),
    placeholders: &[
        Placeholder {
            name: "page",
            about: "The page with its sections, as JSON.",
            required: true,
            sample: r#"{"title":"Cold brew coffee","language":"en","about":"How to make it at home.","sections":[{"id":0,"heading":"What you need","text":"A jar."}]}"#,
        },
        Placeholder {
            name: "site",
            about: "The site's name and what it is about, as JSON.",
            required: false,
            sample: r#"{"name":"Example Roasters","about":"Coffee from small farms."}"#,
        },
        Placeholder {
            name: "count",
            about: "Pictures that the text may have.",
            required: false,
            sample: "2",
        },
    ],
};

/// A piece of content.
struct Page {
    id: ContentId,
    title: String,
    about: String,
    language: String,
    sections: Vec<Section>,
}

struct Section {
    id: String,
    heading: String,
    text: String,
    words: usize,
}

/// What was read.
pub struct Input {
    pages: Vec<Page>,
    site: Value,
    in_article: usize,
}

/// What is to be seen in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// None for the featured picture.
    section: Option<String>,
    prompt: String,
    alt: String,
}

/// The pictures of each page, in the order of [`Input::pages`].
pub struct Answer(Vec<Vec<Seen>>);

/// What is stored.
pub struct Output(Vec<(ContentId, Vec<Seen>)>);

impl AiFunction for GenerateImagePrompts {
    const NAME: &'static str = "generate_image_prompts";
    const ABOUT: &'static str = "Says which pictures content could have.";
    const UNIT: &'static str = "pieces of content";
    const PRICE: Price = Price::each(2);
    const WORDS: Words = Words {
        prep: "Reading content",
        call: "Looking for pictures",
        asked: "Looking for pictures",
        parse: "Checking descriptions",
        save: "Saving descriptions",
        done: "The descriptions are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[DESCRIBING];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Output;

    fn example() -> Value {
        json!({ "contents": ["cont_01jz8k3v5n6q7r8s9t0v1w2x3y"], "in_article": 2 })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                (1..=MOST).contains(&payload.contents.len()),
                "input.contents",
                format!("must be 1 to {MOST}"),
            )
            .that(
                payload.in_article <= MOST_IN_ARTICLE,
                "input.in_article",
                format!("must be at most {MOST_IN_ARTICLE}"),
            );
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let wanted: HashSet<ContentId> = payload.contents.iter().copied().collect();
        let select = Select::new().one_of("id", wanted.iter().copied().collect());
        let found = at.app.db.site(at.scope).count::<Content>(select).await?;
        if found < wanted.len() as u64 {
            return Err(wrong("input.contents", "must be content of this site"));
        }
        Ok(i64::try_from(found).unwrap_or(i64::MAX))
    }

    fn same(payload: &Payload) -> Option<Same> {
        let same = Same::when("payload.input.contents CONTAINSANY $same_contents");
        Some(same.with_ids("same_contents", &payload.contents))
    }

    async fn prepare(task: &Task<Payload>) -> std::result::Result<Prepared<Input>, JobError> {
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let account = scope.actor().account::<Read>()?;
        let site = task.app.db.account(&account).get::<Site>(scope.site()).await?;
        let mut pages = Vec::new();
        let mut wanted = task.payload.contents.clone();
        wanted.sort_unstable();
        wanted.dedup();
        for ids in wanted.chunks(10) {
            let rows = db.list::<Content>(Select::new().one_of("id", ids.to_vec())).await?;
            pages.extend(rows.into_iter().map(page));
            task.check()?;
        }
        let units = i64::try_from(pages.len()).unwrap_or(i64::MAX);
        let input = Input {
            pages,
            site: site.map_or(Value::Null, |site| site.told()),
            in_article: task.payload.in_article,
        };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        Answer(
            input
                .pages
                .iter()
                .map(|page| composed(page, input.in_article))
                .collect(),
        )
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> std::result::Result<Answer, JobError> {
        let asks = input.pages.iter().map(|page| question(page, &input)).collect();
        let answers = model
            .ask_each(asks, |n, answer| read(&input.pages[n], input.in_article, answer))
            .await?;
        Ok(Answer(answers))
    }

    fn settle(input: &Input, answer: Answer) -> std::result::Result<Output, String> {
        Ok(Output(input.pages.iter().map(|page| page.id).zip(answer.0).collect()))
    }

    async fn save(task: &Task<Payload>, output: &Output, tx: &mut Tx<'_>) -> std::result::Result<Saved, JobError> {
        let db = task.app.db.site(&task.scope);
        let now = task.app.db.clock().now();
        let ids: Vec<ContentId> = output.0.iter().map(|(id, _)| *id).collect();
        let mut there: BTreeMap<(ContentId, Option<String>), Image> = BTreeMap::new();
        let mut alive: HashSet<ContentId> = HashSet::new();
        for some in ids.chunks(20) {
            for image in db.list::<Image>(Select::new().one_of("content", some.to_vec())).await? {
                there.insert((image.content, image.section.clone()), image);
            }
            let mut binds = Variables::new();
            binds.insert("ids", some.to_vec());
            let sql = "SELECT VALUE id FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
            let found: Vec<ContentId> = db.query(sql, binds, "looking for content").await?.rows(0)?;
            alive.extend(found);
        }
        let (mut made, mut kept) = (Vec::new(), 0);
        for (content, pictures) in output.0.iter().filter(|(id, _)| alive.contains(id)) {
            let mut asked: HashSet<Option<String>> = HashSet::new();
            for seen in pictures {
                asked.insert(seen.section.clone());
                match there.get_mut(&(*content, seen.section.clone())) {
                    Some(old) if old.media.is_some() => kept += 1,
                    Some(old) => {
                        (old.prompt, old.alt, old.status) =
                            (seen.prompt.clone(), seen.alt.clone(), ImageStatus::Pending);
                        (old.error, old.updated_at) = (None, now);
                        made.push(old.id);
                        tx.replace(old);
                    }
                    None => {
                        let mut row = Image::new(
                            task.app.db.ids().make(),
                            &task.scope,
                            *content,
                            seen.section.clone(),
                            now,
                        );
                        (row.prompt, row.alt) = (seen.prompt.clone(), seen.alt.clone());
                        made.push(row.id);
                        tx.create(row);
                    }
                }
            }
            // What an earlier run wanted drawn and this one does not.
            for image in there.values_mut().filter(|image| image.content == *content) {
                let drawn = image.media.is_some() || image.status != ImageStatus::Pending;
                if !drawn && !asked.contains(&image.section) {
                    image.set_deleted(now);
                    image.updated_at = now;
                    tx.replace(image);
                }
            }
        }
        Ok(Saved {
            result: json!({ "images": made, "kept": kept }),
            target: (ids.len() == 1).then(|| ids[0].to_string()),
            units: Some(i64::try_from(alive.len()).unwrap_or(i64::MAX)),
        })
    }
}

fn page(row: Content) -> Page {
    let about = [&row.meta_description, &row.excerpt]
        .into_iter()
        .find(|text| !text.is_empty());
    let about = about.cloned().unwrap_or_default();
    let of_markdown = row.body_format == BodyFormat::Markdown;
    let split = if of_markdown {
        sections::split(&row.body)
    } else {
        Vec::new()
    };
    Page {
        sections: split
            .into_iter()
            .filter(|section| !section.heading.is_empty())
            .take(SECTIONS)
            .map(|section| Section {
                words: igny8_text::index::tokens(section.text).count(),
                text: section.text.chars().take(SHOWN).collect(),
                id: section.id,
                heading: section.heading,
            })
            .collect(),
        id: row.id,
        title: row.title,
        about,
        language: row.language,
    }
}

/// Descriptions made of title and headings: the featured one, and the longest sections.
fn composed(page: &Page, count: usize) -> Vec<Seen> {
    let mut longest: Vec<&Section> = page.sections.iter().filter(|section| section.words >= WORTH).collect();
    longest.sort_by_key(|section| std::cmp::Reverse(section.words));
    longest.truncate(count);
    let chosen: HashSet<&str> = longest.iter().map(|section| section.id.as_str()).collect();
    let title = shortened(&page.title, 200);
    let mut seen = vec![Seen {
        section: None,
        prompt: format!("An illustration for the page “{title}”, without text."),
        alt: title.clone(),
    }];
    for section in page
        .sections
        .iter()
        .filter(|section| chosen.contains(section.id.as_str()))
    {
        let heading = shortened(&section.heading, 200);
        seen.push(Seen {
            section: Some(section.id.clone()),
            prompt: format!("An illustration for the section “{heading}” of the page “{title}”, without text."),
            alt: heading,
        });
    }
    seen
}

fn question(page: &Page, input: &Input) -> Ask {
    let text = json!({ "type": "string" });
    let picture = |more: Value| {
        let mut properties = json!({ "prompt": text, "alt": text });
        let mut required = vec!["prompt", "alt"];
        if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
            required.extend(more.contains_key("section").then_some("section"));
            properties.extend(more);
        }
        json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
    };
    let sections: Vec<Value> = page
        .sections
        .iter()
        .enumerate()
        .map(|(n, section)| json!({ "id": n, "heading": section.heading, "text": section.text }))
        .collect();
    Ask {
        prompt: DESCRIBING.name,
        values: Values::new()
            .with(
                "page",
                json!({ "title": page.title, "language": page.language, "about": page.about, "sections": sections }),
            )
            .with("site", input.site.clone())
            .with("count", input.in_article),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["featured", "in_article"],
            "properties": {
                "featured": picture(json!({})),
                "in_article": { "type": "array", "items": picture(json!({ "section": { "type": "integer" } })) },
            },
        }),
        max_output_tokens: 3_000,
        temperature: Some(0.7),
    }
}

fn read(page: &Page, count: usize, answer: Value) -> std::result::Result<Vec<Seen>, String> {
    #[derive(Deserialize)]
    struct Said {
        featured: One,
        in_article: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        section: Option<i64>,
        prompt: String,
        alt: String,
    }
    let said: Said = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    if said.in_article.len() > count {
        return Err(format!("`in_article` must have at most {count} pictures"));
    }
    let mut seen = Vec::new();
    let mut taken: HashSet<usize> = HashSet::new();
    for (n, one) in std::iter::once(said.featured).chain(said.in_article).enumerate() {
        let section = if n == 0 {
            None
        } else {
            let place = one
                .section
                .and_then(|place| usize::try_from(place).ok())
                .unwrap_or(usize::MAX);
            let section = page.sections.get(place).ok_or("there is no such section")?;
            if !taken.insert(place) {
                return Err("a section has two pictures".to_owned());
            }
            Some(section.id.clone())
        };
        let (prompt, alt) = (shortened(&one.prompt, 2_000), shortened(&one.alt, 300));
        if prompt.chars().count() < 10 || alt.is_empty() {
            return Err("each picture needs a `prompt` that says what is to be seen, and an `alt`".to_owned());
        }
        seen.push(Seen { section, prompt, alt });
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_page() -> Page {
        let section = |id: &str, words: usize| Section {
            id: id.into(),
            heading: id.to_uppercase(),
            text: String::new(),
            words,
        };
        Page {
            id: "cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            title: "Cold brew".into(),
            about: String::new(),
            language: "en".into(),
            sections: vec![section("a", 50), section("b", 10), section("c", 90), section("d", 60)],
        }
    }

    #[test]
    fn local_descriptions_are_for_the_longest_sections_in_their_order() {
        let places: Vec<Option<String>> = composed(&a_page(), 2).into_iter().map(|seen| seen.section).collect();
        assert_eq!(places, [None, Some("c".into()), Some("d".into())]);
        assert_eq!(composed(&a_page(), 0).len(), 1);
    }

    #[test]
    fn answers_are_for_places_that_are_there() {
        let picture = |section: i64| json!({ "section": section, "prompt": "A jar on a table", "alt": "A jar" });
        let answer = |list: Vec<Value>| json!({ "featured": { "prompt": "Coffee in a glass", "alt": "Coffee" }, "in_article": list });
        assert_eq!(
            read(&a_page(), 2, answer(vec![picture(0), picture(3)])).unwrap().len(),
            3
        );
        for list in [
            vec![picture(4)],
            vec![picture(-1)],
            vec![picture(1), picture(1)],
            vec![picture(0), picture(1), picture(2)],
        ] {
            assert!(read(&a_page(), 2, answer(list.clone())).is_err(), "{list:?}");
        }
        let empty = json!({ "featured": { "prompt": "", "alt": "x" }, "in_article": [] });
        assert!(read(&a_page(), 2, empty).is_err());
    }
}
