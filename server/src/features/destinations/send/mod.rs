//! The job that brings a destination up to date: everything that differs from what was last sent.
//!
//! It looks at content that changed since its last whole run, and at what is waiting or due again; so a run that was killed
//! loses nothing, and the next one finds what it left: a schedule sees to it that there is one ([`catch_up()`]). What is there is
//! known from receipts alone.

mod begin;
mod catch_up;
mod journal;
mod one;
mod retire;
mod run;
mod terms;
mod waiting;

use std::time::Duration;

use chrono::{DateTime, Utc};
use igny8_data::queue::Lease;
use igny8_data::{DbError, JobRow, NewJob, Read, SiteDb, SiteId, SiteScope, Tx, Variables, Write};

use super::document::Maker;
use super::model::{
    Destination, DestinationId, DestinationState, Direction, PublicationStatus, SyncResult, SyncStatus,
};
use super::{connect, state};
use crate::app::App;
use crate::features::sites::Site;
use crate::jobs::{JobContext, JobError};
use crate::publish::wordpress::WordpressSettings;
use crate::publish::{DestinationKind, PublishError};

pub use catch_up::catch_up;
pub use one::gone;
use run::Run;

/// The job that looks which destinations a change concerns, and the one that brings documents to one of them.
pub const CHANGED: &str = "destinations_changed";
pub const PUBLISH: &str = "publish_documents";

/// Tells a site's destinations of a change of its content, in the unit of work that makes it. Sites without any are not told.
pub fn changed(tx: &mut Tx<'_>, site: SiteId) {
    let there = "(SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND deleted_at IS NONE LIMIT 1) != []";
    tx.enqueue_if(there, changed_job(site));
}

/// The job that [`changed`] queues.
pub fn changed_job(site: SiteId) -> NewJob {
    NewJob::new(CHANGED, serde_json::json!({}))
        .key(format!("destinations_changed/{site}"))
        .settled()
}

/// The job that brings a destination up to date.
pub fn publish_job(destination: DestinationId) -> NewJob {
    NewJob::new(PUBLISH, serde_json::json!({ "destination": destination }))
        .key(format!("publish_documents/{destination}"))
        .attempts(12)
}

