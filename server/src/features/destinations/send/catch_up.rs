//! Destinations whose publishing ended early, taken up again: whatever became of the job that was to do it.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountId, DbError, JobId, SiteId, SurrealValue, Variables, Why};

use super::super::model::{Connection, DestinationId, PublicationStatus, SyncStatus};
use super::{PUBLISH, publish_job};
use crate::app::App;
use crate::jobs::JobError;

/// How long a destination that failed is left alone: the second where somebody has to mend the connection.
const LEFT_ALONE: Duration = Duration::minutes(15);
const LEFT_ALONE_BROKEN: Duration = Duration::hours(1);
/// How long what follows a change is given to begin by itself.
const SETTLED: Duration = Duration::minutes(1);

/// Destinations looked at together.
const TOGETHER: usize = 200;

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Active {
    id: DestinationId,
    account: AccountId,
    site: SiteId,
}

/// What is asked of a state. What was found at the destination is large, and not among it.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct State {
    account: AccountId,
    site: SiteId,
    destination: DestinationId,
    connection: Connection,
    checked_at: Option<DateTime<Utc>>,
    sync_status: SyncStatus,
    considered_at: Option<DateTime<Utc>>,
    #[surreal(default)]
    not_before: Option<DateTime<Utc>>,
    #[surreal(default)]
    failed_at: Option<DateTime<Utc>>,
    held_by: Option<JobId>,
}

/// Queues the jobs of destinations that have something left to be brought there, and none that does; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn catch_up(app: App) -> Result<u64, JobError> {
    let now = app.db.clock().now();
    let platform = app.db.platform(Why::Schedule);
    let (mut queued, mut last) = (0, None);
    loop {
        let active = active(&app, last).await?;
        let ended = active.len() < TOGETHER;
        last = active.last().map(|row| row.id);
        for state in states(&app, &active).await? {
            if is_left_alone(&state, now) || !is_behind(&app, &state, now).await? || is_coming(&app, &state).await? {
                continue;
            }
            let mut tx = platform.tx(state.account, Some(state.site));
            tx.enqueue(publish_job(state.destination));
            tx.commit().await?;
            queued += 1;
        }
        if ended {
            return Ok(queued);
        }
    }
}

/// Some destinations that documents go to, in the order of their ids.
async fn active(app: &App, after: Option<DestinationId>) -> Result<Vec<Active>, DbError> {
    let mut binds = Variables::new();
    let from = match after {
        Some(after) => {
            binds.insert("after", after);
            "AND id > $after "
        }
        None => "",
    };
    let sql = format!(
        "SELECT id, account, site FROM destination WITH INDEX destination_by_kind WHERE kind = 'wordpress' \
         AND enabled = true {from}AND deleted_at IS NONE AND account.status != 'cancelled' AND site.deleted_at IS NONE \
         ORDER BY id ASC LIMIT {TOGETHER};"
    );
    let platform = app.db.platform(Why::Schedule);
    platform
        .query(&sql, binds, "looking for destinations behind")
        .await?
        .rows(0)
}

/// The states of destinations.
async fn states(app: &App, active: &[Active]) -> Result<Vec<State>, DbError> {
    if active.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Variables::new();
    let ids: Vec<DestinationId> = active.iter().map(|row| row.id).collect();
    binds.insert("destinations", ids);
    let sql = "SELECT account, site, destination, connection, checked_at, sync_status, considered_at, not_before, \
               failed_at, held_by FROM destination_state WITH INDEX destination_state_of \
               WHERE destination INSIDE $destinations;";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform.query(sql, binds, "reading states of destinations").await?;
    let mut states: Vec<State> = answer.rows(0)?;
    let is_of =
        |state: &State, row: &Active| (state.destination, state.account, state.site) == (row.id, row.account, row.site);
    states.retain(|state| active.iter().any(|row| is_of(state, row)));
    Ok(states)
}

/// Whether it wants that, or failed a short while ago and nothing has said since then that it works.
fn is_left_alone(state: &State, now: DateTime<Utc>) -> bool {
    let is_paused = state.not_before.is_some_and(|at| at > now);
    let works = state.connection == Connection::Connected && state.checked_at > state.failed_at;
    let alone = if state.connection == Connection::Error {
        LEFT_ALONE_BROKEN
    } else {
        LEFT_ALONE
    };
    is_paused || (!works && state.failed_at.is_some_and(|at| at + alone > now))
}

