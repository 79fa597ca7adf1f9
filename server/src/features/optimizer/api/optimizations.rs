//! Rewrites of content: look at, apply, undo, dismiss.

use igny8_data::{Access, DbError, Read, Select, SiteDb, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::objects::{ChangeOut, MergedBody, OptimizationOut, SectionConflict, SummaryOut};
use super::scores::of_row;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, FieldError, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::api::{ContentOut, for_write, waived_by, write_failed};
use crate::features::content::{Content, ContentId, Reason, compare, publish, save};
use crate::features::optimizer::model::{FIELDS, Fields, OptimizationStatus, OptimizationSummary};
use crate::features::optimizer::proposal::{Brought, bring};
use crate::features::optimizer::{Optimization, OptimizationId, text};

/// How a rewrite is applied or undone.
#[derive(Debug, Default, Object)]
#[oai(rename = "OptimizationDecision", deny_unknown_fields)]
pub struct DecisionIn {
    /// Although people changed fields since: what they wrote stays, and the rest is taken over.
    pub merge: Option<bool>,
    /// Although published content loses what it needs with it; for admins.
    pub force: Option<bool>,
}

/// A rewrite that was applied or undone, and what became of its content.
#[derive(Debug, Object)]
#[oai(rename = "OptimizationOutcome", skip_serializing_if_is_none)]
pub struct OutcomeOut {
    pub optimization: SummaryOut,
    pub content: ContentOut,
    /// Fields that people had changed, and that are theirs still but for untouched sections of a body.
    pub moved: Vec<String>,
    pub merged: Option<MergedBody>,
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct OptimizationsApi;

#[OpenApi(tag = "Tag::Optimizer")]
impl OptimizationsApi {
    /// List rewrites of content
    ///
    /// The AI function `optimize_content` makes them. They change nothing until somebody applies them.
    #[oai(
        path = "/sites/:site_id/content/:content_id/optimizations",
        method = "get",
        operation_id = "optimization_list"
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
        /// `created_at`, or `-created_at` for the newest first, as without it.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<OptimizationStatus>>,
    ) -> Result<Json<Page<SummaryOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let page = PageRequest::new(
            &app.db,
            &format!("optimizations|{}|{}|{:?}", site_id.0, content_id.0, status.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = Select::new()
            .equals("content", content_id.0)
            .equals_some("status", status.0);
        let columns = OptimizationSummary::COLUMNS;
        let list = page.list::<OptimizationSummary>(&db, select.columns(columns)).await?;
        Ok(Json(list.page(SummaryOut::from_row)))
    }

    /// Read a rewrite
    ///
    /// With what it changes, word by word, and what people changed since.
    #[oai(
        path = "/sites/:site_id/content/:content_id/optimizations/:optimization_id",
        method = "get",
        operation_id = "optimization_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        optimization_id: Path<OptimizationId>,
    ) -> Result<Json<OptimizationOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let row = optimization(&db, content_id.0, optimization_id.0).await?;
        let out = text::computed(&app, move || {
            let (from, to) = match row.status {
                OptimizationStatus::Applied => (row.became.as_ref(), row.replaced.as_ref()),
                OptimizationStatus::Proposed => (Some(&row.before), Some(&row.after)),
                OptimizationStatus::Undone | OptimizationStatus::Dismissed => (None, None),
            };
            let brought = from
                .zip(to)
                .map(|(from, to)| bring(&content, from, to, row.body_format))
                .unwrap_or_default();
            let changes = FIELDS.into_iter().filter_map(|name| {
                let (before, after) = (row.before.get(name)?.clone(), row.after.get(name)?.clone());
                Some(ChangeOut {
                    difference: compare::compare(&before, &after),
                    field: name.to_owned(),
                    before,
                    after,
                })
            });
            OptimizationOut {
                optimization: SummaryOut::from_full(&row),
                changes: changes.collect(),
                content_etag: etag::of(content.rev),
                moved: brought.moved.iter().map(|name| (*name).to_owned()).collect(),
                merged: merged(brought),
            }
        });
        Ok(Json(out.await?))
    }

    /// Apply a rewrite
    ///
    /// 412 with the code `optimization_stale` when people changed its fields since: `merge` keeps what they wrote and takes
    /// over the rest, section by section of a Markdown body. What takes from published content what it needs
    /// (`content_readiness`) is refused; an admin may force it.
    #[oai(
        path = "/sites/:site_id/content/:content_id/optimizations/:optimization_id/apply",
        method = "post",
        operation_id = "optimization_apply"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn apply(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        optimization_id: Path<OptimizationId>,
        /// ETag of the version of the content the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<DecisionIn>,
    ) -> Result<Fetched<OutcomeOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = optimization(&db, content_id.0, optimization_id.0).await?;
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        if row.status != OptimizationStatus::Proposed {
            return Err(Error::conflict(
                "not_proposed",
                "It was applied, undone or dismissed before. Ask for a new rewrite.",
            ));
        }
        let waived_by = waived_by(&caller, &app, site_id.0, body.0.force, &from).await?;
        let brought = brought(&app, &old, row.before.clone(), row.after.clone(), &row).await?;
        allowed(&brought, body.0.merge, old.rev)?;
        if brought.fields.is_empty() && !brought.is_whole() {
            return Err(Error::conflict(
                "nothing_to_apply",
                "People changed everything that it changes: nothing of it is left to take over. Dismiss it.",
            ));
        }
        let mut new = old.clone();
        brought.fields.apply(&mut new);
        let mut check = Check::new();
        new.check(&mut check);
        check.finish()?;
        let lost = publish::lost(&db, &[(&old, &new)]).await?.pop().unwrap_or_default();
        let mut tx = db.tx();
        publish::keep_ready(&mut tx, new.id, lost, waived_by)?;
        let before = text::scored(&app, of_row(&app, &db, old.clone()).await?).await?;
        let after = text::scored(&app, of_row(&app, &db, new.clone()).await?).await?;
        let names = brought.fields.names();
        save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited);
        row.status = OptimizationStatus::Applied;
        (row.replaced, row.became) = (Some(Fields::of(&old, &names)), Some(Fields::of(&new, &names)));
        (row.score_before, row.score_after) = (i64::from(before.score), i64::from(after.score));
        (row.applied_at, row.applied_rev) = (Some(app.db.clock().now()), Some(new.rev));
        row.decided_by = Some(caller.actor().who().to_string());
        tx.replace(&mut row);
        if let Err(error) = tx.commit().await {
            return Err(decided_meanwhile(&db, &old, &row, error).await);
        }
        Ok(outcome(&row, new, brought))
    }

    /// Undo a rewrite
    ///
    /// Gives the fields that it changed their former values. 412 with the code `optimization_stale` when people changed them
    /// since: `merge` leaves what they wrote, and 409 says when that cannot be told apart. What takes from published content
    /// what it needs is refused as in applying.
    #[oai(
        path = "/sites/:site_id/content/:content_id/optimizations/:optimization_id/undo",
        method = "post",
        operation_id = "optimization_undo"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn undo(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        optimization_id: Path<OptimizationId>,
        /// ETag of the version of the content the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<DecisionIn>,
    ) -> Result<Fetched<OutcomeOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = optimization(&db, content_id.0, optimization_id.0).await?;
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let (OptimizationStatus::Applied, Some(became), Some(replaced)) =
            (row.status, row.became.clone(), row.replaced.clone())
        else {
            return Err(Error::conflict(
                "not_applied",
                "It is not applied, so there is nothing to undo.",
            ));
        };
        let waived_by = waived_by(&caller, &app, site_id.0, body.0.force, &from).await?;
        let brought = brought(&app, &old, became, replaced, &row).await?;
        allowed(&brought, body.0.merge, old.rev)?;
        // Undone half, nobody could tell what the rest is; a person compares the revisions then.
        let stuck = brought.moved.contains(&"body") && (brought.fields.body.is_none() || !brought.conflicts.is_empty());
        if stuck || (brought.fields.is_empty() && !brought.is_whole()) {
            return Err(Error::conflict(
                "edited_since",
                "What it changed was edited since, so it cannot be taken out. Compare the revisions and restore or edit by hand.",
            ));
        }
        let mut new = old.clone();
        brought.fields.apply(&mut new);
        let mut check = Check::new();
        new.check(&mut check);
        check.finish()?;
        let lost = publish::lost(&db, &[(&old, &new)]).await?.pop().unwrap_or_default();
        let mut tx = db.tx();
        publish::keep_ready(&mut tx, new.id, lost, waived_by)?;
        row.status = OptimizationStatus::Undone;
        row.ended_at = Some(app.db.clock().now());
        row.decided_by = Some(caller.actor().who().to_string());
        save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited);
        tx.replace(&mut row);
        if let Err(error) = tx.commit().await {
            return Err(decided_meanwhile(&db, &old, &row, error).await);
        }
        Ok(outcome(&row, new, brought))
    }

    /// Dismiss a rewrite
    ///
    /// It changes nothing then, and cannot be applied any more.
    #[oai(
        path = "/sites/:site_id/content/:content_id/optimizations/:optimization_id/dismiss",
        method = "post",
        operation_id = "optimization_dismiss"
    )]
    async fn dismiss(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        optimization_id: Path<OptimizationId>,
    ) -> Result<Json<SummaryOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let mut row = optimization(&db, content_id.0, optimization_id.0).await?;
        match row.status {
            OptimizationStatus::Dismissed => return Ok(Json(SummaryOut::from_full(&row))),
            OptimizationStatus::Proposed => {}
            OptimizationStatus::Applied | OptimizationStatus::Undone => {
                return Err(Error::conflict(
                    "not_proposed",
                    "It was applied already. Undo it instead.",
                ));
            }
        }
        row.status = OptimizationStatus::Dismissed;
        row.ended_at = Some(app.db.clock().now());
        row.decided_by = Some(caller.actor().who().to_string());
        let mut tx = db.tx();
        tx.replace(&mut row);
        match tx.commit().await {
            Ok(_) => Ok(Json(SummaryOut::from_full(&row))),
            Err(DbError::Stale) => Err(Error::conflict(
                "decided_meanwhile",
                "Somebody decided about it at this moment. Read it again.",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// A rewrite of this content.
async fn optimization<A: Access>(db: &SiteDb<'_, A>, content: ContentId, id: OptimizationId) -> Result<Optimization> {
    let found = db.get::<Optimization>(id).await?;
    found.filter(|row| row.content == content).ok_or_else(Error::not_found)
}

async fn brought(app: &App, content: &Content, from: Fields, to: Fields, row: &Optimization) -> Result<Brought> {
    let (content, format) = (content.clone(), row.body_format);
    text::computed(app, move || bring(&content, &from, &to, format)).await
}

/// Refuses what would leave out changes of people, unless they are to be brought together.
fn allowed(brought: &Brought, merge: Option<bool>, rev: i64) -> Result<()> {
    if brought.is_whole() || merge == Some(true) {
        return Ok(());
    }
    let mut error = Error::stale(Some(rev));
    if let Error::PreconditionFailed(Json(problem)) = &mut error {
        "optimization_stale".clone_into(&mut problem.code);
        "People changed these fields since. Send `merge: true` to keep what they wrote and take over the rest; reading the \
         rewrite shows what that gives."
            .clone_into(&mut problem.detail);
        let moved = brought.moved.iter();
        problem.errors = moved.map(|name| FieldError::new(*name, "was changed since")).collect();
    }
    Err(error)
}

/// What a failed commit means: the content was changed, or somebody decided about the rewrite.
async fn decided_meanwhile<A: Access>(db: &SiteDb<'_, A>, old: &Content, row: &Optimization, error: DbError) -> Error {
    if matches!(error, DbError::Stale)
        && let Ok(Some(now)) = db.get::<Optimization>(row.id).await
        && now.rev + 1 != row.rev
    {
        return Error::conflict(
            "decided_meanwhile",
            "Somebody decided about it at this moment. Read it again.",
        );
    }
    write_failed(db, old, old.rev, error).await
}

fn outcome(row: &Optimization, content: Content, brought: Brought) -> Fetched<OutcomeOut> {
    let rev = content.rev;
    let out = OutcomeOut {
        optimization: SummaryOut::from_full(row),
        content: ContentOut::from_row(content),
        moved: brought.moved.iter().map(|name| (*name).to_owned()).collect(),
        merged: merged(brought),
    };
    Fetched::new(out, rev)
}

/// How a body was brought together, if it was.
fn merged(brought: Brought) -> Option<MergedBody> {
    brought.moved.contains(&"body").then(|| MergedBody {
        body: brought.fields.body,
        kept: brought.kept,
        left_out: brought.left_out,
        conflicts: brought
            .conflicts
            .into_iter()
            .map(|conflict| SectionConflict {
                section: conflict.section,
                new: conflict.new,
            })
            .collect(),
    })
}
