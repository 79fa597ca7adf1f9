//! Periodic work: forgetting what is old, and sending what was left behind.

use chrono::Duration;
use igny8_data::{AccountId, SurrealValue, Variables, Why};

use super::dispatch;
use super::model::EndpointId;
use crate::app::App;
use crate::jobs::JobError;
use crate::jobs::purge::delete_where;

/// How long deliveries are kept. Messages are kept a day longer: a delivery is made after its message and must not outlive it, or a
/// replay would send nothing.
pub const DAYS: i64 = 90;

/// Removes old messages and what became of them.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn purge(app: App) -> Result<u64, JobError> {
    let mut removed = 0;
    for (table, days) in [("webhook_delivery", DAYS), ("webhook_message", DAYS + 1)] {
        let before = app.db.clock().now() - Duration::days(days);
        let binds = [("before", before.into_value())];
        removed += delete_where(&app, table, "created_at < $before", &binds).await?;
    }
    Ok(removed)
}

/// How long something may be due before it is looked for.
const OVERDUE: Duration = Duration::minutes(2);

/// Endpoints that are looked at together.
const BATCH: usize = 100;

/// Queues the job of accounts with messages that nobody sends: theirs was cancelled or gave up.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn revive(app: App) -> Result<u64, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Enabled {
        id: EndpointId,
        account: AccountId,
    }
    let before = app.db.clock().now() - OVERDUE;
    let mut binds = Variables::new();
    binds.insert("before", before);
    let platform = app.db.platform(Why::Schedule);
    let sql = "RETURN array::distinct((SELECT VALUE account FROM webhook_message WITH INDEX webhook_message_waiting \
               WHERE waiting = true AND created_at < $before LIMIT 10000));\
               SELECT id, account FROM webhook_endpoint WHERE enabled = true;";
    let mut answer = platform.query(sql, binds, "looking for messages left behind").await?;
    let mut accounts: Vec<AccountId> = answer.rows(0)?;
    for enabled in answer.rows::<Enabled>(1)?.chunks(BATCH) {
        let ids: Vec<EndpointId> = enabled.iter().map(|endpoint| endpoint.id).collect();
        let first = dispatch::first_times(&app, &ids).await?;
        let overdue = enabled
            .iter()
            .zip(first)
            .filter(|(_, at)| at.is_some_and(|at| at < before));
        accounts.extend(overdue.map(|(endpoint, _)| endpoint.account));
    }
    accounts.sort_unstable();
    accounts.dedup();
    for account in &accounts {
        let mut tx = platform.tx(*account, None);
        tx.enqueue(dispatch::soon());
        tx.commit().await?;
    }
    Ok(accounts.len() as u64)
}
