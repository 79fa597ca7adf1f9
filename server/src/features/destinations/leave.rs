//! The job that empties a destination that was removed here, where its owner wanted that.

use igny8_data::{DbError, Deleted, JobRow, NewJob, RecordKey as _, Select, SiteDb, SurrealValue as _, Write};

use super::model::{Destination, DestinationId, Leaving, Publication, PublicationStatus};
use super::{connect, releases, send, state};
use crate::app::App;
use crate::jobs::{JobContext, JobError};
use crate::publish::{DestinationKind, PublishError, Publisher as _, Receipt};

/// The kind of job.
pub const LEAVE: &str = "leave_destination";

/// Publications looked at together.
const CHUNK: usize = 50;

/// The job for a destination.
pub fn leave_job(destination: DestinationId) -> NewJob {
    NewJob::new(LEAVE, serde_json::json!({ "destination": destination })).attempts(12)
}

/// Takes everything from visitors there, and then forgets the password.
pub async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let id = job.payload["destination"]
        .as_str()
        .and_then(|id| id.parse::<DestinationId>().ok());
    let Some((id, scope)) = id.zip(send::scope_of(&app, &job).await?) else {
        return Ok(serde_json::json!({ "reason": "the site is gone" }));
    };
    let db = app.db.site(&scope);
    let destination = db.get_deleted::<Destination>(id, Deleted::Only).await?;
    let Some(mut destination) = destination.filter(|row| row.leaving == Some(Leaving::Trash) && row.sealed.is_some())
    else {
        return Ok(serde_json::json!({ "reason": "the destination is gone" }));
    };
    if !state::take(&db, id, context.lease()).await? {
        let wait = chrono::Duration::seconds(2);
        return Err(JobError::Later(
            wait,
            "Waiting for the work on this destination that is running.".into(),
        ));
    }
    let removed = match destination.kind {
        DestinationKind::Wordpress => documents(&app, &db, &destination, &context).await?,
        DestinationKind::ObjectStorage => copy(&app, &db, &destination, &context).await?,
    };
    destination.sealed = None;
    let mut tx = db.tx();
    tx.replace(&mut destination);
    tx.commit().await?;
    Ok(serde_json::json!({ "removed": removed }))
}

/// What is in a place that the site goes to again is that copy's: only the password is forgotten then.
async fn copy(
    app: &App,
    db: &SiteDb<'_, Write>,
    destination: &Destination,
    context: &JobContext,
) -> Result<u64, JobError> {
    if let Ok(place) = destination.settings()
        && releases::at_place(db, &place, Some(destination.id)).await?.is_some()
    {
        return Ok(0);
    }
    let removed = releases::empty(app, destination, context).await.map_err(ended)?;
    Ok(removed as u64)
}

async fn documents(
    app: &App,
    db: &SiteDb<'_, Write>,
    destination: &Destination,
    context: &JobContext,
) -> Result<u64, JobError> {
    let id = destination.id;
    let publisher = connect::publisher(app, db, destination).await.map_err(ended)?;
    let mut removed = 0u64;
    let mut after: Option<Publication> = None;
    loop {
        let rows = some(db, id, after.as_ref()).await?;
        let Some(last) = rows.last().cloned() else { break };
        for mut row in rows {
            let place = row.receipt().filter(|_| row.status != PublicationStatus::Removed);
            let Some(place) = place else { continue };
            // Whatever was edited there meanwhile: its owner wants all of it away.
            let receipt = Receipt { remote: None, ..place };
            context.confirm(&app.db).await?;
            match publisher.remove(&receipt).await {
                Ok(()) | Err(PublishError::Fail(_) | PublishError::Gone) => removed += 1,
                Err(error) => return Err(ended(error)),
            }
            send::gone(&mut row, app.db.clock().now());
            let mut tx = db.tx();
            state::guard(&mut tx, id, context.lease());
            tx.replace(&mut row);
            tx.commit().await?;
        }
        context.progress(50.0, format!("{removed} removed"));
        after = Some(last);
    }
    Ok(removed)
}

async fn some(
    db: &SiteDb<'_, Write>,
    destination: DestinationId,
    after: Option<&Publication>,
) -> Result<Vec<Publication>, DbError> {
    let mut select = Select::new().equals("destination", destination).limit(CHUNK);
    if let Some(after) = after {
        select = select.after(after.id.key().into_value(), after.id);
    }
    db.list(select).await
}

/// How a job ends for which a destination failed.
pub(super) fn ended(error: PublishError) -> JobError {
    match error {
        PublishError::Retry {
            why,
            after: Some(after),
        } => JobError::Later(
            chrono::Duration::from_std(after).unwrap_or(chrono::Duration::hours(1)),
            why,
        ),
        PublishError::Retry { why, .. } => JobError::Retry(why),
        error => JobError::Fail(error.to_string()),
    }
}
