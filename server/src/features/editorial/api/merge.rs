//! Both sides of a conflict.

use igny8_data::{Select, SiteId, Write};
use igny8_writer::items;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::content;
use crate::api::validate::Check;
use crate::api::{Caller, Error, FieldError, Result, Tag, etag};
use crate::app::App;
use crate::features::content::compare::{self, Difference};
use crate::features::content::model::{ContentId, Faq};
use crate::features::content::{MAX_PARTS, Revision, blocks};
use crate::features::editorial::merge::{self, Part};

/// A short text that was not saved.
#[derive(Debug, Object)]
#[oai(rename = "TextMergeInput", deny_unknown_fields)]
pub struct ShortIn {
    /// As it was read. Revisions do not keep it.
    pub base: String,
    /// As it should be.
    pub mine: String,
}

/// Questions and answers that were not saved.
#[derive(Debug, Object)]
#[oai(rename = "FaqMergeInput", deny_unknown_fields)]
pub struct FaqIn {
    /// As they were read. Revisions do not keep them.
    pub base: Vec<Faq>,
    /// As they should be.
    pub mine: Vec<Faq>,
}

/// Characters of a short text.
const MAX_SHORT: usize = 5_000;

/// What was not saved, because somebody saved before.
#[derive(Debug, Object)]
#[oai(rename = "ContentMergeInput", deny_unknown_fields)]
pub struct MergeIn {
    /// Number of the revision they were made of: `revision` of the content as it was read.
    pub revision: i64,
    pub title: Option<String>,
    pub body: Option<String>,
    pub seo_title: Option<ShortIn>,
    pub meta_description: Option<ShortIn>,
    pub excerpt: Option<ShortIn>,
    /// As they should be; the revision keeps them as they were.
    pub blocks: Option<Vec<serde_json::Value>>,
    pub faq: Option<FaqIn>,
}

impl MergeIn {
    fn check(&self) -> Result<()> {
        let mut check = Check::new();
        for (field, text) in [
            ("seo_title", &self.seo_title),
            ("meta_description", &self.meta_description),
            ("excerpt", &self.excerpt),
        ] {
            if let Some(ShortIn { base, mine }) = text {
                check.text(&format!("{field}.base"), base, 0, MAX_SHORT);
                check.text(&format!("{field}.mine"), mine, 0, MAX_SHORT);
            }
        }
        if let Some(mine) = &self.blocks {
            blocks::check(mine, &mut check);
        }
        for (field, faq) in self
            .faq
            .iter()
            .flat_map(|faq| [("faq.base", &faq.base), ("faq.mine", &faq.mine)])
        {
            check.that(faq.len() <= MAX_PARTS, field, format!("must be at most {MAX_PARTS}"));
            for (n, faq) in faq.iter().take(MAX_PARTS).enumerate() {
                check.text(&format!("{field}.{n}.question"), &faq.question, 0, MAX_SHORT);
                check.text(&format!("{field}.{n}.answer"), &faq.answer, 0, MAX_SHORT);
            }
        }
        check.finish()
    }
}

/// A text that two sides changed.
#[derive(Debug, Object)]
#[oai(rename = "TextMerge", skip_serializing_if_is_none)]
pub struct TextMerge {
    /// The text of both, where nothing contradicts.
    pub merged: Option<String>,
    /// From top to bottom.
    pub parts: Vec<Part>,
    /// What you changed.
    pub mine: Difference,
    /// What was saved meanwhile.
    pub theirs: Difference,
}

/// A list that two sides changed: blocks, or questions and answers. An item is told by its anchor, heading or question, else by its
/// place.
#[derive(Debug, Object)]
#[oai(rename = "ListMerge", skip_serializing_if_is_none)]
pub struct ListMerge {
    /// The list of both, where nothing contradicts.
    pub merged: Option<Vec<serde_json::Value>>,
    /// From first to last.
    pub items: Vec<ItemMerge>,
    /// Both sides put the items in an order of their own; here they are in yours.
    pub both_reordered: bool,
}

