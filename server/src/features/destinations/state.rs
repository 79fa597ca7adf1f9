//! Who works on a destination, and what that work finds out.
//!
//! One job at a time works on a destination, in whatever direction: what one sends, another must not take for an edit of theirs. The
//! job that [`take`]s it has it for as long as the queue says that it runs; each of its units of work says so again ([`guard`]).

use chrono::{DateTime, Utc};
use igny8_data::queue::Lease;
use igny8_data::{Access, CanWrite, Db, DbError, JobId, Select, SiteDb, SurrealValue, Tx, Variables};
use serde_json::Value;

use super::model::{
    Connection, Destination, DestinationId, DestinationState, Direction, SyncEvent, SyncResult, SyncStatus,
};

/// The code with which [`guard`] refuses a unit of work.
pub const LOST: &str = "destination_lost";

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

/// Takes a destination for a job; false while another one works on it, or when it is gone.
///
/// # Errors
/// When the database fails.
pub async fn take<A: CanWrite>(db: &SiteDb<'_, A>, destination: DestinationId, lease: Lease) -> Result<bool, DbError> {
    let Some(mut state) = of(db, destination).await? else {
        return Ok(false);
    };
    if let Some(holder) = state.held_by.filter(|holder| *holder != lease.job) {
        let mut binds = Variables::new();
        binds.insert("holder", holder);
        let sql = "SELECT VALUE id FROM $holder WHERE account = $account AND site = $site AND state = 'running';";
        let mut answer = db.query(sql, binds, "asking for who works on a destination").await?;
        if !answer.rows::<JobId>(0)?.is_empty() {
            return Ok(false);
        }
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
        self.set("connection = $st_connection", "st_connection", connection)
            .set("connection_error = $st_problem", "st_problem", error)
            .set("checked_at = $st_checked", "st_checked", now)
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

    pub fn import_at(self, at: Option<DateTime<Utc>>) -> Self {
        self.set("import_at = $st_import", "st_import", at)
    }

    pub fn considered_at(self, at: Option<DateTime<Utc>>) -> Self {
        self.set("considered_at = $st_considered", "st_considered", at)
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
