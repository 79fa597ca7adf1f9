//! Both sides of a conflict.

use igny8_data::{Select, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::content;
use crate::api::validate::Check;
use crate::api::{Caller, Error, FieldError, Result, Tag, etag};
use crate::app::App;
use crate::features::content::Revision;
use crate::features::content::compare::{self, Difference};
use crate::features::content::model::ContentId;
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
}

pub struct MergeApi;

#[OpenApi(tag = "Tag::Content")]
impl MergeApi {
    /// Bring two versions together
    ///
    /// For a writer whose save was refused with 412: shows both sides, and the text of both where they do not contradict.
    /// Saves nothing.
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
        let Json(mine) = body;
        mine.check()?;
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
            Ok::<_, merge::TooLong>(MergeOut {
                etag,
                revision,
                author,
                title,
                body,
                seo_title,
                meta_description,
                excerpt,
            })
        });
        let merged = worked.await.map_err(Error::internal)?.map_err(|_| {
            let detail =
                "The texts are too long to bring together. Compare the revisions and copy your changes by hand.";
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
