//! `/sites/{site}/keywords`: create, read, list, change, delete and restore, one and many.

use std::collections::HashMap;

use igny8_data::{DbError, Deleted, Read, SectorId, SiteId, Variables, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::filter::{self, KeywordFilter, KeywordFilterOptions};
use super::objects::{KeywordAction, KeywordBulkIn, KeywordIn, KeywordOut, KeywordPatch};
use crate::api::bulk::{Bulk, distinct};
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::billing::Limits;
use crate::features::planner::model::{ClusterId, Intent, Keyword, KeywordId, KeywordStatus, text_key};
use crate::features::planner::rules::{refused, require_clusters, require_sector};

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("text"),
    SortField::same("volume"),
    SortField::same("difficulty"),
];

pub struct KeywordsApi;

#[OpenApi(tag = "Tag::Planner")]
impl KeywordsApi {
    /// List keywords
    #[oai(path = "/sites/:site_id/keywords", method = "get", operation_id = "keyword_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, `text`, `volume` or `difficulty`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in the keyword.
        search: Query<Option<String>>,
        sector: Query<Option<SectorId>>,
        status: Query<Option<KeywordStatus>>,
        cluster: Query<Option<ClusterId>>,
        /// Keywords in no cluster.
        unassigned: Query<Option<bool>>,
        intent: Query<Option<Intent>>,
        min_volume: Query<Option<i64>>,
        max_volume: Query<Option<i64>>,
        min_difficulty: Query<Option<i64>>,
        max_difficulty: Query<Option<i64>>,
        disabled: Query<Option<bool>>,
        /// Keywords that a page of the site ranks for, or those that none ranks for.
        ranking: Query<Option<bool>>,
        /// Deleted keywords instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<KeywordOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = KeywordFilter {
            search: search.0,
            sector: sector.0,
            status: status.0,
            cluster: cluster.0,
            unassigned: unassigned.0 == Some(true),
            intent: intent.0,
            min_volume: min_volume.0,
            max_volume: max_volume.0,
            min_difficulty: min_difficulty.0,
            max_difficulty: max_difficulty.0,
            disabled: disabled.0,
            ranking: ranking.0,
            deleted: deleted.0 == Some(true),
        };
        let page = PageRequest::new(
            &app.db,
            &format!("keywords|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = filter.select();
        let db = app.db.site(&scope);
        let list = page.list::<Keyword>(&db, select).await?;
        Ok(Json(list.page(KeywordOut::from_row)))
    }

    /// Create a keyword
    #[oai(path = "/sites/:site_id/keywords", method = "post", operation_id = "keyword_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<KeywordIn>,
    ) -> Result<Created<KeywordOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let mut keyword = Keyword::new(id, &scope, body.sector, &body.text, now);
        if let Some(volume) = body.volume {
            keyword.set_volume(volume);
        }
        keyword.difficulty = body.difficulty;
        keyword.cpc = body.cpc;
        keyword.intent = body.intent;
        keyword.set_cluster(body.cluster);
        keyword.attributes = body.attributes.unwrap_or_default();
        keyword.set_parent_topic(body.parent_topic);
        keyword.serp_urls = body.serp_urls.unwrap_or_default();
        checked(&keyword)?;
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = app.db.site(&scope).tx();
        require_sector(&mut tx, keyword.sector);
        if let Some(cluster) = keyword.cluster {
            require_clusters(&mut tx, &[cluster], Some(keyword.sector));
        }
        limits.ready(&app, &scope, 1).await?;
        limits.take_keywords(&mut tx, &app, 1);
        tx.create(keyword.clone());
        tx.commit().await.map_err(|error| full(&limits, error))?;
        let (rev, path) = (keyword.rev, format!("/sites/{}/keywords/{}", keyword.site, keyword.id));
        Ok(Created::new(KeywordOut::from_row(keyword), rev, path))
    }

    /// Read a keyword
    #[oai(
        path = "/sites/:site_id/keywords/:keyword_id",
        method = "get",
        operation_id = "keyword_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        keyword_id: Path<KeywordId>,
    ) -> Result<Fetched<KeywordOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let keyword = app.db.site(&scope).get::<Keyword>(keyword_id.0).await?;
        Ok(fetched(keyword.ok_or_else(Error::not_found)?))
    }

    /// Change a keyword
    #[oai(
        path = "/sites/:site_id/keywords/:keyword_id",
        method = "patch",
        operation_id = "keyword_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        keyword_id: Path<KeywordId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<KeywordPatch>,
    ) -> Result<Fetched<KeywordOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut keyword = db.get::<Keyword>(keyword_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), keyword.rev)?;
        let cluster = keyword.cluster;
        body.0.apply(&mut keyword);
        keyword.updated_at = app.db.clock().now();
        checked(&keyword)?;
        let mut tx = db.tx();
        if let Some(new) = keyword.cluster.filter(|new| cluster != Some(*new)) {
            require_clusters(&mut tx, &[new], Some(keyword.sector));
        }
        tx.replace(&mut keyword);
        tx.commit().await.map_err(taken)?;
        Ok(fetched(keyword))
    }

    /// Delete a keyword
    ///
    /// It can be restored, unless it was added again meanwhile, until it is removed for good.
    #[oai(
        path = "/sites/:site_id/keywords/:keyword_id",
        method = "delete",
        operation_id = "keyword_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        keyword_id: Path<KeywordId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut keyword = db.get::<Keyword>(keyword_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), keyword.rev)?;
        keyword.deleted_at = Some(app.db.clock().now());
        keyword.text_key = None;
        let mut tx = db.tx();
        tx.replace(&mut keyword);
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Restore a deleted keyword
    ///
    /// Without its cluster when that is gone.
    #[oai(
        path = "/sites/:site_id/keywords/:keyword_id/restore",
        method = "post",
        operation_id = "keyword_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        keyword_id: Path<KeywordId>,
    ) -> Result<Fetched<KeywordOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let keyword = db.get_deleted::<Keyword>(keyword_id.0, Deleted::Only).await?;
        let mut keyword = keyword.ok_or_else(Error::not_found)?;
        keyword.deleted_at = None;
        keyword.text_key = Some(text_key(&keyword.text));
        keyword.updated_at = app.db.clock().now();
        let limits = Limits::of(&app, caller.actor()).await?;
        limits.ready(&app, &scope, 1).await?;
        let mut tx = db.tx();
        limits.take_keywords(&mut tx, &app, 1);
        tx.replace(&mut keyword);
        tx.commit().await.map_err(|error| full(&limits, error))?;
        Ok(fetched(keyword))
    }

    /// Values to filter keywords by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/keywords/filter-options",
        method = "get",
        operation_id = "keyword_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Those of one sector.
        sector: Query<Option<SectorId>>,
    ) -> Result<Json<KeywordFilterOptions>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        filter::options(&app.db.site(&scope), sector.0).await.map(Json)
    }

    /// Act on many keywords
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(
        path = "/sites/:site_id/keywords/bulk",
        method = "post",
        operation_id = "keyword_bulk"
    )]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<KeywordBulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        Check::new()
            .that(
                body.action != KeywordAction::Status || body.status.is_some(),
                "status",
                "must be given with this action",
            )
            .that(
                body.action != KeywordAction::AssignCluster || !body.cluster.is_undefined(),
                "cluster",
                "must be given with this action: `null` takes out of the cluster",
            )
            .finish()?;
        let db = app.db.site(&scope);
        let which = if body.action == KeywordAction::Restore {
            Deleted::Only
        } else {
            Deleted::Without
        };
        let now = app.db.clock().now();
        let ids = distinct(&body.ids);
        let mut binds = Variables::new();
        binds.insert("ids", ids.clone());
        let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account;";
        let rows: Vec<Keyword> = db.query(sql, binds, "reading keywords").await?.rows(0)?;
        let mut rows: HashMap<KeywordId, Keyword> = rows
            .into_iter()
            .filter(|k| k.deleted_at.is_some() == (which == Deleted::Only))
            .map(|k| (k.id, k))
            .collect();
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut bulk = Bulk::new();
        for ids in ids.chunks(50) {
            let mut found: Vec<Keyword> = ids.iter().filter_map(|id| rows.remove(id)).collect();
            for keyword in &mut found {
                body.apply(keyword, now);
            }
            let add = |tx: &mut igny8_data::Tx<'_>, keyword: &Keyword| {
                if let Some(cluster) = body.cluster.value().copied()
                    && body.action == KeywordAction::AssignCluster
                {
                    require_clusters(tx, &[cluster], Some(keyword.sector));
                }
                tx.replace(&mut keyword.clone());
            };
            let restores = body.action == KeywordAction::Restore;
            let mut tx = db.tx();
            if restores {
                limits.ready(&app, &scope, found.len()).await?;
                limits.take_keywords(&mut tx, &app, found.len());
            }
            for keyword in &found {
                add(&mut tx, keyword);
            }
            let together = if found.is_empty() {
                true
            } else {
                tx.commit().await.is_ok()
            };
            for id in ids {
                let result = match found.iter().find(|k| k.id == *id) {
                    None => Err(Error::not_found()),
                    Some(_) if together => Ok(()),
                    // One of the batch is refused: find out which.
                    Some(keyword) => {
                        let mut tx = db.tx();
                        if restores {
                            limits.ready(&app, &scope, 1).await?;
                            limits.take_keywords(&mut tx, &app, 1);
                        }
                        add(&mut tx, keyword);
                        tx.commit().await.map(|_| ()).map_err(|error| full(&limits, error))
                    }
                };
                bulk.push(id, result);
            }
        }
        Ok(Json(bulk))
    }
}

