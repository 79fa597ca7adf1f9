//! What became of content at destinations.

use std::collections::BTreeSet;

use igny8_data::{AuditEvent, Deleted, JobPriority, Read, Select, SiteDb, SiteId, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::destinations::{found as destination_of, take_up};
use super::objects::{ConflictField, ConflictOut, PublicationOut, ResolveIn, RetriedOut, RetryIn, Side};
use crate::api::{Caller, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::compare::compare;
use crate::features::content::{Content, ContentId};
use crate::features::destinations::conflict::{self, AsSent};
use crate::features::destinations::model::{Destination, DestinationId, Publication, PublicationId, PublicationStatus};
use crate::features::destinations::send;
use crate::features::sites::Site;
use crate::publish::{PublishError, RemoteCopy};

const SORTS: &[SortField] = &[SortField::same("updated_at")];

/// Publications tried again by name in one request.
const MOST: usize = 200;

pub struct PublicationsApi;

#[OpenApi(tag = "Tag::Publishing")]
impl PublicationsApi {
    /// List what became of content at destinations
    #[oai(
        path = "/sites/:site_id/publications",
        method = "get",
        operation_id = "publication_list"
    )]
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
        /// `updated_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        destination: Query<Option<DestinationId>>,
        content: Query<Option<ContentId>>,
        status: Query<Option<PublicationStatus>>,
    ) -> Result<Json<Page<PublicationOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = format!(
            "publications|{}|{:?}|{:?}|{:?}",
            scope.site(),
            destination.0.map(|id| id.to_string()),
            content.0.map(|id| id.to_string()),
            status.0
        );
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-updated_at",
        )?;
        let select = Select::new()
            .equals_some("destination", destination.0)
            .equals_some("content", content.0)
            .equals_some("status", status.0);
        let db = app.db.site(&scope);
        let list = page.list::<Publication>(&db, select).await?;
        Ok(Json(list.page(PublicationOut::from)))
    }

    /// Read what became of content at a destination
    #[oai(
        path = "/sites/:site_id/publications/:publication_id",
        method = "get",
        operation_id = "publication_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        publication_id: Path<PublicationId>,
    ) -> Result<Fetched<PublicationOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = found(&app.db.site(&scope), publication_id.0).await?;
        let rev = row.rev;
        Ok(Fetched::new(row.into(), rev))
    }

    /// Compare both sides of a conflict
    #[oai(
        path = "/sites/:site_id/publications/:publication_id/conflict",
        method = "get",
        operation_id = "publication_conflict"
    )]
    async fn conflict(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        publication_id: Path<PublicationId>,
    ) -> Result<Json<ConflictOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = found(&db, publication_id.0).await?;
        let theirs = row.conflicting().ok_or_else(no_conflict)?;
        // Deleted here and edited there is a conflict, too.
        let ours = db.get_deleted::<Content>(row.content, Deleted::With).await?;
        let ours = ours.ok_or_else(Error::not_found)?;
        let account = caller.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(scope.site()).await?;
        let site = site.ok_or_else(Error::not_found)?;
        let sent = match db.get::<Destination>(row.destination).await? {
            Some(destination) => Box::pin(conflict::as_sent(&app, &scope, &site, &destination, (&ours, &row))).await?,
            None => AsSent::default(),
        };
        let publication = row.id;
        let compared = tokio::task::spawn_blocking(move || differing(&row, &ours, &sent, theirs)).await;
        let (theirs, fields) = compared.map_err(Error::internal)?;
        Ok(Json(ConflictOut {
            publication,
            modified: theirs.modified,
            external_status: theirs.status,
            external_url: theirs.url,
            fields,
        }))
    }

    /// End a conflict
    ///
    /// With `ours`, what is here goes there, in the parts that were changed on either side. With `theirs`, what is there comes
    /// here, and what was here stays as a revision. To bring both together, edit what is here first and then keep `ours`.
    #[oai(
        path = "/sites/:site_id/publications/:publication_id/resolve",
        method = "post",
        operation_id = "publication_resolve"
    )]
    async fn resolve(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        publication_id: Path<PublicationId>,
        body: Json<ResolveIn>,
    ) -> Result<Fetched<PublicationOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = found(&db, publication_id.0).await?;
        let theirs = row.conflicting().ok_or_else(no_conflict)?;
        let destination = destination_of(&db, row.destination).await?;
        match body.0.keep {
            Side::Ours => {
                row.keep_ours(theirs, app.db.clock().now());
                let mut tx = db.tx();
                tx.replace(&mut row)
                    .enqueue(send::publish_job(destination.id).priority(JobPriority::High));
                tx.audit(
                    AuditEvent::new("publication.resolved", row.id, &from.0)
                        .detail(serde_json::json!({ "keep": "ours" })),
                );
                tx.commit().await?;
            }
            Side::Theirs => {
                if db.get::<Content>(row.content).await?.is_none() {
                    return Err(Error::conflict(
                        "deleted_here",
                        "The content was deleted here. Restore it first, or keep `ours` to take it away there as well.",
                    ));
                }
                let taken = crate::features::destinations::inbound::take_theirs(&app, &scope, &destination, &row).await;
                taken.map_err(|error| match error {
                    PublishError::Retry { why, .. } => Error::unavailable(why),
                    error => Error::conflict("cannot_take_theirs", error.to_string()),
                })?;
                let mut tx = db.tx();
                tx.audit(
                    AuditEvent::new("publication.resolved", row.id, &from.0)
                        .detail(serde_json::json!({ "keep": "theirs" })),
                );
                tx.commit().await?;
                row = found(&db, row.id).await?;
            }
        }
        let rev = row.rev;
        Ok(Fetched::new(row.into(), rev))
    }

    /// Try a publication again
    #[oai(
        path = "/sites/:site_id/publications/:publication_id/retry",
        method = "post",
        operation_id = "publication_retry"
    )]
    async fn retry(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        publication_id: Path<PublicationId>,
    ) -> Result<Fetched<PublicationOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = found(&db, publication_id.0).await?;
        if !matches!(row.status, PublicationStatus::Failed | PublicationStatus::Pending) {
            return Err(Error::conflict(
                "not_failed",
                "It did not fail, so there is nothing to try again.",
            ));
        }
        again(&mut row, app.db.clock().now());
        let mut tx = db.tx();
        tx.replace(&mut row)
            .enqueue(send::publish_job(row.destination).priority(JobPriority::High));
        tx.commit().await?;
        let rev = row.rev;
        Ok(Fetched::new(row.into(), rev))
    }

    /// Try publications again
    ///
    /// Those that are named, or all that failed at a destination. What did not fail is left alone.
    #[oai(
        path = "/sites/:site_id/publications/retry",
        method = "post",
        operation_id = "publication_retry_many"
    )]
    async fn retry_many(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<RetryIn>,
    ) -> Result<Json<RetriedOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(body) = body;
        let mut check = crate::api::validate::Check::new();
        check.that(
            body.publications.len() <= MOST,
            "publications",
            format!("must be at most {MOST}"),
        );
        check.that(
            body.publications.is_empty() == body.destination.is_some(),
            "publications",
            "or a destination must be named, and not both",
        );
        check.finish()?;
        let failed = Select::new().equals("status", PublicationStatus::Failed);
        let now = app.db.clock().now();
        if let Some(destination) = body.destination {
            let destination = destination_of(&db, destination).await?;
            let queued = db
                .count::<Publication>(failed.equals("destination", destination.id))
                .await?;
            let mut tx = db.tx();
            take_up(&mut tx, destination.id, now);
            tx.enqueue(send::publish_job(destination.id).priority(JobPriority::High));
            tx.commit().await?;
            return Ok(Json(RetriedOut {
                queued: u32::try_from(queued).unwrap_or(u32::MAX),
            }));
        }
        let mut rows: Vec<Publication> = db.list(failed.one_of("id", body.publications)).await?;
        rows.iter_mut().for_each(|row| again(row, now));
        let destinations: BTreeSet<DestinationId> = rows.iter().map(|row| row.destination).collect();
        let mut tx = db.tx();
        tx.replace_all(&mut rows);
        for destination in destinations {
            tx.enqueue(send::publish_job(destination).priority(JobPriority::High));
        }
        if !rows.is_empty() {
            tx.commit().await?;
        }
        Ok(Json(RetriedOut {
            queued: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        }))
    }
}

