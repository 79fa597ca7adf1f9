//! The job that empties a destination that was removed here, where its owner wanted that.
//!
//! A place in object storage that the site goes to again is no longer this job's: while it works, it looks for that before each
//! request that removes something; and the first copy to come there waits for it to see that, or lets nothing be left to do
//! ([`settle`]). So it never removes what came after it.
//!
//! A WordPress site that is connected again while this job takes something away: publishing waits for it to see that, and then brings
//! back what it took.
//!
//! What WordPress refuses to remove is still there for visitors: the password is kept then, and the job tells what is left.

use std::time::Instant;

use igny8_data::queue::Lease;
use igny8_data::{DbError, Deleted, JobRow, NewJob, RecordKey as _, Select, SiteDb, SurrealValue as _, Write};

use super::model::{
    BINNED, Destination, DestinationId, Direction, Leaving, Publication, PublicationStatus, SyncResult,
};
use super::{connect, releases, send, state};
use crate::app::App;
use crate::jobs::{JobContext, JobError};
use crate::publish::object_storage::ObjectStorageSettings;
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
    if let Some(wait) = state::pause(&db, id).await? {
        return Err(JobError::Later(wait, "The site asked to come back later.".into()));
    }
    if !state::take(&db, id, context.lease()).await? {
        return Err(state::busy());
    }
    let done = match destination.kind {
        DestinationKind::Wordpress => {
            let begun = Instant::now();
            let done = documents(&app, &db, &destination, &context).await?;
            if let Some(why) = done.problem() {
                let noted = state::Noted {
                    what: "leave",
                    direction: Direction::Out,
                    result: SyncResult::Partly,
                    message: why.clone(),
                    counts: serde_json::json!({ "removed": done.removed, "left": done.left }),
                    took: begun.elapsed(),
                };
                let mut tx = db.tx();
                state::guard(&mut tx, id, context.lease());
                state::note(&app.db, &mut tx, &destination, noted);
                tx.commit().await?;
                return Err(JobError::Fail(why));
            }
            serde_json::json!({ "removed": done.removed })
        }
        DestinationKind::ObjectStorage => match releases::empty(&app, &db, &destination, &context).await? {
            Some(removed) => serde_json::json!({ "removed": removed }),
            None => serde_json::json!({ "reason": "the site goes to this place again: what is there is that copy's" }),
        },
    };
    forget(&db, &mut destination).await?;
    Ok(done)
}

/// Forgets the password: nothing is left to do there.
async fn forget(db: &SiteDb<'_, Write>, destination: &mut Destination) -> Result<(), DbError> {
    destination.sealed = None;
    let mut tx = db.tx();
    tx.replace(destination);
    tx.commit().await?;
    Ok(())
}

/// For the copy that begins in a place: nothing that is left to do there is done any more. False while it is being done, until
/// that job sees the site there again.
///
/// # Errors
/// When the database fails.
pub async fn settle(db: &SiteDb<'_, Write>, place: &ObjectStorageSettings) -> Result<bool, DbError> {
    let mut left: Vec<Destination> = db.list(Select::new().deleted(Deleted::Only)).await?;
    left.retain(|row| {
        let there = row.settings::<ObjectStorageSettings>();
        row.kind == DestinationKind::ObjectStorage
            && row.leaving == Some(Leaving::Trash)
            && row.sealed.is_some()
            && there.is_ok_and(|there| there.is_same_place(place))
    });
    for mut row in left {
        if let Some(state) = state::of(db, row.id).await?
            && state::is_worked_on(db, &state).await?
        {
            return Ok(false);
        }
        forget(db, &mut row).await?;
    }
    Ok(true)
}

/// What became of the documents there.
#[derive(Default)]
struct Emptied {
    removed: u64,
    left: u64,
    /// Why the first of those that are left is.
    why: Option<String>,
}

impl Emptied {
    fn problem(&self) -> Option<String> {
        let why = self.why.as_ref()?;
        Some(format!(
            "{} removed; {} still there for visitors, since WordPress does not let us remove them: {why} Give the user whose \
             password is used here the rights of an editor again and retry this job, or delete them in WordPress.",
            self.removed, self.left
        ))
    }
}

async fn documents(
    app: &App,
    db: &SiteDb<'_, Write>,
    destination: &Destination,
    context: &JobContext,
) -> Result<Emptied, JobError> {
    let id = destination.id;
    let publisher = connect::publisher(app, db, destination).await.map_err(ended)?;
    let mut done = Emptied::default();
    let mut after: Option<Publication> = None;
    loop {
        let rows = some(db, id, after.as_ref()).await?;
        let Some(last) = rows.last().cloned() else { break };
        for mut row in rows {
            let place = row.receipt().filter(|_| row.status != PublicationStatus::Removed);
            let Some(place) = place else { continue };
            // Whatever was edited there meanwhile: its owner wants all of it away.
            let receipt = Receipt { remote: None, ..place };
            let before = (row.status, row.external_status.clone());
            context.confirm(&app.db).await?;
            about_to_remove(db, &mut row, context.lease()).await?;
            let now = app.db.clock().now();
            match publisher.remove(&receipt).await {
                Err(PublishError::Fail(why)) if publisher.shows(&receipt) => {
                    (row.status, row.external_status) = before;
                    (row.error, row.updated_at) = (Some(why.clone()), now);
                    done.left += 1;
                    done.why.get_or_insert(why);
                }
                // Of a type that is shown to nobody any more, nothing can be removed either.
                Ok(()) | Err(PublishError::Fail(_) | PublishError::Gone) => {
                    send::gone(&mut row, now);
                    done.removed += 1;
                }
                Err(error) => return Err(ended(error)),
            }
            let mut tx = db.tx();
            state::guard(&mut tx, id, context.lease());
            tx.replace(&mut row);
            tx.commit().await.map_err(state::unwritten)?;
        }
        context.progress(50.0, format!("{} removed", done.removed));
        after = Some(last);
    }
    Ok(done)
}

/// Writes down that it goes to the bin: so whatever happens in between, whoever connects the site again finds it there as something
/// that we took away, and brings it back. Nothing is written where the site is connected already.
async fn about_to_remove(db: &SiteDb<'_, Write>, row: &mut Publication, lease: Lease) -> Result<(), JobError> {
    row.external_status = Some(BINNED.into());
    // What somebody is to decide about stays that.
    if row.status != PublicationStatus::Conflict {
        row.status = PublicationStatus::Pending;
    }
    let mut tx = db.tx();
    state::guard(&mut tx, row.destination, lease);
    state::while_leaving(&mut tx, row.destination);
    tx.replace(row);
    tx.commit().await.map_err(state::unwritten)?;
    Ok(())
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