impl KeywordBulkIn {
    fn apply(&self, keyword: &mut Keyword, now: chrono::DateTime<chrono::Utc>) {
        match self.action {
            KeywordAction::Delete => {
                keyword.deleted_at = Some(now);
                keyword.text_key = None;
            }
            KeywordAction::Restore => {
                keyword.deleted_at = None;
                keyword.text_key = Some(text_key(&keyword.text));
            }
            KeywordAction::Status => keyword.status = self.status.unwrap_or(keyword.status),
            KeywordAction::AssignCluster => keyword.set_cluster(self.cluster.value().copied()),
            KeywordAction::Disable => keyword.disabled = self.disabled.unwrap_or(true),
        }
        keyword.updated_at = now;
    }
}

fn checked(keyword: &Keyword) -> Result<()> {
    let mut check = Check::new();
    keyword.check(&mut check);
    check.finish()
}

fn fetched(keyword: Keyword) -> Fetched<KeywordOut> {
    let rev = keyword.rev;
    Fetched::new(KeywordOut::from_row(keyword), rev)
}

/// [`taken`], or the plan has no room.
fn full(limits: &Limits, error: DbError) -> Error {
    limits.refused(error).unwrap_or_else(taken)
}

fn taken(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "keyword_text" => {
            Error::duplicate("text", "The sector has this keyword already.")
        }
        error => refused(error),
    }
}
