//! Scoring content as it is, with changes that are not saved, and texts from elsewhere. Free of charge, and nothing is stored.

use std::collections::HashMap;

use igny8_data::{Access, DbError, Read, SiteDb, SiteId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use super::objects::{KeptScore, ScoreReport, TextIn};
use crate::api::validate::Check;
use crate::api::{Caller, Error, Result, Tag, etag};
use crate::app::App;
use crate::features::content::api::ContentPatch;
use crate::features::content::model::{BodyFormat, Content, ContentType};
use crate::features::content::{ContentId, MAX_BODY};
use crate::features::optimizer::ContentScore;
use crate::features::optimizer::model::score_id;
use crate::features::optimizer::text::{self, EntryPoint, Text};
use crate::features::sites::model::is_language;

/// Characters of a short text that is not stored.
const MOST_SHORT: usize = 1_000;

pub struct ScoresApi;

#[OpenApi(tag = "Tag::Optimizer")]
impl ScoresApi {
    /// Score content
    ///
    /// What its present text is worth: 0 to 100 points from checks that each say what they measured, what would be right
    /// and how to mend it. Computed when it is asked for, so it is always that of the present version; the pages that link to
    /// it are those that were counted when scores were kept last.
    #[oai(
        path = "/sites/:site_id/content/:content_id/score",
        method = "get",
        operation_id = "content_score_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<ScoreReport>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let kept = db.get::<ContentScore>(score_id(content.id)).await?;
        let rev = content.rev;
        let mut report = report_of(&app, &db, content).await?;
        report.kept = kept.map(|kept| KeptScore::of(&kept, rev, app.db.clock().now()));
        Ok(Json(report))
    }

    /// Score content as an editor has it
    ///
    /// With fields that are not saved yet in the place of those that are; nothing is stored. An empty object scores what is
    /// saved.
    #[oai(
        path = "/sites/:site_id/content/:content_id/score",
        method = "post",
        operation_id = "content_score_preview"
    )]
    async fn preview(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        body: Json<ContentPatch>,
    ) -> Result<Json<ScoreReport>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        body.0.apply(&mut content);
        let mut check = Check::new();
        check.that(content.body.len() <= MAX_BODY, "body", "must be at most 2 MiB");
        for (field, text) in [
            ("title", &content.title),
            ("seo_title", &content.seo_title),
            ("meta_description", &content.meta_description),
            ("slug", &content.slug),
        ] {
            check.text(field, text, 0, MOST_SHORT);
        }
        check.finish()?;
        // As if it were saved now.
        if content.reader_hash() != content.content_hash {
            content.revised_at = app.db.clock().now();
        }
        Ok(Json(report_of(&app, &db, content).await?))
    }

    /// Score a text that is not in the CMS
    ///
    /// For an editor, a plugin or a text from elsewhere; nothing is stored.
    #[oai(
        path = "/sites/:site_id/optimizer/score",
        method = "post",
        operation_id = "optimizer_score"
    )]
    async fn score(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<TextIn>,
    ) -> Result<Json<ScoreReport>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(given) = body;
        checked(&given)?;
        let around = text::around(&app, &db, &[], false).await?;
        let language = match &given.language {
            Some(language) => language.clone(),
            None => crate::features::sites::language_of(&db).await?,
        };
        let entry_point = given.entry_point.unwrap_or(EntryPoint::External);
        let text = text_of(given, language, around.host, entry_point);
        let report = text::scored(&app, text).await?;
        Ok(Json(ScoreReport::of(report, entry_point)))
    }
}

async fn report_of<A: Access>(app: &App, db: &SiteDb<'_, A>, content: Content) -> Result<ScoreReport> {
    let (rev, source) = (content.rev, content.source);
    let report = text::scored(app, of_row(app, db, content).await?).await?;
    let mut report = ScoreReport::of(report, text::entry_point(source));
    report.etag = Some(etag::of(rev));
    Ok(report)
}

/// A row with what is around it.
pub(super) async fn of_row<A: Access>(app: &App, db: &SiteDb<'_, A>, content: Content) -> Result<Text, DbError> {
    let rows = [content];
    let around = text::around(app, db, &rows, false).await?;
    let [content] = rows;
    Ok(Text::of(content, &around))
}

fn checked(given: &TextIn) -> Result<()> {
    let mut check = Check::new();
    check
        .that(given.body.len() <= MAX_BODY, "body", "must be at most 2 MiB")
        .that(
            given.language.as_deref().is_none_or(is_language),
            "language",
            "must be a BCP 47 language tag such as en or pt-BR",
        )
        .text("title", &given.title, 0, MOST_SHORT);
    for (field, text) in [
        ("seo_title", &given.seo_title),
        ("meta_description", &given.meta_description),
        ("slug", &given.slug),
        ("primary_keyword", &given.primary_keyword),
        ("author", &given.author),
    ] {
        check.text(field, text.as_deref().unwrap_or_default(), 0, MOST_SHORT);
    }
    for (n, keyword) in given.secondary_keywords.iter().flatten().enumerate() {
        check.text(&format!("secondary_keywords.{n}"), keyword, 0, MOST_SHORT);
    }
    check.finish()
}

fn text_of(given: TextIn, language: String, host: String, entry_point: EntryPoint) -> Text {
    let content_type = given.content_type.unwrap_or(ContentType::Post);
    Text {
        title: given.title,
        seo_title: given.seo_title.unwrap_or_default(),
        meta_description: given.meta_description.unwrap_or_default(),
        slug: given.slug.unwrap_or_default(),
        body: given.body,
        body_format: given.body_format.unwrap_or(BodyFormat::Markdown),
        blocks: Vec::new(),
        language,
        content_type,
        content_structure: given.content_structure.unwrap_or(content_type.default_structure()),
        hub: false,
        primary_keyword: given.primary_keyword,
        secondary_keywords: given.secondary_keywords.unwrap_or_default(),
        of_site: entry_point == EntryPoint::Writer,
        has_cluster: false,
        terms: 0,
        entity: given.entity.unwrap_or_default(),
        pictures: Vec::new(),
        alts: HashMap::new(),
        faq: 0,
        author: given.author,
        published_at: given.published_at,
        revised_at: given.updated_at,
        inbound_links: None,
        host,
    }
}