/// An item of two lists brought together.
#[derive(Debug, Object)]
#[oai(rename = "ItemMerge", skip_serializing_if_is_none)]
pub struct ItemMerge {
    /// Both sides agree on it, or what they changed goes together.
    pub item: Option<serde_json::Value>,
    /// Both changed it, and not alike.
    pub conflict: Option<ItemConflict>,
}

/// What two sides made of one item. A side that took it out, or never had it, is absent.
#[derive(Debug, Object)]
#[oai(rename = "ItemConflict", skip_serializing_if_is_none)]
pub struct ItemConflict {
    /// What it is called: its heading, its question, the beginning of its text.
    pub name: String,
    /// As it was when both began.
    pub base: Option<ItemSide>,
    /// As you have it.
    pub mine: Option<ItemSide>,
    /// As it is stored now.
    pub theirs: Option<ItemSide>,
    /// With what goes together, and yours where it does not; absent where one side took the item out.
    pub merged: Option<serde_json::Value>,
    /// What both changed differently; empty where one side took the item out.
    pub fields: Vec<FieldConflict>,
}

/// An item in one of the lists.
#[derive(Debug, Object)]
pub struct ItemSide {
    /// Its place, from 0.
    pub place: u32,
    pub item: serde_json::Value,
}

/// A part of an item that both sides changed.
#[derive(Debug, Object)]
pub struct FieldConflict {
    /// Names and places from 0: `links.0.label`.
    pub field: String,
    /// Null where it was not there.
    pub base: serde_json::Value,
    pub mine: serde_json::Value,
    pub theirs: serde_json::Value,
    /// Of a text: from top to bottom what goes together and what does not; else empty.
    pub parts: Vec<Part>,
}

/// Your changes and those saved meanwhile, brought together as far as they do not contradict. Nothing is saved.
#[derive(Debug, Object)]
#[oai(rename = "ContentMerge", skip_serializing_if_is_none)]
pub struct MergeOut {
    /// The version that a save of it names as `If-Match`.
    pub etag: String,
    /// Number of the newest revision.
    pub revision: i64,
    /// Id of the user or key that made it.
    pub author: String,
    pub title: Option<TextMerge>,
    pub body: Option<TextMerge>,
    pub seo_title: Option<TextMerge>,
    pub meta_description: Option<TextMerge>,
    pub excerpt: Option<TextMerge>,
    pub blocks: Option<ListMerge>,
    pub faq: Option<ListMerge>,
}

pub struct MergeApi;

#[OpenApi(tag = "Tag::Content")]
impl MergeApi {
    /// Bring two versions together
    ///
    /// For a writer whose save was refused with 412: shows both sides, and the text of both where they do not contradict. Blocks
    /// and questions are brought together one by one; what contradicts in them is told by block and field. Saves nothing.
    #[oai(
        path = "/sites/:site_id/content/:content_id/merge",
        method = "post",
        operation_id = "content_merge"
    )]
    async fn merge(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        body: Json<MergeIn>,
    ) -> Result<Json<MergeOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(mut mine) = body;
        mine.check()?;
        // In the form in which they are stored, so that only what is different differs.
        if let Some(mine) = &mut mine.blocks {
            blocks::tidy(mine);
        }
        let now = content(&db, content_id.0).await?;
        let found = db
            .list::<Revision>(
                Select::new()
                    .equals("content", content_id.0)
                    .one_of("number", vec![mine.revision, now.revision])
                    .limit(2),
            )
            .await?;
        let numbered = |number: i64| found.iter().find(|revision| revision.number == number).cloned();
        let base = numbered(mine.revision).ok_or_else(|| {
            let message = "must be the number of a revision of this content";
            Error::invalid(vec![FieldError::new("revision", message)])
        })?;
        let newest = numbered(now.revision).ok_or_else(|| Error::internal("content without its newest revision"))?;
        let (etag, revision, author) = (etag::of(now.rev), now.revision, newest.author);
        let worked = tokio::task::spawn_blocking(move || {
            let title = mine
                .title
                .map(|text| both(&base.title, &text, &now.title))
                .transpose()?;
            let body = mine.body.map(|text| both(&base.body, &text, &now.body)).transpose()?;
            let short =
                |text: Option<ShortIn>, theirs: &str| text.map(|text| both(&text.base, &text.mine, theirs)).transpose();
            let seo_title = short(mine.seo_title, &now.seo_title)?;
            let meta_description = short(mine.meta_description, &now.meta_description)?;
            let excerpt = short(mine.excerpt, &now.excerpt)?;
            // Revisions from before there were blocks have none.
            let old = base.blocks.unwrap_or_default();
            let blocks = mine.blocks.map(|mine| lists(&old, &mine, &now.blocks));
            let faq = mine
                .faq
                .map(|faq| lists(&values(&faq.base), &values(&faq.mine), &values(&now.faq)));
            Ok::<_, merge::TooLong>(MergeOut {
                etag,
                revision,
                author,
                title,
                body,
                seo_title,
                meta_description,
                excerpt,
                blocks,
                faq,
            })
        });
        let merged = worked.await.map_err(Error::internal)?.map_err(|_| {
            let detail =
                "The texts are too long to bring together. Keep a copy of yours, read the newest version, put your changes \
                 into it and save that.";
            Error::rule("too_long_to_merge", detail)
        })?;
        Ok(Json(merged))
    }
}

