//! How long the log of what was done with destinations is kept.

use chrono::Duration;
use igny8_data::{SurrealValue as _, Variables, Why};

use super::model::SyncEventId;
use crate::app::App;
use crate::jobs::JobError;

/// How long entries stay.
const KEPT: Duration = Duration::days(90);
/// Rows removed in one transaction.
const BATCH: usize = 500;

/// Removes old entries of the log.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn forget_events(app: App) -> Result<u64, JobError> {
    let platform = app.db.platform(Why::Schedule);
    let mut removed = 0;
    loop {
        let mut binds = Variables::new();
        binds.insert("before", (app.db.clock().now() - KEPT).into_value());
        let sql =
            format!("SELECT VALUE id FROM sync_event WITH INDEX sync_event_old WHERE at < $before LIMIT {BATCH};");
        let mut answer = platform.query(&sql, binds, "looking for old sync events").await?;
        let ids: Vec<SyncEventId> = answer.rows(0)?;
        let found = ids.len();
        if found > 0 {
            let mut binds = Variables::new();
            binds.insert("ids", ids);
            platform
                .query("DELETE $ids RETURN NONE;", binds, "forgetting sync events")
                .await?;
        }
        removed += found as u64;
        if found < BATCH {
            return Ok(removed);
        }
    }
}
