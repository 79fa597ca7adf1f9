//! Releases to destinations that take them: what is live here is made live there.
//!
//! A deployment that goes live queues [`follow`], which queues a job for each destination ([`run`]). The job brings the release that
//! is live when it runs; so whatever is killed or fails, the next run, or the look every few minutes ([`catch_up`]), ends with the
//! latest one there.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{
    Access, AccountId, DbError, JobRow, NewJob, Read, Select, SiteDb, SiteId, SiteScope, SurrealValue, Tx, Variables,
    Why, Write,
};
use igny8_renderer::release::{self, Release};
use serde::{Deserialize, Serialize};

use super::model::{Destination, DestinationId, DestinationState, Direction, SyncResult, SyncStatus, Unreadable};
use super::{leave, send, state};
use crate::app::App;
use crate::features::publishing;
use crate::features::sites::Site;
use crate::jobs::{JobContext, JobError};
use crate::publish::object_storage::{ObjectStorage, ObjectStorageSettings, ReleaseOnDisk};
use crate::publish::publisher::{Copied, ReleaseFile, ReleaseOrder, Watch};
use crate::publish::{DestinationKind, PublishError, ReleaseStore as _};

/// The job that tells a site's destinations of a release, and the one that brings it to one of them.
pub const FOLLOW: &str = "release_went_live";
pub const MIRROR: &str = "mirror_release";

/// How long a destination that failed is left alone unless somebody acts.
const LEFT_ALONE: Duration = Duration::hours(1);

/// Tells a site's destinations that another release is live, in the unit of work that says so. Sites without any are not told.
pub fn follow(tx: &mut Tx<'_>, site: SiteId) {
    let there = "(SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND kind = 'object_storage' \
                 AND deleted_at IS NONE LIMIT 1) != []";
    let job = NewJob::new(FOLLOW, serde_json::json!({}))
        .key(format!("release_went_live/{site}"))
        .settled();
    tx.enqueue_if(there, job);
}

/// The job that brings the live release to a destination; with `whole`, every file anew.
pub fn mirror_job(destination: DestinationId, whole: bool) -> NewJob {
    let kind = if whole { "whole" } else { "changes" };
    NewJob::new(
        MIRROR,
        serde_json::json!({ "destination": destination, "whole": whole }),
    )
    .key(format!("mirror_release/{destination}/{kind}"))
    .attempts(8)
}

/// Queues the job of each destination of the site that takes releases.
pub async fn fan_out(app: App, job: JobRow, _: JobContext) -> Result<serde_json::Value, JobError> {
    let Some(scope) = send::scope_of(&app, &job).await? else {
        return Ok(serde_json::json!({ "reason": "the site is gone" }));
    };
    let sql = "SELECT VALUE id FROM destination WHERE site = $site AND account = $account AND enabled = true \
               AND kind = 'object_storage' AND deleted_at IS NONE;";
    let db = app.db.site(&scope);
    let mut answer = db.query(sql, Variables::new(), "looking for destinations").await?;
    let destinations: Vec<DestinationId> = answer.rows(0)?;
    if !destinations.is_empty() {
        let mut tx = db.tx();
        for destination in &destinations {
            tx.enqueue(mirror_job(*destination, false));
        }
        tx.commit().await?;
    }
    Ok(serde_json::json!({ "destinations": destinations.len() }))
}

/// What a destination has, as its state keeps it.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mirrored {
    pub release: Option<String>,
    /// Revision of the destination whose settings it was brought with.
    pub rev: i64,
    pub files: usize,
    pub at: Option<DateTime<Utc>>,
    /// When there is something to tidy there.
    pub clean_at: Option<DateTime<Utc>>,
    /// The last attempt that failed.
    pub failed_at: Option<DateTime<Utc>>,
}

impl Mirrored {
    pub fn of(state: &DestinationState) -> Self {
        serde_json::from_value(state.cursor.clone()).unwrap_or_default()
    }

    fn is_up_to_date(&self, live: &str, rev: i64, now: DateTime<Utc>) -> bool {
        self.release.as_deref() == Some(live) && self.rev == rev && self.clean_at.is_none_or(|at| at > now)
    }
}

/// The client of a destination that takes releases.
///
/// # Errors
/// [`PublishError::Connection`].
pub fn store(app: &App, destination: &Destination) -> Result<ObjectStorage, PublishError> {
    let settings: ObjectStorageSettings = destination.settings()?;
    let secrets = destination.secrets(app.db.keys())?;
    let secret = secrets.password.ok_or(Unreadable("secret access key"))?;
    ObjectStorage::new(&app.outgoing, settings, &secret, destination.site)
}

