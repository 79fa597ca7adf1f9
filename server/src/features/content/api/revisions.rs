//! Revisions: list, read, compare, restore.

use chrono::{DateTime, Utc};
use igny8_data::{Access, Read, Select, SiteDb, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::items::fetched;
use super::objects::ContentOut;
use super::{for_write, waived_by, write_failed};
use crate::api::{Caller, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::compare::{self, Difference};
use crate::features::content::model::{BodyFormat, Content, ContentId};
use crate::features::content::revision::RevisionSummary;
use crate::features::content::{Reason, Revision, publish, save};

/// A revision without its body.
#[derive(Debug, Object)]
#[oai(rename = "RevisionSummary", skip_serializing_if_is_none)]
pub struct RevisionSummaryOut {
    /// 1, 2, 3 …
    pub number: i64,
    pub reason: Reason,
    /// Number of the revision that was restored.
    pub restored_from: Option<i64>,
    /// Id of the user or key, or the name of the system's part, that made it.
    pub author: String,
    pub title: String,
    /// Fields that changed with it.
    pub changed: Vec<String>,
    pub at: DateTime<Utc>,
}

/// A revision.
#[derive(Debug, Object)]
#[oai(rename = "Revision", skip_serializing_if_is_none)]
pub struct RevisionOut {
    pub number: i64,
    pub reason: Reason,
    /// Number of the revision that was restored.
    pub restored_from: Option<i64>,
    /// Id of the user or key, or the name of the system's part, that made it.
    pub author: String,
    pub title: String,
    pub body: String,
    pub body_format: BodyFormat,
    /// Absent in revisions that are older than blocks.
    pub blocks: Option<Vec<serde_json::Value>>,
    /// Fields that changed with it.
    pub changed: Vec<String>,
    pub at: DateTime<Utc>,
}

/// Two revisions compared.
#[derive(Debug, Object)]
#[oai(rename = "RevisionComparison")]
pub struct ComparisonOut {
    pub from: RevisionSummaryOut,
    pub to: RevisionSummaryOut,
    pub title_changed: bool,
    pub body: Difference,
    /// Of the blocks, as JSON.
    pub blocks: Difference,
}

const SORTS: &[SortField] = &[SortField::same("number")];

pub struct RevisionsApi;

#[OpenApi(tag = "Tag::Content")]
impl RevisionsApi {
    /// List revisions
    #[oai(
        path = "/sites/:site_id/content/:content_id/revisions",
        method = "get",
        operation_id = "revision_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `number`, or `-number` for the newest first, as without it.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<RevisionSummaryOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let page = PageRequest::new(
            &app.db,
            &format!("revisions|{}|{}", site_id.0, content_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-number",
        )?;
        let select = Select::new().equals("content", content_id.0);
        let list = page
            .list::<RevisionSummary>(&db, select.columns(RevisionSummary::COLUMNS))
            .await?;
        Ok(Json(list.page(RevisionSummaryOut::from_row)))
    }

    /// Compare two revisions
    #[oai(
        path = "/sites/:site_id/content/:content_id/revisions/compare",
        method = "get",
        operation_id = "revision_compare"
    )]
    async fn compare(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// Number of the older one.
        from: Query<i64>,
        /// Number of the newer one.
        to: Query<i64>,
    ) -> Result<Json<ComparisonOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let from = revision(&db, content_id.0, from.0).await?;
        let to = revision(&db, content_id.0, to.0).await?;
        let title_changed = from.title != to.title;
        let compared = tokio::task::spawn_blocking(move || {
            let body = compare::compare(&from.body, &to.body);
            let json = |of: &Revision| {
                let blocks = of.blocks.as_deref().filter(|blocks| !blocks.is_empty());
                blocks.and_then(|blocks| serde_json::to_string_pretty(blocks).ok())
            };
            let blocks = compare::compare(&json(&from).unwrap_or_default(), &json(&to).unwrap_or_default());
            (from, to, body, blocks)
        });
        let (from, to, body, blocks) = compared.await.map_err(Error::internal)?;
        Ok(Json(ComparisonOut {
            from: RevisionSummaryOut::from_full(from),
            to: RevisionSummaryOut::from_full(to),
            title_changed,
            body,
            blocks,
        }))
    }

    /// Read a revision
    #[oai(
        path = "/sites/:site_id/content/:content_id/revisions/:number",
        method = "get",
        operation_id = "revision_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        number: Path<i64>,
    ) -> Result<Json<RevisionOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let r = revision(&db, content_id.0, number.0).await?;
        Ok(Json(RevisionOut {
            number: r.number,
            reason: r.reason,
            restored_from: r.restored_from,
            author: r.author,
            title: r.title,
            body: r.body,
            body_format: r.body_format,
            blocks: r.blocks,
            changed: r.changed,
            at: r.at,
        }))
    }

    /// Restore a revision
    ///
    /// Its title, body and blocks become the content's again, as a new revision. What takes from published content what it needs
    /// (`content_readiness`) is refused; an admin may force it.
    #[oai(
        path = "/sites/:site_id/content/:content_id/revisions/:number/restore",
        method = "post",
        operation_id = "revision_restore"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        number: Path<i64>,
        /// Although published content loses what it needs with it; for admins.
        force: Query<Option<bool>>,
        /// ETag of the version of the content the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Fetched<ContentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let wanted = revision(&db, content_id.0, number.0).await?;
        let mut new = old.clone();
        (new.title, new.body, new.body_format) = (wanted.title, wanted.body, wanted.body_format);
        if let Some(blocks) = wanted.blocks {
            new.blocks = blocks;
        }
        let waived_by = waived_by(&caller, &app, site_id.0, force.0, &from).await?;
        let lost = publish::lost(&db, &[(&old, &new)]).await?.pop().unwrap_or_default();
        let mut tx = db.tx();
        publish::keep_ready(&mut tx, new.id, lost, waived_by)?;
        let who = caller.actor().who();
        save::change_from(&app.db, &mut tx, who, &old, &mut new, Reason::Restored, Some(number.0));
        if let Err(error) = tx.commit().await {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        Ok(fetched(new))
    }
}

async fn revision<A: Access>(db: &SiteDb<'_, A>, content: ContentId, number: i64) -> Result<Revision> {
    let select = Select::new()
        .equals("content", content)
        .equals("number", number)
        .limit(1);
    let found = db.list::<Revision>(select).await?.pop();
    found.ok_or_else(Error::not_found)
}

impl RevisionSummaryOut {
    fn from_row(r: RevisionSummary) -> Self {
        Self {
            number: r.number,
            reason: r.reason,
            restored_from: r.restored_from,
            author: r.author,
            title: r.title,
            changed: r.changed,
            at: r.at,
        }
    }

    fn from_full(r: Revision) -> Self {
        Self {
            number: r.number,
            reason: r.reason,
            restored_from: r.restored_from,
            author: r.author,
            title: r.title,
            changed: r.changed,
            at: r.at,
        }
    }
}
