//! Draws the pictures of content that have a description: by the account's provider of pictures, or as vector illustrations of
//! title and brand colour. Each goes through the inspection of uploads, becomes a file of the site, and is put into its place
//! while the content is a draft.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use igny8_colour::Rgb;
use igny8_data::{Read, Select, SiteDb, Tx};
use igny8_renderer::theme::Theme;
use igny8_writer::artwork;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wrong;
use crate::ai::provider::images::{self as provider, Drawing, Quality};
use crate::ai::{AiFunction, Asks, At, BuiltIn, Model, Prepared, Same, Saved, Task, Words};
use crate::api::validate::Check;
use crate::api::{Error, Result};
use crate::features::billing::prices::Price;
use crate::features::content::{Content, ContentId, Reason, Status, save};
use crate::features::images::{self, Image, ImageId, ImageStatus, place, store};
use crate::features::media::Media;
use crate::features::media::inspect::Inspected;
use crate::features::sites::Site;
use crate::jobs::JobError;

pub struct GenerateImages;

/// Which pictures.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Pictures by name; they are drawn again if they have a file.
    #[serde(default)]
    images: Option<Vec<ImageId>>,
    /// All pictures of this content that have no file yet.
    #[serde(default)]
    content: Option<ContentId>,
    #[serde(default)]
    quality: Quality,
    /// Whether they are put onto the page.
    #[serde(default = "yes")]
    place: bool,
}

fn yes() -> bool {
    true
}

/// Pictures of one task.
const MOST: usize = 20;
/// A premium picture counts as so many.
const PREMIUM: i64 = 4;

/// What was read.
pub struct Input {
    images: Vec<Image>,
    titles: HashMap<ContentId, String>,
    brand: Rgb,
    quality: Quality,
    model: Option<String>,
}

/// A picture's bytes, or why there are none, in the order of [`Input::images`].
pub struct Answer(Vec<std::result::Result<Vec<u8>, String>>);

/// What is stored.
pub struct Output {
    images: Vec<(Image, std::result::Result<Inspected, String>)>,
    model: String,
    /// What each counts as.
    weight: i64,
}

impl AiFunction for GenerateImages {
    const NAME: &'static str = "generate_images";
    const ABOUT: &'static str = "Draws the pictures of content.";
    const UNIT: &'static str = "pictures (a premium one counts as four)";
    const PRICE: Price = Price::each(1);
    const WORDS: Words = Words {
        prep: "Reading descriptions",
        call: "Drawing",
        asked: "Drawing",
        parse: "Looking at the pictures",
        save: "Saving pictures",
        done: "The pictures are ready",
    };
    const ASKS: Asks = Asks::Pictures;
    const PROMPTS: &'static [BuiltIn] = &[];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Output;