/// Whether a run did not end well, or something waits for one.
async fn is_behind(app: &App, state: &State, now: DateTime<Utc>) -> Result<bool, DbError> {
    let considered = state.considered_at.filter(|at| *at > DateTime::UNIX_EPOCH);
    let Some(considered) = considered.filter(|_| state.failed_at.is_none()) else {
        return Ok(true);
    };
    let mut binds = tenant(state);
    binds.insert("pending", PublicationStatus::Pending);
    binds.insert("failed", PublicationStatus::Failed);
    binds.insert("considered", considered);
    binds.insert("settled", now - SETTLED);
    let sql = "SELECT VALUE id FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
               AND status = $pending AND updated_at <= $settled AND site = $site AND account = $account LIMIT 1;\
               SELECT VALUE id FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
               AND status = $failed AND retry_at != NONE AND retry_at <= $settled AND site = $site \
               AND account = $account LIMIT 1;\
               SELECT VALUE id FROM content WITH INDEX content_by_updated WHERE site = $site \
               AND updated_at > $considered AND updated_at <= $settled AND account = $account LIMIT 1;";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform.query(sql, binds, "looking for what waits for a run").await?;
    for statement in 0..3 {
        if !answer.rows::<igny8_data::Value>(statement)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(state.sync_status == SyncStatus::Syncing && !is_held(app, state).await?)
}

/// Whether the job that took it last runs, or will again.
async fn is_held(app: &App, state: &State) -> Result<bool, DbError> {
    let Some(holder) = state.held_by else {
        return Ok(false);
    };
    let mut binds = tenant(state);
    binds.insert("holder", holder);
    let sql = "SELECT VALUE id FROM $holder WHERE state INSIDE ['queued', 'running'] AND site = $site \
               AND account = $account;";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform
        .query(sql, binds, "asking for who works on a destination")
        .await?;
    Ok(!answer.rows::<JobId>(0)?.is_empty())
}

/// Whether a job brings what there is, or is about to; not one for another time.
async fn is_coming(app: &App, state: &State) -> Result<bool, DbError> {
    let mut binds = tenant(state);
    binds.insert("kind", PUBLISH);
    binds.insert("named", state.destination.to_string());
    let key = publish_job(state.destination).key.unwrap_or_default();
    binds.insert("key", format!("{}/{key}", state.account));
    let sql = "SELECT VALUE id FROM job WHERE state INSIDE ['queued', 'running'] AND site = $site \
               AND account = $account AND kind = $kind AND payload.destination = $named \
               AND (unique_key IS NONE OR unique_key = $key) LIMIT 1;";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform.query(sql, binds, "looking for a job that publishes").await?;
    Ok(!answer.rows::<JobId>(0)?.is_empty())
}

fn tenant(state: &State) -> Variables {
    let mut binds = Variables::new();
    binds.insert("account", state.account);
    binds.insert("site", state.site);
    binds.insert("destination", state.destination);
    binds
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

    #[test]
    fn one_that_failed_is_left_alone_for_a_while() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let now: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
        let ago = |minutes: i64| Some(now - Duration::minutes(minutes));
        let (works, broken) = (Connection::Connected, Connection::Error);
        for (what, failed_at, not_before, connection, checked_at, expected) in [
            ("never failed", None, None, works, ago(30), false),
            ("down a while ago", ago(16), None, works, ago(30), false),
            ("just down", ago(5), None, works, ago(30), true),
            ("just down, tried since", ago(5), None, works, ago(3), false),
            ("broken", ago(16), None, broken, ago(16), true),
            ("broken long ago", ago(61), None, broken, ago(61), false),
            ("broken, mended", ago(16), None, works, ago(3), false),
            ("wants to be left alone", None, ago(-1), works, ago(3), true),
            ("wanted to be left alone", None, ago(1), works, ago(3), false),
        ] {
            let state = State {
                account: ids.make(),
                site: ids.make(),
                destination: ids.make(),
                connection,
                checked_at,
                sync_status: SyncStatus::Error,
                considered_at: None,
                not_before,
                failed_at,
                held_by: None,
            };
            assert_eq!(is_left_alone(&state, now), expected, "{what}");
        }
    }
}