async fn found<A: igny8_data::Access>(db: &SiteDb<'_, A>, id: PublicationId) -> Result<Publication> {
    db.get::<Publication>(id).await?.ok_or_else(Error::not_found)
}

fn again(row: &mut Publication, now: chrono::DateTime<chrono::Utc>) {
    row.status = PublicationStatus::Pending;
    (row.attempts, row.retry_at) = (0, None);
    (row.error, row.failed_rev) = (None, None);
    row.updated_at = now;
}

fn no_conflict() -> Error {
    Error::conflict("no_conflict", "Both sides agree: there is no conflict to look at.")
}

fn differing(
    publication: &Publication,
    ours: &Content,
    sent: &AsSent,
    theirs: RemoteCopy,
) -> (RemoteCopy, Vec<ConflictField>) {
    // Ends of lines are no difference, and no space around a text.
    let lines = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let fields = conflict::differing(publication, ours, sent, &theirs)
        .into_iter()
        .map(|one| ConflictField {
            field: one.field.to_owned(),
            difference: compare(&lines(one.as_sent.as_deref().unwrap_or(&one.ours)), &lines(&one.theirs)),
            ours: one.ours,
            ours_as_sent: one.as_sent,
            theirs: one.theirs,
            changed_here: one.changed_here,
            changed_there: one.changed_there,
        })
        .collect();
    (theirs, fields)
}
