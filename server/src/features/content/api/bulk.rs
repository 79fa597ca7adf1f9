//! One action on many pieces of content.

use std::collections::HashMap;

use igny8_data::{Deleted, Manage, SiteId, SiteScope, SurrealValue, Variables, Write};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};

use super::filter::Filter;
use crate::api::bulk::{Bulk, distinct};
use crate::api::{Caller, Error, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::content::approval::Own;
use crate::features::content::batch::Readiness;
use crate::features::content::model::{Content, ContentId, ContentSummary, Status};
use crate::features::content::readiness::Missing;
use crate::features::content::{batch, publish};
use crate::features::planner::{ClusterId, ClusterRole};
use crate::features::taxonomy::{TermId, TermsMode};

/// Rows one bulk action changes at most when it is told by a filter.
const MOST: usize = 10_000;

/// What to do to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ContentBulkAction", rename_all = "snake_case")]
pub enum Action {
    Delete,
    Restore,
    /// Set `status`.
    Status,
    /// Set `cluster` and `cluster_role`; with `null`, take it out.
    AssignCluster,
    /// Change the terms by `terms` and `terms_mode`.
    AssignTerms,
}

/// An action, and on what: some ids, or all that fulfil a filter.
#[derive(Debug, Object)]
#[oai(rename = "ContentBulk", deny_unknown_fields)]
pub struct BulkIn {
    pub action: Action,
    /// At most 200.
    #[oai(validator(max_items = 200))]
    pub ids: Option<Vec<ContentId>>,
    /// Instead of ids: at most 10000 pieces, else nothing is done. It must have a condition.
    pub filter: Option<Filter>,
    pub status: Option<Status>,
    /// Publish although something is missing, or take from published content what it needs; for admins.
    pub force: Option<bool>,
    /// With `assign_cluster`: it must be there, with `null` to take out.
    #[oai(nullable)]
    pub cluster: MaybeUndefined<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    #[oai(validator(max_items = 100))]
    pub terms: Option<Vec<TermId>>,
    pub terms_mode: Option<TermsMode>,
}

pub struct BulkApi;

#[OpenApi(tag = "Tag::Content")]
impl BulkApi {
    /// Act on many pieces of content
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(
        path = "/sites/:site_id/content/bulk",
        method = "post",
        operation_id = "content_bulk"
    )]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<BulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let force = body.force == Some(true);
        if force {
            let _ = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        }
        check(&body)?;
        let which = if body.action == Action::Restore {
            Deleted::Only
        } else {
            Deleted::Without
        };
        let ids = match (&body.ids, &body.filter) {
            (Some(ids), _) => distinct(ids),
            (None, Some(filter)) => matching(&app, &scope, filter, which).await?,
            (None, None) => Vec::new(),
        };
        let mut bulk = Bulk::new();
        let publishes = body.action == Action::Status && body.status == Some(Status::Published);
        if publishes && !force {
            // Readiness needs a look at each one's terms, so these go one by one.
            for id in ids {
                bulk.push(id, publish_one(&app, &scope, id).await);
            }
            return Ok(Json(bulk));
        }
        let approves = body.action == Action::Status && body.status == Some(Status::Approved);
        let own = if approves {
            own(&caller, &app, &scope, &ids).await?
        } else {
            Own::default()
        };
        let now = app.db.clock().now();
        let terms = body.terms.clone().unwrap_or_default();
        let change = move |content: &mut Content| -> Result<()> {
            match body.action {
                Action::Delete => content.deleted_at = Some(now),
                Action::Restore => content.deleted_at = None,
                Action::Status => {
                    if approves && content.status != Status::Approved {
                        own.check(content)?;
                    }
                    publish::set_status(content, body.status.unwrap_or(Status::Draft), now)?;
                }
                Action::AssignCluster => {
                    content.cluster = body.cluster.value().copied();
                    content.cluster_role = body.cluster_role;
                }
                Action::AssignTerms => {
                    body.terms_mode.unwrap_or_default().apply(&mut content.terms, &terms);
                    let mut check = crate::api::validate::Check::new();
                    content.check(&mut check);
                    check.finish()?;
                }
            }
            Ok(())
        };
        if !publishes {
            let readiness = if force {
                Readiness::WaivedBy(&from.0)
            } else {
                Readiness::Kept
            };
            for (id, result) in batch::each_ready(&app, &scope, &ids, which, &change, readiness).await? {
                bulk.push(id, result);
            }
            return Ok(Json(bulk));
        }
        // What is waived is put on record piece by piece as it is done, not as it was asked for.
        for some in ids.chunks(batch::BATCH) {
            let mut lacking = lacking(&app, &scope, some).await?;
            let results = batch::each(&app, &scope, some, which, &change).await?;
            let mut tx = app.db.site(&scope).tx();
            let mut waived = false;
            for (id, result) in results {
                if let Some(missing) = lacking.remove(&id).filter(|_| result.is_ok()) {
                    publish::record_waiver(&mut tx, id, missing, &from.0);
                    waived = true;
                }
                bulk.push(id, result);
            }
            if waived {
                tx.commit().await?;
            }
        }
        Ok(Json(bulk))
    }
}

