//! Forgetting: messages at the end of their time, hashes of addresses after a week.

use igny8_data::{SurrealValue, Value, Variables, Why};

use crate::app::App;
use crate::jobs::JobError;

/// Rows changed in one transaction.
const BATCH: usize = 500;

/// Removes messages whose time is over, and hashes of senders' addresses. Answers how many rows it changed.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn forget(app: App) -> Result<u64, JobError> {
    let now = app.db.clock().now();
    let removed = each(
        &app,
        "SELECT VALUE id FROM submission WHERE expires_at < $now",
        "DELETE $ids RETURN NONE;",
        now.into_value(),
    );
    let removed = removed.await?;
    let freed = each(
        &app,
        "SELECT VALUE id FROM submission WHERE sender_until < $now AND sender_until != NONE",
        "UPDATE $ids SET sender = NONE, sender_until = NONE RETURN NONE;",
        now.into_value(),
    );
    Ok(removed + freed.await?)
}

async fn each(app: &App, which: &str, change: &str, now: Value) -> Result<u64, JobError> {
    let platform = app.db.platform(Why::Schedule);
    let mut changed = 0;
    loop {
        let mut binds = Variables::new();
        binds.insert("now", now.clone());
        let sql = format!("{which} LIMIT {BATCH};");
        let mut answer = platform.query(&sql, binds, "looking for messages to forget").await?;
        let ids: Vec<Value> = answer.rows(0)?;
        let found = ids.len();
        if found > 0 {
            let mut binds = Variables::new();
            binds.insert("ids", ids);
            platform.query(change, binds, "forgetting messages").await?;
        }
        changed += found as u64;
        if found < BATCH {
            return Ok(changed);
        }
    }
}