    fn example() -> Value {
        json!({
            "images": ["img_01jz8k3v5n6q7r8s9t0v1w2x3y"],
            "content": null,
            "quality": "basic",
            "place": true,
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                payload.images.is_some() != payload.content.is_some(),
                "input.images",
                "must be given, or else input.content; not both",
            )
            .that(
                payload
                    .images
                    .as_ref()
                    .is_none_or(|ids| (1..=MOST).contains(&ids.len())),
                "input.images",
                format!("must be 1 to {MOST}"),
            );
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let images = find(&at.app.db.site(at.scope), payload).await?;
        let account = at.scope.actor().account::<Read>()?;
        // A provider that cannot be used is told when the task runs.
        let drawn = !matches!(provider::configured(at.app, &account).await, Ok(None));
        Ok(i64::try_from(images.len()).unwrap_or(i64::MAX) * weight(payload.quality, drawn))
    }

    fn same(payload: &Payload) -> Option<Same> {
        let same = Same::when(
            "(payload.input.images ?? []) CONTAINSANY $same_images OR payload.input.content = $same_content",
        );
        let content = payload.content.map(|id| id.to_string()).unwrap_or_default();
        let images = payload.images.as_deref().unwrap_or_default();
        Some(same.with_ids("same_images", images).with("same_content", content))
    }

    async fn prepare(task: &Task<Payload>) -> std::result::Result<Prepared<Input>, JobError> {
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let images = find(&db, &task.payload)
            .await
            .map_err(|error| JobError::Fail(error.into_problem().detail))?;
        let account = scope.actor().account::<Read>()?;
        let provider = match provider::configured(&task.app, &account).await {
            Ok(provider) => provider,
            Err(crate::ai::provider::NotUsable::Db(error)) => return Err(error.into()),
            Err(crate::ai::provider::NotUsable::Provider(error)) => return Err(JobError::Fail(error.for_user())),
        };
        let site = task.app.db.account(&account).get::<Site>(scope.site()).await?;
        let mut titles = HashMap::new();
        let mut contents: Vec<ContentId> = images.iter().map(|image| image.content).collect();
        contents.sort_unstable();
        contents.dedup();
        for content in db
            .list::<crate::features::content::ContentSummary>(
                Select::new()
                    .one_of("id", contents)
                    .columns(crate::features::content::ContentSummary::COLUMNS),
            )
            .await?
        {
            titles.insert(content.id, content.title);
        }
        let quality = task.payload.quality;
        let units = i64::try_from(images.len()).unwrap_or(i64::MAX) * weight(quality, provider.is_some());
        let input = Input {
            images,
            titles,
            brand: brand_of(site.as_ref()),
            quality,
            model: provider.map(|provider| provider.model(quality).to_owned()),
        };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        let draw = |image: &Image| {
            let title = input.titles.get(&image.content).map_or("", String::as_str);
            let section = image.section.as_deref().unwrap_or_default();
            Ok(artwork::draw(&format!("{title} {section}"), input.brand).into_bytes())
        };
        Answer(input.images.iter().map(draw).collect())
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> std::result::Result<Answer, JobError> {
        let drawing = |image: &Image| Drawing {
            prompt: image.prompt.clone(),
            quality: input.quality,
        };
        let drawings: Vec<Drawing> = input.images.iter().map(drawing).collect();
        Ok(Answer(model.draw_each(&drawings).await?))
    }

    fn settle(input: &Input, answer: Answer) -> std::result::Result<Output, String> {
        let inspected = |bytes: std::result::Result<Vec<u8>, String>| bytes.and_then(store::picture);
        let images: Vec<_> = input
            .images
            .iter()
            .cloned()
            .zip(answer.0.into_iter().map(inspected))
            .collect();
        // One of several may be refused and is told then; when nothing came there is nothing to save.
        if let [(_, Err(why))] = images.as_slice() {
            return Err(why.clone());
        }
        Ok(Output {
            images,
            model: input.model.clone().unwrap_or_else(|| "local".to_owned()),
            weight: weight(input.quality, input.model.is_some()),
        })
    }

    async fn save(task: &Task<Payload>, output: &Output, tx: &mut Tx<'_>) -> std::result::Result<Saved, JobError> {
        let db = task.app.db.site(&task.scope);
        let now = task.app.db.clock().now();
        let (mut drawn, mut failed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut files: BTreeMap<String, Media> = BTreeMap::new();
        let mut by_content: BTreeMap<ContentId, Vec<(Image, Media)>> = BTreeMap::new();
        for (was, picture) in &output.images {
            let Some(mut image) = db.get::<Image>(was.id).await? else {
                gone.push(was.id);
                continue;
            };
            image.updated_at = now;
            match picture {
                Ok(file) => {
                    let hash = blake3::hash(&file.bytes).to_hex().to_string();
                    let media = match files.get(&hash) {
                        Some(known) => known.clone(),
                        None => {
                            store::keep(&task.app, &task.scope, tx, file, &name_of(&image, file), &image.alt).await?
                        }
                    };
                    files.insert(hash, media.clone());
                    image.set_file(ImageStatus::Generated, media.id, Some(output.model.clone()));
                    drawn.push(image.id);
                    by_content
                        .entry(image.content)
                        .or_default()
                        .push((image.clone(), media));
                }
                Err(why) => {
                    // A picture that it had stays.
                    (image.status, image.error) = (ImageStatus::Failed, Some(why.clone()));
                    failed.push(json!({ "image": image.id, "why": why }));
                }
            }
            tx.replace(&mut image);
        }
        let mut not_placed = Vec::new();
        if task.payload.place {
            for (content, images) in by_content {
                put(task, tx, content, &images, &mut not_placed).await?;
            }
        }
        let units = i64::try_from(drawn.len()).unwrap_or(i64::MAX) * output.weight;
        Ok(Saved {
            result: json!({ "drawn": drawn, "failed": failed, "deleted_meanwhile": gone, "not_placed": not_placed }),
            target: output.images.first().map(|(image, _)| image.content.to_string()),
            units: Some(units),
        })
    }
}

/// Puts pictures into the content they are for, while it is a draft.
async fn put(
    task: &Task<Payload>,
    tx: &mut Tx<'_>,
    content: ContentId,
    images: &[(Image, Media)],
    not_placed: &mut Vec<Value>,
) -> std::result::Result<(), JobError> {
    let db = task.app.db.site(&task.scope);
    let mut tell = |image: &Image, why: &str| not_placed.push(json!({ "image": image.id, "why": why }));
    let Some(old) = db.get::<Content>(content).await? else {
        images
            .iter()
            .for_each(|(image, _)| tell(image, "The content was deleted meanwhile."));
        return Ok(());
    };
    if !matches!(old.status, Status::Draft | Status::Review) {
        let why = "The content is approved or published: put the picture into its place when you have seen it.";
        images.iter().for_each(|(image, _)| tell(image, why));
        return Ok(());
    }
    let mut new = old.clone();
    for (image, media) in images {
        let earlier = images::api::earlier(&db, image).await?;
        if let Err(why) = place::place(image, media, &earlier, &mut new) {
            tell(image, &why.to_string());
        }
    }
    let mut check = Check::new();
    new.check(&mut check);
    if check.finish().is_err() {
        images
            .iter()
            .for_each(|(image, _)| tell(image, "The text has no room for it."));
        return Ok(());
    }
    save::change(
        &task.app.db,
        tx,
        task.scope.actor().who(),
        &old,
        &mut new,
        Reason::Generated,
    );
    Ok(())
}

async fn find(db: &SiteDb<'_, Read>, payload: &Payload) -> Result<Vec<Image>> {
    if let Some(content) = payload.content {
        if db.get::<Content>(content).await?.is_none() {
            return Err(wrong("input.content", "must be content of this site"));
        }
        let mut rows = db.list::<Image>(Select::new().equals("content", content)).await?;
        rows.retain(|image| {
            image.status != ImageStatus::Uploaded && image.media.is_none() || image.status == ImageStatus::Pending
        });
        rows.truncate(MOST);
        return Ok(rows);
    }
    let mut wanted = payload.images.clone().unwrap_or_default();
    wanted.sort_unstable();
    wanted.dedup();
    let rows = db.list::<Image>(Select::new().one_of("id", wanted.clone())).await?;
    if rows.len() < wanted.len() {
        return Err(wrong("input.images", "must be pictures of this site"));
    }
    if rows.iter().any(|image| image.prompt.trim().is_empty()) {
        return Err(Error::rule(
            "no_prompt",
            "One of the pictures has no description of what is to be seen. Give it a `prompt` first.",
        ));
    }
    Ok(rows)
}

fn weight(quality: Quality, drawn: bool) -> i64 {
    match quality {
        Quality::Premium if drawn => PREMIUM,
        Quality::Premium | Quality::Basic => 1,
    }
}

/// The site's own brand colour, else its theme's.
fn brand_of(site: Option<&Site>) -> Rgb {
    const OPTION: &str = "brand_color";
    let own = site.and_then(|site| Rgb::parse(site.theme_options[OPTION].as_str()?));
    let of_theme = || {
        let theme = Theme::builtin(&site?.theme).ok()?;
        Rgb::parse(theme.options.get(OPTION)?.default.as_str()?)
    };
    own.or_else(of_theme).unwrap_or(Rgb(0x3b, 0x6e, 0xa5))
}

fn name_of(image: &Image, file: &Inspected) -> String {
    let name = slug::slugify(&image.alt);
    let name: String = if name.is_empty() {
        "picture".into()
    } else {
        name.chars().take(80).collect()
    };
    format!("{name}.{}", crate::features::media::model::ending(file.mime))
}
