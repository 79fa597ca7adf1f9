//! Who works on a destination, and what that work finds out.
//!
//! One job at a time works on a destination, in whatever direction: what one sends, another must not take for an edit of theirs. The
//! job that [`take`]s it has it for as long as the queue says that it runs; each of its units of work says so again ([`guard`]).

use chrono::{DateTime, Duration, Utc};
use igny8_data::queue::Lease;
use igny8_data::{Access, CanWrite, Db, DbError, JobId, NewJob, Select, SiteDb, SurrealValue, Tx, Variables};
use serde_json::Value;

use super::model::{
    Connection, Destination, DestinationId, DestinationState, Direction, Leaving, PublicationStatus, SyncEvent,
    SyncResult, SyncStatus,
};
use crate::jobs::JobError;

/// The code with which [`guard`] refuses a unit of work.
pub const LOST: &str = "destination_lost";

/// How a job ends that cannot [`take`] a destination: it comes back in a moment.
pub fn busy() -> JobError {
    let why = "Waiting for the work on this destination that is running.";
    JobError::Later(Duration::seconds(2), why.into())
}

/// How a job ends whose unit of work was not written.
pub fn unwritten(error: DbError) -> JobError {
    match error {
        DbError::Refused(code) if code == LOST => JobError::Retry("Another job works on this destination now.".into()),
        error => error.into(),
    }
}

/// The state of a destination that nobody has tried yet; to be created with it.
pub fn fresh(db: &Db, destination: &Destination) -> DestinationState {
    DestinationState {
        id: db.ids().make(),
        account: destination.account,
        site: destination.site,
        destination: destination.id,
        connection: Connection::Untested,
        connection_error: None,
        checked_at: None,
        discovered: None,
        discovered_at: None,
        sync_status: SyncStatus::Pending,
        sync_error: None,
        last_sync_at: None,
        cursor: serde_json::json!({}),
        import_at: None,
        considered_at: None,
        not_before: None,
        failed_at: None,
        held_by: None,
        held_fence: None,
        rev: 1,
    }
}

/// # Errors
/// When the database fails.
pub async fn of<A: Access>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
) -> Result<Option<DestinationState>, DbError> {
    let select = Select::new().equals("destination", destination).limit(1);
    Ok(db.list::<DestinationState>(select).await?.pop())
}

/// The states of some destinations, without the texts and pictures that were found there: these are large, and shown nowhere.
///
/// # Errors
/// When the database fails.
pub async fn shown<A: Access>(
    db: &SiteDb<'_, A>,
    destinations: Vec<DestinationId>,
) -> Result<Vec<DestinationState>, DbError> {
    if destinations.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Variables::new();
    binds.insert("destinations", destinations);
    let sql = "SELECT * OMIT discovered.shared_blocks, discovered.pictures, discovered.attached FROM destination_state \
               WITH INDEX destination_state_of WHERE destination INSIDE $destinations AND site = $site \
               AND account = $account;";
    db.query(sql, binds, "reading states of destinations").await?.rows(0)
}

/// The state of a destination, as [`shown`].
///
/// # Errors
/// When the database fails.
pub async fn shown_of<A: Access>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
) -> Result<Option<DestinationState>, DbError> {
    Ok(shown(db, vec![destination]).await?.pop())
}

/// Whether the job that took a destination last still runs.
///
/// # Errors
/// When the database fails.
pub async fn is_worked_on<A: Access>(db: &SiteDb<'_, A>, state: &DestinationState) -> Result<bool, DbError> {
    let Some(holder) = state.held_by else {
        return Ok(false);
    };
    let mut binds = Variables::new();
    binds.insert("holder", holder);
    let sql = "SELECT VALUE id FROM $holder WHERE account = $account AND site = $site AND state = 'running';";
    let mut answer = db.query(sql, binds, "asking for who works on a destination").await?;
    Ok(!answer.rows::<JobId>(0)?.is_empty())
}