/// As the installation: whoever made a change may lack the right to ask by the time it goes out.
pub async fn scope_of(app: &App, job: &JobRow) -> Result<Option<SiteScope<Write>>, JobError> {
    let Some(site) = job.site else {
        return Ok(None);
    };
    let actor = match app.db.system_actor(job.account, igny8_data::Why::Schedule).await {
        Ok(actor) => actor,
        Err(igny8_data::AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    match actor.site::<Write>(&app.db, site).await {
        Ok(scope) => Ok(Some(scope)),
        Err(igny8_data::Denied::Db(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Queues the job of each destination that takes documents.
pub async fn fan_out(app: App, job: JobRow, _: JobContext) -> Result<serde_json::Value, JobError> {
    let Some(scope) = scope_of(&app, &job).await? else {
        return Ok(serde_json::json!({ "reason": "the site is gone" }));
    };
    let sql = "SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND enabled = true \
               AND kind = $kind AND deleted_at IS NONE;";
    let mut binds = Variables::new();
    binds.insert("kind", DestinationKind::Wordpress);
    let db = app.db.site(&scope);
    let mut answer = db.query(sql, binds, "looking for destinations").await?;
    let destinations: Vec<DestinationId> = answer.rows(0)?;
    if !destinations.is_empty() {
        let mut tx = db.tx();
        for destination in &destinations {
            tx.enqueue(publish_job(*destination));
        }
        tx.commit().await?;
    }
    Ok(serde_json::json!({ "destinations": destinations.len() }))
}

/// Why a run ends before everything was looked at.
pub enum Stop {
    Job(JobError),
    /// Nothing works there until somebody mends the connection.
    Connection(String),
    /// Nothing works there for the moment.
    Down {
        why: String,
        after: Option<Duration>,
    },
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Job(state::unwritten(error))
    }
}

#[derive(Debug, Default, serde::Serialize)]
struct Counts {
    published: u64,
    updated: u64,
    unchanged: u64,
    removed: u64,
    failed: u64,
    conflicts: u64,
    /// What is another there and stays so, the first few in words.
    #[serde(skip)]
    problems: Vec<String>,
}

/// As many problems as are kept.
const MOST_PROBLEMS: usize = 20;

impl Counts {
    /// Whether there was something to do.
    fn any(&self) -> bool {
        self.published + self.updated + self.removed + self.failed + self.conflicts > 0 || !self.problems.is_empty()
    }

    fn tell(&mut self, mut problems: Vec<String>) {
        problems.retain(|problem| !self.problems.contains(problem));
        problems.truncate(MOST_PROBLEMS.saturating_sub(self.problems.len()));
        self.problems.extend(problems);
    }
}

/// Brings the destination that the job's payload names up to date.
pub async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let nothing = |reason: &str| Ok(serde_json::json!({ "reason": reason }));
    let none = "the destination is gone, switched off, or takes no documents";
    let id = job.payload["destination"]
        .as_str()
        .and_then(|id| id.parse::<DestinationId>().ok());
    let Some(id) = id else {
        return Err(JobError::Fail("The job does not name a destination.".into()));
    };
    let Some(scope) = scope_of(&app, &job).await? else {
        return nothing("the site is gone");
    };
    let db = app.db.site(&scope);
    if taking(&db, id).await?.is_none() {
        return nothing(none);
    }
    if state::is_paused(&db, id, publish_job(id)).await? {
        return nothing("the site asked to come back later: another job does");
    }
    if !state::take(&db, id, context.lease()).await? {
        return Err(state::busy());
    }
    let started = std::time::Instant::now();
    let began = app.db.clock().now();
    // Before the settings are read: what is asked for with others from now on is for the next run.
    state::begin_all(&db, id, context.lease()).await?;
    let Some(destination) = taking(&db, id).await? else {
        return nothing(none);
    };
    let account = scope.actor().account::<Read>()?;
    let Some(site) = app.db.account(&account).get::<Site>(scope.site()).await? else {
        return nothing("the site is gone");
    };
    let mut counts = Counts::default();
    // An import that failed says so until one succeeds: work in the other direction that finds nothing to send is no cure.
    let before = state::of(&db, id).await?;
    let import_error = before.filter(|before| {
        before.sync_status == SyncStatus::Error && before.import_at.is_some() && before.failed_at.is_none()
    });
    // Boxed here and below: all of it in one future would be larger than a thread's stack.
    let ended = Box::pin(go(&app, &scope, &site, &destination, &context, &mut counts)).await;
    let told = Told {
        app: &app,
        db: &db,
        destination: &destination,
        lease: context.lease(),
        counts,
        began,
        took: started.elapsed(),
        import_error,
    };
    told.keep(ended).await
}

/// A destination that takes documents, unless it is switched off.
async fn taking(db: &SiteDb<'_, Write>, id: DestinationId) -> Result<Option<Destination>, DbError> {
    let destination = db.get::<Destination>(id).await?;
    Ok(destination.filter(|row| row.enabled && row.kind == DestinationKind::Wordpress))
}

/// What is kept of a run.
struct Told<'a> {
    app: &'a App,
    db: &'a SiteDb<'a, Write>,
    destination: &'a Destination,
    lease: Lease,
    counts: Counts,
    began: DateTime<Utc>,
    took: Duration,
    import_error: Option<DestinationState>,
}

impl Told<'_> {
    async fn keep(self, ended: Result<(), Stop>) -> Result<serde_json::Value, JobError> {
        let ended = match ended {
            // What stopped by itself says nothing about the destination.
            Err(Stop::Job(error @ (JobError::Retry(_) | JobError::Later(..)))) => return Err(error),
            ended => ended,
        };
        let (id, db) = (self.destination.id, self.db);
        let numbers = serde_json::to_value(&self.counts).unwrap_or_default();
        let (change, result, message) = self.outcome(&ended);
        let mut tx = db.tx();
        state::guard(&mut tx, id, self.lease);
        change.add_to(&mut tx, id);
        if self.counts.any() || ended.is_err() {
            let noted = state::Noted {
                what: "publish",
                direction: Direction::Out,
                result,
                message,
                counts: numbers.clone(),
                took: self.took,
            };
            state::note(&self.app.db, &mut tx, self.destination, noted);
        }
        if ended.is_ok()
            && let Some(at) = next_attempt(db, id).await?
        {
            tx.enqueue(state::later(publish_job(id), at));
        }
        tx.commit().await?;
        match ended {
            Ok(()) => Ok(numbers),
            Err(Stop::Connection(why)) => Err(JobError::Fail(why)),
            Err(Stop::Down {
                why,
                after: Some(after),
            }) => Err(JobError::Later(pause(after), why)),
            Err(Stop::Down { why, after: None }) => Err(JobError::Retry(why)),
            Err(Stop::Job(error)) => Err(error),
        }
    }

    fn outcome(&self, ended: &Result<(), Stop>) -> (state::Change, SyncResult, String) {
        let now = self.app.db.clock().now();
        let change = state::Change::new();
        match ended {
            Ok(()) => {
                let counts = &self.counts;
                let result = if counts.failed + counts.conflicts > 0 || !counts.problems.is_empty() {
                    SyncResult::Partly
                } else {
                    SyncResult::Done
                };
                let change = change.considered(self.began).failed_at(None);
                let change = match &self.import_error {
                    Some(before) if !self.counts.any() => change.sync(before.sync_status, before.sync_error.clone()),
                    _ => change
                        .sync(SyncStatus::Completed, None)
                        .connection(None, self.began)
                        .synced_at(now),
                };
                (change, result, summary(&self.counts))
            }
            Err(Stop::Connection(why)) => {
                let change = change
                    .sync(SyncStatus::Error, Some(why.clone()))
                    .connection(Some(why.clone()), self.began)
                    .failed_at(Some(now));
                (change, SyncResult::Failed, why.clone())
            }
            Err(Stop::Down { why, after }) => {
                let change = change.sync(SyncStatus::Error, Some(why.clone())).failed_at(Some(now));
                let change = match after {
                    Some(after) => change.not_before(now + pause(*after)),
                    None => change,
                };
                (change, SyncResult::Failed, why.clone())
            }
            Err(Stop::Job(error)) => {
                let why = error.to_string();
                let change = change.sync(SyncStatus::Error, Some(why.clone())).failed_at(Some(now));
                (change, SyncResult::Failed, why)
            }
        }
    }
}

/// How long a site that asks for it is left alone.
fn pause(after: Duration) -> chrono::Duration {
    let after = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::hours(1));
    after.max(chrono::Duration::seconds(1))
}

fn summary(counts: &Counts) -> String {
    let parts = [
        (counts.published, "published"),
        (counts.updated, "updated"),
        (counts.removed, "removed"),
        (counts.failed, "failed"),
        (counts.conflicts, "in conflict"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    let mut sentences = counts.problems.clone();
    if !parts.is_empty() {
        sentences.insert(0, format!("{}.", parts.join(", ")));
    } else if sentences.is_empty() {
        sentences.push("Nothing had changed.".to_owned());
    }
    sentences.join(" ")
}

/// When the first of those that failed is due again.
async fn next_attempt(db: &SiteDb<'_, Write>, destination: DestinationId) -> Result<Option<DateTime<Utc>>, DbError> {
    let mut binds = Variables::new();
    binds.insert("destination", destination);
    binds.insert("failed", PublicationStatus::Failed);
    let sql = "SELECT VALUE retry_at FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
               AND status = $failed AND site = $site AND account = $account AND retry_at != NONE;";
    let mut answer = db.query(sql, binds, "looking for what is due again").await?;
    Ok(answer.rows::<DateTime<Utc>>(0)?.into_iter().min())
}

async fn go(
    app: &App,
    scope: &SiteScope<Write>,
    site: &Site,
    destination: &Destination,
    context: &JobContext,
    counts: &mut Counts,
) -> Result<(), Stop> {
    let db = app.db.site(scope);
    let reading = scope.reading();
    let mut tx = db.tx();
    state::Change::new()
        .sync(SyncStatus::Syncing, None)
        .add_to(&mut tx, destination.id);
    tx.commit().await?;
    let settings: WordpressSettings = destination
        .settings()
        .map_err(|error| Stop::Connection(error.to_string()))?;
    let publisher = Box::pin(connect::publisher(app, &db, destination))
        .await
        .map_err(stopped)?;
    let maker =
        Maker::new(app, app.db.site(&reading), site, destination).map_err(|why| Stop::Job(JobError::Fail(why)))?;
    let known = state::of(&db, destination.id).await?;
    let mut run = Run {
        app,
        db,
        reading: &reading,
        destination,
        settings,
        publisher,
        maker,
        lease: context.lease(),
        context,
        counts,
        failing: 0,
        refused: 0,
        since: DateTime::UNIX_EPOCH,
    };
    Box::pin(run.all(known)).await
}

/// What an error means to the whole run.
fn stopped(error: PublishError) -> Stop {
    match error {
        PublishError::Connection(why) | PublishError::Fail(why) => Stop::Connection(why),
        PublishError::Retry { why, after } => Stop::Down { why, after },
        PublishError::Conflict(_) | PublishError::Gone | PublishError::Binned => Stop::Connection(error.to_string()),
    }
}