/// The job, as the copy sees it.
struct Watched<'a> {
    app: &'a App,
    context: &'a JobContext,
}

impl Watch for Watched<'_> {
    fn progress(&self, done: usize, all: usize) {
        let part = u32::try_from(done * 90 / all.max(1)).unwrap_or(90);
        self.context.progress(
            5.0 + f64::from(part),
            format!("{done} of {all} changed files are there"),
        );
    }

    fn goes_on(&self) -> bool {
        !self.context.stop().is_cancelled()
    }

    async fn confirm(&self) -> bool {
        self.context.confirm(&self.app.db).await.is_ok()
    }
}

/// The job that empties a place that was left, as the emptying sees it.
struct Emptying<'a, 'b> {
    watched: Watched<'a>,
    db: &'a SiteDb<'b, Write>,
    place: &'a ObjectStorageSettings,
    left: DestinationId,
}

impl Emptying<'_, '_> {
    /// Whether the site goes there again.
    async fn is_used(&self) -> Result<bool, DbError> {
        Ok(at_place(self.db, self.place, Some(self.left)).await?.is_some())
    }
}

impl Watch for Emptying<'_, '_> {
    fn progress(&self, done: usize, all: usize) {
        let part = u32::try_from(done * 95 / all.max(1)).unwrap_or(95);
        let context = self.watched.context;
        context.progress(f64::from(part), format!("{done} of {all} files are removed"));
    }

    fn goes_on(&self) -> bool {
        self.watched.goes_on()
    }

    async fn confirm(&self) -> bool {
        self.watched.confirm().await && self.is_used().await.is_ok_and(|used| !used)
    }
}

/// Brings the live release to the destination that the job's payload names.
pub async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let nothing = |reason: &str| Ok(serde_json::json!({ "reason": reason }));
    let id = job.payload["destination"]
        .as_str()
        .and_then(|id| id.parse::<DestinationId>().ok());
    let Some(id) = id else {
        return Err(JobError::Fail("The job does not name a destination.".into()));
    };
    let whole = job.payload["whole"] == true;
    let Some(scope) = send::scope_of(&app, &job).await? else {
        return nothing("the site is gone");
    };
    let db = app.db.site(&scope);
    let Some(destination) = db.get::<Destination>(id).await? else {
        return nothing("the destination is gone");
    };
    if !destination.enabled || destination.kind != DestinationKind::ObjectStorage {
        return nothing("the destination is switched off, or takes no releases");
    }
    let account = scope.actor().account::<Read>()?;
    let Some(site) = app.db.account(&account).get::<Site>(scope.site()).await? else {
        return nothing("the site is gone");
    };
    let live = publishing::live_release(&app, &scope)
        .await?
        .and_then(|live| live.release);
    let Some(live) = live else {
        return nothing("the site was not deployed yet");
    };
    if !state::take(&db, id, context.lease()).await? {
        let wait = Duration::seconds(2);
        return Err(JobError::Later(
            wait,
            "Waiting for the work on this destination that is running.".into(),
        ));
    }
    let before = state::of(&db, id).await?;
    let mirrored = before.as_ref().map(Mirrored::of).unwrap_or_default();
    if !whole && mirrored.is_up_to_date(&live, destination.rev, app.db.clock().now()) {
        return nothing("it is there already");
    }
    if let Ok(place) = destination.settings()
        && !leave::settle(&db, &place).await?
    {
        return Err(JobError::Later(
            Duration::seconds(2),
            "Waiting for what is being removed from this place.".into(),
        ));
    }
    let mut tx = db.tx();
    state::guard(&mut tx, id, context.lease());
    state::Change::new().sync(SyncStatus::Syncing, None).add_to(&mut tx, id);
    tx.commit().await.map_err(lost)?;
    let started = Instant::now();
    let ended = bring(&app, &site, &destination, &live, whole, &context).await;
    // Not this job's any more: what it found out is not for the rows.
    context.confirm(&app.db).await?;
    let told = Told {
        destination: &destination,
        live: &live,
        mirrored,
        took: started.elapsed(),
    };
    told.keep(&app, &scope, &db, &ended, &context).await?;
    match ended {
        Ok(done) => Ok(numbers(&live, &done)),
        Err(error) => Err(leave::ended(error)),
    }
}