fn both(base: &str, mine: &str, theirs: &str) -> std::result::Result<TextMerge, merge::TooLong> {
    let parts = merge::merge(base, mine, theirs)?;
    let clean = parts.iter().all(|part| part.conflict.is_none());
    let merged = clean.then(|| parts.iter().filter_map(|part| part.text.as_deref()).collect());
    Ok(TextMerge {
        merged,
        parts,
        mine: compare::compare(base, mine),
        theirs: compare::compare(base, theirs),
    })
}

fn values(faq: &[Faq]) -> Vec<serde_json::Value> {
    let pair = |faq: &Faq| serde_json::json!({ "question": faq.question, "answer": faq.answer });
    faq.iter().map(pair).collect()
}

/// Brings two lists together. Of texts that are together longer than one may be, the last count as different.
fn lists(base: &[serde_json::Value], mine: &[serde_json::Value], theirs: &[serde_json::Value]) -> ListMerge {
    let left = std::cell::Cell::new(merge::MAX_LINES);
    let parts = |base: &str, mine: &str, theirs: &str| -> Option<Vec<Part>> {
        let lines: usize = [base, mine, theirs].iter().map(|text| text.lines().count()).sum();
        left.set(left.get().checked_sub(lines)?);
        merge::merge(base, mine, theirs).ok()
    };
    let texts = |base: &str, mine: &str, theirs: &str| -> Option<String> {
        let parts = parts(base, mine, theirs)?;
        parts.into_iter().map(|part| part.text).collect()
    };
    let found = items::merge(base, mine, theirs, &texts);
    let merged = found.whole();
    let side = |side: Option<(usize, serde_json::Value)>| {
        side.map(|(place, item)| ItemSide {
            place: u32::try_from(place).unwrap_or(u32::MAX),
            item,
        })
    };
    let field = |field: items::Field| {
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::Null => Some(String::new()),
            value => value.as_str().map(str::to_owned),
        };
        let texts = (text(&field.base), text(&field.mine), text(&field.theirs));
        let parts = match texts {
            (Some(base), Some(mine), Some(theirs)) => parts(&base, &mine, &theirs),
            _ => None,
        };
        FieldConflict {
            field: field.path,
            base: field.base,
            mine: field.mine,
            theirs: field.theirs,
            parts: parts.unwrap_or_default(),
        }
    };
    let item = |item: items::Item| match item {
        items::Item::Agreed(item) => ItemMerge {
            item: Some(item),
            conflict: None,
        },
        items::Item::Conflict(conflict) => ItemMerge {
            item: None,
            conflict: Some(ItemConflict {
                name: conflict.name,
                base: side(conflict.base),
                mine: side(conflict.mine),
                theirs: side(conflict.theirs),
                merged: conflict.merged,
                fields: conflict.fields.into_iter().map(field).collect(),
            }),
        },
    };
    ListMerge {
        merged,
        items: found.items.into_iter().map(item).collect(),
        both_reordered: found.both_reordered,
    }
}