/// Takes a destination for a job; false while another one works on it, or when it is gone.
///
/// # Errors
/// When the database fails.
pub async fn take<A: CanWrite>(db: &SiteDb<'_, A>, destination: DestinationId, lease: Lease) -> Result<bool, DbError> {
    let Some(mut state) = of(db, destination).await? else {
        return Ok(false);
    };
    if state.held_by != Some(lease.job) && is_worked_on(db, &state).await? {
        return Ok(false);
    }
    (state.held_by, state.held_fence) = (Some(lease.job), Some(lease.fence));
    let mut tx = db.tx();
    tx.replace(&mut state);
    match tx.commit().await {
        Ok(_) => Ok(true),
        Err(DbError::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How long the site still wants to be left alone.
///
/// # Errors
/// When the database fails.
pub async fn pause<A: Access>(db: &SiteDb<'_, A>, destination: DestinationId) -> Result<Option<Duration>, DbError> {
    let now = db.db().clock().now();
    let until = of(db, destination).await?.and_then(|state| state.not_before);
    Ok(until.filter(|until| *until > now).map(|until| until - now))
}

/// Whether nothing is asked there for a while, since the site said so. The `job` is queued for that time then, once for all that
/// come meanwhile with its key.
///
/// # Errors
/// When the database fails.
pub async fn is_paused<A: CanWrite>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
    job: NewJob,
) -> Result<bool, DbError> {
    let Some(wait) = pause(db, destination).await? else {
        return Ok(false);
    };
    let mut tx = db.tx();
    tx.enqueue(later(job, db.db().clock().now() + wait));
    tx.commit().await?;
    Ok(true)
}

/// A job for another time, one for each minute: so that of those that are due at several times none waits for a later one.
pub fn later(job: NewJob, at: DateTime<Utc>) -> NewJob {
    let minute = at.timestamp().div_euclid(60);
    let key = format!("{}/later/{minute}", job.key.as_deref().unwrap_or(job.kind));
    job.key(key).run_at(at)
}

/// Lets the unit of work fail ([`DbError::Refused`] with [`LOST`]) unless the job still has the destination.
pub fn guard(tx: &mut Tx<'_>, destination: DestinationId, lease: Lease) {
    let mut binds = Variables::new();
    binds.insert("held_destination", destination);
    binds.insert("holding_job", lease.job);
    binds.insert("holding_fence", lease.fence);
    // A write, so that of two that have it by turns one fails.
    let sql = format!(
        "IF (UPDATE destination_state SET rev += 1 WHERE destination = $held_destination AND site = $site \
         AND account = $account AND held_by = $holding_job AND held_fence = $holding_fence RETURN VALUE id) = [] \
         {{ THROW '{LOST}' }}"
    );
    tx.statement(&sql, binds);
}

/// Adds to a unit of work that it is only done while a destination is removed and being emptied.
pub fn while_leaving(tx: &mut Tx<'_>, destination: DestinationId) {
    let mut binds = Variables::new();
    binds.insert("left_destination", destination);
    binds.insert("left_leaving", Leaving::Trash);
    let sql = format!(
        "IF (SELECT VALUE id FROM $left_destination WHERE deleted_at IS NOT NONE AND leaving = $left_leaving \
         AND site = $site AND account = $account) = [] {{ THROW '{LOST}' }}"
    );
    tx.statement(&sql, binds);
}

/// Begins to look at everything, where that is asked for: also at what was refused as it is. It is marked as begun, so that the
/// end of this run does not take what is asked for meanwhile for done.
///
/// # Errors
/// When the database fails, or another job has the destination.
pub async fn begin_all<A: CanWrite>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
    lease: Lease,
) -> Result<(), DbError> {
    let mut tx = db.tx();
    guard(&mut tx, destination, lease);
    let mut binds = Variables::new();
    binds.insert("all_of", destination);
    binds.insert("all_failed", PublicationStatus::Failed);
    binds.insert("all_begun", DateTime::<Utc>::UNIX_EPOCH);
    let of = "destination = $all_of AND site = $site AND account = $account";
    let sql = format!(
        "IF (SELECT VALUE id FROM destination_state WHERE {of} AND considered_at IS NONE) != [] {{ \
         UPDATE publication SET failed_rev = NONE, rev += 1 WHERE {of} AND status = $all_failed \
         AND failed_rev IS NOT NONE RETURN NONE; \
         UPDATE destination_state SET considered_at = $all_begun, rev += 1 WHERE {of} RETURN NONE }}"
    );
    tx.statement(&sql, binds);
    tx.commit().await.map(|_| ())
}

/// Some fields of a state that change together. One for each destination in a unit of work.
#[derive(Default)]
pub struct Change {
    sets: Vec<&'static str>,
    binds: Variables,
}

impl Change {
    pub fn new() -> Self {
        Self::default()
    }

    /// What a call found out about the connection: `None` is that all is well.
    pub fn connection(self, error: Option<String>, now: DateTime<Utc>) -> Self {
        let connection = if error.is_some() {
            Connection::Error
        } else {
            Connection::Connected
        };
        let answers = error.is_none();
        let mut change = self
            .set("connection = $st_connection", "st_connection", connection)
            .set("connection_error = $st_problem", "st_problem", error)
            .set("checked_at = $st_checked", "st_checked", now);
        if answers {
            // It answers: it wants to be left alone no longer.
            change.sets.push("not_before = NONE");
        }
        change
    }

    /// The site wants to be left alone until then.
    pub fn not_before(self, at: DateTime<Utc>) -> Self {
        self.set("not_before = $st_not_before", "st_not_before", at)
    }

    /// When publishing ended early; `None`: it went well.
    pub fn failed_at(self, at: Option<DateTime<Utc>>) -> Self {
        self.set("failed_at = $st_failed", "st_failed", at)
    }

    pub fn discovered(self, found: Value, now: DateTime<Utc>) -> Self {
        self.set("discovered = $st_discovered", "st_discovered", found).set(
            "discovered_at = $st_discovered_at",
            "st_discovered_at",
            now,
        )
    }

    /// How the synchronisation is going.
    pub fn sync(self, status: SyncStatus, error: Option<String>) -> Self {
        self.set("sync_status = $st_sync", "st_sync", status)
            .set("sync_error = $st_sync_error", "st_sync_error", error)
    }

    pub fn synced_at(self, now: DateTime<Utc>) -> Self {
        self.set("last_sync_at = $st_synced", "st_synced", now)
    }

    pub fn cursor(self, cursor: Value) -> Self {
        self.set("cursor = $st_cursor", "st_cursor", cursor)
    }

    /// Where an import is: not written where it was begun anew ([`Change::import_anew`]) since `mark` was read.
    pub fn import_cursor(mut self, mark: i64, cursor: Value) -> Self {
        self.binds.insert("st_mark", mark);
        let sql = "cursor = IF (cursor.mark ?? 0) = $st_mark { $st_cursor } ELSE { cursor }";
        self.set(sql, "st_cursor", cursor)
    }

    /// Lets the next import read everything, whatever one that runs now writes down. `mark` is another one each time.
    pub fn import_anew(self, mark: i64) -> Self {
        let sql = "cursor = { mark: $st_mark, brought: (cursor.brought ?? NULL) }";
        self.set(sql, "st_mark", mark)
    }

    pub fn import_at(self, at: Option<DateTime<Utc>>) -> Self {
        self.set("import_at = $st_import", "st_import", at)
    }

    /// `None` lets the next run look at everything, whatever one that is on its way writes down.
    pub fn considered_at(self, at: Option<DateTime<Utc>>) -> Self {
        self.set("considered_at = $st_considered", "st_considered", at)
    }

    /// A run looked at everything that changed before it began; not written where everything was asked for since then.
    pub fn considered(self, began: DateTime<Utc>) -> Self {
        let sql = "considered_at = IF considered_at IS NONE { NONE } ELSE { $st_began }";
        self.set(sql, "st_began", began)
    }

    fn set(mut self, sql: &'static str, name: &'static str, value: impl SurrealValue) -> Self {
        self.sets.push(sql);
        self.binds.insert(name, value);
        self
    }

    /// Adds it to a unit of work.
    pub fn add_to(mut self, tx: &mut Tx<'_>, destination: DestinationId) {
        self.binds.insert("st_destination", destination);
        let sql = format!(
            "UPDATE destination_state SET {}, rev += 1 WHERE destination = $st_destination AND site = $site \
             AND account = $account RETURN NONE",
            self.sets.join(", ")
        );
        tx.statement(&sql, self.binds);
    }
}

/// What is written down about a piece of work.
pub struct Noted {
    pub what: &'static str,
    pub direction: Direction,
    pub result: SyncResult,
    pub message: String,
    pub counts: Value,
    pub took: std::time::Duration,
}

/// Adds an entry of the destination's log to a unit of work.
pub fn note(db: &Db, tx: &mut Tx<'_>, destination: &Destination, noted: Noted) {
    tx.create(SyncEvent {
        id: db.ids().make(),
        account: destination.account,
        site: destination.site,
        destination: destination.id,
        what: noted.what.to_owned(),
        direction: noted.direction,
        result: noted.result,
        message: noted.message,
        counts: noted.counts,
        duration_ms: i64::try_from(noted.took.as_millis()).unwrap_or(i64::MAX),
        rev: 1,
        at: db.clock().now(),
    });
}