fn lost(error: DbError) -> JobError {
    match error {
        DbError::Refused(code) if code == state::LOST => {
            JobError::Retry("Another job works on this destination now.".into())
        }
        error => error.into(),
    }
}

fn numbers(release: &str, done: &Copied) -> serde_json::Value {
    serde_json::json!({
        "release": release, "files": done.files, "uploaded": done.uploaded, "uploaded_bytes": done.uploaded_bytes,
        "removed": done.removed,
    })
}

/// Compares, and sends what differs.
async fn bring(
    app: &App,
    site: &Site,
    destination: &Destination,
    live: &str,
    whole: bool,
    context: &JobContext,
) -> Result<Copied, PublishError> {
    let store = store(app, destination)?;
    let base = base_of(app, site, destination)?;
    context.progress(2.0, "Reading the release");
    let (source, files) = read(app, site, live, &base).await.map_err(|error| {
        tracing::warn!(%error, site = %site.id, "the live release cannot be read");
        PublishError::retry("The live release cannot be read here; a newer one may be taking its place.")
    })?;
    let order = ReleaseOrder {
        release: live.to_owned(),
        files,
        whole,
        now: app.db.clock().now(),
    };
    context.progress(5.0, "Comparing with what is there");
    store.mirror(&order, Arc::new(source), &Watched { app, context }).await
}

/// The path below which the pages of the site find each other, which has to be that of the copy.
///
/// # Errors
/// [`PublishError::Connection`] when their links would lead nowhere at the destination.
pub fn base_of(app: &App, site: &Site, destination: &Destination) -> Result<String, PublishError> {
    let settings: ObjectStorageSettings = destination.settings()?;
    let address = publishing::address_of(app, site);
    let base = publishing::path_of(&address);
    let (fits, there) = match &settings.public_address {
        Some(public) => (publishing::path_of(public.as_str()) == base, format!("at {public}")),
        None => {
            let is_root = base.is_empty() || base.strip_prefix('/') == Some(settings.prefix.as_str());
            (is_root, "in the bucket".into())
        }
    };
    if fits {
        return Ok(base);
    }
    Err(PublishError::Connection(format!(
        "The pages of the site are made for {address}, so their links would lead nowhere {there}. Give the site the \
         domain under which visitors find it there, and deploy it. Where they find it below the path {base}/, set \
         that address as `public_address`."
    )))
}

/// The site's destination that brings it to a place, besides `own`: of two, one would remove what the other has there.
///
/// # Errors
/// When the database fails.
pub async fn at_place<A: Access>(
    db: &SiteDb<'_, A>,
    place: &ObjectStorageSettings,
    own: Option<DestinationId>,
) -> Result<Option<Destination>, DbError> {
    // A site has few.
    let destinations: Vec<Destination> = db.list(Select::new()).await?;
    Ok(destinations.into_iter().find(|row| {
        let there = row.settings::<ObjectStorageSettings>();
        row.kind == DestinationKind::ObjectStorage
            && Some(row.id) != own
            && there.is_ok_and(|there| there.is_same_place(place))
    }))
}

/// A release with the packed forms of its texts, which a deployment leaves to be made after it went live.
async fn read(app: &App, site: &Site, live: &str, base: &str) -> std::io::Result<(ReleaseOnDisk, Vec<ReleaseFile>)> {
    let folder = app.config.sites_dir.join(&site.slug);
    let (app, held, live, base) = (app.clone(), app.clone(), live.to_owned(), base.to_owned());
    let work = move || {
        let release: Release = held
            .visitors
            .releases
            .open(&folder, &live)
            .map_err(std::io::Error::other)?;
        release::finish(&folder, &release.uncompressed(&folder)).map_err(std::io::Error::other)?;
        let source = ReleaseOnDisk { folder, release };
        let files = source.files(&base)?;
        Ok((source, files))
    };
    app.renders.run_aside(work).await?
}

/// What is kept of a run.
struct Told<'a> {
    destination: &'a Destination,
    live: &'a str,
    mirrored: Mirrored,
    took: std::time::Duration,
}