fn check(body: &BulkIn) -> Result<()> {
    let mut check = crate::api::validate::Check::new();
    check
        .that(
            body.ids.is_some() != body.filter.is_some(),
            "ids",
            "or filter must be given, and not both",
        )
        .that(
            body.action != Action::Status || body.status.is_some(),
            "status",
            "must be given with this action",
        )
        .that(
            body.action != Action::AssignCluster || !body.cluster.is_undefined(),
            "cluster",
            "must be given with this action: `null` takes out of the cluster",
        )
        .that(
            body.action != Action::AssignTerms || body.terms.is_some(),
            "terms",
            "must be given with this action",
        )
        .that(
            body.cluster.value().is_some() || body.cluster_role.is_none(),
            "cluster_role",
            "needs a cluster",
        );
    if let Some(filter) = &body.filter {
        let restores = body.action == Action::Restore;
        check
            .that(
                filter.narrows() || (restores && filter.deleted == Some(true)),
                "filter",
                "must have a condition: an empty one would mean all content of the site",
            )
            .that(
                restores || filter.deleted != Some(true),
                "filter.deleted",
                "goes with `restore` only: other actions leave deleted content alone",
            );
    }
    check.finish()
}

/// The ids a filter means.
async fn matching(app: &App, scope: &SiteScope<Write>, filter: &Filter, which: Deleted) -> Result<Vec<ContentId>> {
    let select = filter.select().deleted(which).columns(ContentSummary::COLUMNS);
    let mut ids = Vec::new();
    if let Some(found) = filter.found(app, scope, which).await? {
        for some in found.as_typed().chunks(500) {
            let select = select.clone().among(some);
            let rows = app.db.site(scope).list::<ContentSummary>(select).await?;
            ids.extend(rows.iter().map(|row| row.id));
        }
        if ids.len() > MOST {
            return Err(too_many());
        }
        return Ok(ids);
    }
    let mut last: Option<ContentId> = None;
    loop {
        let mut page = select.clone().limit(500);
        if let Some(last) = last {
            page = page.after(igny8_data::Value::None, last);
        }
        let rows = app.db.site(scope).list::<ContentSummary>(page).await?;
        ids.extend(rows.iter().map(|row| row.id));
        if ids.len() > MOST {
            return Err(too_many());
        }
        match rows.last() {
            Some(row) if rows.len() == 500 => last = Some(row.id),
            _ => return Ok(ids),
        }
    }
}

fn too_many() -> Error {
    let message = format!("fits more than {MOST} pieces; narrow it");
    Error::invalid(vec![FieldError::new("filter", message)])
}

/// What each of these pieces lacks that is not published and not ready.
async fn lacking(app: &App, scope: &SiteScope<Write>, ids: &[ContentId]) -> Result<HashMap<ContentId, Vec<Missing>>> {
    let db = app.db.site(scope);
    let mut rows = batch::read(app, scope, ids, Deleted::Without).await?;
    rows.retain(|row| row.status != Status::Published);
    let missing = publish::missing_of(&db, &rows).await?;
    let of = rows.iter().map(|row| row.id).zip(missing);
    Ok(of.filter(|(_, missing)| !missing.is_empty()).collect())
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Piece {
    id: ContentId,
    revision: i64,
}

/// Those of these pieces that the caller wrote last and may not approve.
async fn own(caller: &Caller, app: &App, scope: &SiteScope<Write>, ids: &[ContentId]) -> Result<Own> {
    let db = app.db.site(scope);
    let mut binds = Variables::new();
    binds.insert("ids", ids.to_vec());
    // By record id: one look-up each.
    let sql = "SELECT id, revision FROM $ids WHERE site = $site AND account = $account;";
    let rows: Vec<Piece> = db.query(sql, binds, "reading revisions of content").await?.rows(0)?;
    let pieces: Vec<_> = rows.into_iter().map(|row| (row.id, row.revision)).collect();
    Own::of(caller, app, &db, scope.site(), &pieces).await
}

async fn publish_one(app: &App, scope: &SiteScope<Write>, id: ContentId) -> Result<()> {
    let db = app.db.site(scope);
    let content = db.get::<Content>(id).await?.ok_or_else(Error::not_found)?;
    let missing = publish::missing(&db, &content).await?;
    if !missing.is_empty() {
        return Err(publish::not_ready(missing));
    }
    let (rev, now) = (content.rev, app.db.clock().now());
    let change = move |content: &mut Content| {
        if content.rev == rev {
            publish::set_status(content, Status::Published, now)
        } else {
            Err(Error::stale(Some(content.rev)))
        }
    };
    let results = batch::each(app, scope, &[id], Deleted::Without, &change).await?;
    results.into_iter().next().map_or(Ok(()), |(_, result)| result)
}