impl Told<'_> {
    async fn keep(
        self,
        app: &App,
        scope: &SiteScope<Write>,
        db: &SiteDb<'_, Write>,
        ended: &Result<Copied, PublishError>,
        context: &JobContext,
    ) -> Result<(), JobError> {
        let Self {
            destination,
            live,
            mut mirrored,
            took,
        } = self;
        let (id, now) = (destination.id, app.db.clock().now());
        let change = state::Change::new();
        let (change, result, message, counts) = match ended {
            Ok(done) => {
                mirrored = Mirrored {
                    release: Some(live.to_owned()),
                    rev: destination.rev,
                    files: done.files,
                    at: Some(now),
                    clean_at: done.clean_at,
                    failed_at: None,
                };
                let change = change
                    .connection(None, now)
                    .sync(SyncStatus::Completed, None)
                    .synced_at(now);
                let message = format!(
                    "{} files sent, {} removed; {} are there.",
                    done.uploaded, done.removed, done.files
                );
                (change, SyncResult::Done, message, numbers(live, done))
            }
            Err(error) => {
                let why = error.to_string();
                mirrored.failed_at = Some(now);
                let change = change.sync(SyncStatus::Error, Some(why.clone()));
                let change = match error {
                    PublishError::Connection(_) => change.connection(Some(why.clone()), now),
                    _ => change,
                };
                (change, SyncResult::Failed, why, serde_json::json!({ "release": live }))
            }
        };
        let mut tx = db.tx();
        state::guard(&mut tx, id, context.lease());
        change
            .cursor(serde_json::to_value(&mirrored).unwrap_or_default())
            .add_to(&mut tx, id);
        let noted = state::Noted {
            what: "release",
            direction: Direction::Out,
            result,
            message,
            counts,
            took,
        };
        state::note(&app.db, &mut tx, destination, noted);
        if ended.is_ok() {
            let now_live = publishing::live_release(app, scope)
                .await?
                .and_then(|live| live.release);
            // The job that was queued for it may have found this one at work and ended.
            if now_live.is_some_and(|now_live| now_live != live) {
                tx.enqueue(mirror_job(id, false));
            }
        }
        tx.commit().await.map_err(lost)?;
        Ok(())
    }
}

/// Takes everything away at a destination that was removed here, for [`super::leave`]; answers how many files. None where the
/// site goes there again: what is there then is that copy's.
///
/// # Errors
/// When the service or the database fails, or the job must stop.
pub async fn empty(
    app: &App,
    db: &SiteDb<'_, Write>,
    destination: &Destination,
    context: &JobContext,
) -> Result<Option<usize>, JobError> {
    let place: ObjectStorageSettings = destination.settings().map_err(|error| leave::ended(error.into()))?;
    let emptying = Emptying {
        watched: Watched { app, context },
        db,
        place: &place,
        left: destination.id,
    };
    if emptying.is_used().await? {
        return Ok(None);
    }
    let store = store(app, destination).map_err(leave::ended)?;
    let emptied = store.empty(&emptying).await;
    if emptied.is_err() && emptying.is_used().await? {
        return Ok(None);
    }
    emptied.map(Some).map_err(leave::ended)
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Behind {
    id: DestinationId,
    account: AccountId,
    site: SiteId,
    rev: i64,
    state: Option<DestinationState>,
    live: Option<String>,
}

/// Queues the jobs of destinations that do not have the live release of their site, or have something to tidy; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn catch_up(app: App) -> Result<u64, JobError> {
    let sql = "SELECT id, account, site, rev, \
                 (SELECT * FROM destination_state WHERE destination = $parent.id AND site = $parent.site \
                   AND account = $parent.account LIMIT 1)[0] AS state, \
                 (SELECT release, version FROM deployment WITH INDEX deployment_version WHERE site = $parent.site \
                   AND account = $parent.account AND status = 'deployed' \
                   ORDER BY version DESC LIMIT 1)[0].release AS live \
               FROM destination WITH INDEX destination_by_kind \
               WHERE kind = 'object_storage' AND enabled = true AND deleted_at IS NONE \
               AND account.status != 'cancelled' AND site.deleted_at IS NONE;";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform
        .query(sql, Variables::new(), "looking for destinations behind")
        .await?;
    let now = app.db.clock().now();
    let mut queued = 0;
    for row in answer.rows::<Behind>(0)? {
        let mirrored = row.state.as_ref().map(Mirrored::of).unwrap_or_default();
        let Some(live) = row.live else {
            continue;
        };
        let left_alone = mirrored.failed_at.is_some_and(|at| at + LEFT_ALONE > now);
        if left_alone || mirrored.is_up_to_date(&live, row.rev, now) {
            continue;
        }
        let mut tx = platform.tx(row.account, Some(row.site));
        tx.enqueue(mirror_job(row.id, false));
        tx.commit().await?;
        queued += 1;
    }
    Ok(queued)
}
