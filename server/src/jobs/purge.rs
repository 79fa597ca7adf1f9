//! Removing what has been kept long enough: finished jobs, ended logins and secrets, deleted rows and whole sites.
//!
//! In batches, so that a large purge neither holds a transaction open nor stands in the way of other writers.

use igny8_data::{RecordKey as _, SiteId, SurrealValue, Value, Variables, Why};

use super::JobError;
use crate::app::App;
use crate::registry::{OF_SITES, SOFT_DELETED};

/// Rows removed in one transaction.
const BATCH: usize = 500;

/// A table whose deleted rows are purged.
pub struct SoftDeleted {
    pub table: &'static str,
    /// Rows that belong to each: their table and the field that names it.
    pub parts: &'static [(&'static str, &'static str)],
    /// Rows of the same site that may name one: their table, what to set then, and the condition (`$gone` are the purged
    /// ids). Deleting takes the names away at once; what was saved in that very moment loses them here.
    pub named_by: &'static [(&'static str, &'static str, &'static str)],
}

impl SoftDeleted {
    /// A table whose rows have no parts and no names elsewhere.
    pub const fn alone(table: &'static str) -> Self {
        Self {
            table,
            parts: &[],
            named_by: &[],
        }
    }
}

/// Purges finished jobs, answered idempotency keys, ended sessions and mailed secrets.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn finished(app: App) -> Result<u64, JobError> {
    let now = app.db.clock().now();
    let days = chrono::Duration::days;
    let mut removed = 0;
    for (table, condition, before) in [
        (
            "job",
            "finished_at != NONE AND finished_at < $before",
            now - days(app.config.jobs.keep_finished_days),
        ),
        ("idempotency", "started_at < $before", now - days(2)),
        ("session", "expires_at < $before", now),
        ("mailed_token", "expires_at < $before", now - days(7)),
    ] {
        removed += delete_where(&app, table, condition, &[("before", before.into_value())]).await?;
    }
    Ok(removed)
}

/// Purges rows that were deleted long ago, and sites with everything they have.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn deleted(app: App) -> Result<u64, JobError> {
    let before = app.db.clock().now() - chrono::Duration::days(app.config.jobs.keep_deleted_days);
    let binds = [("before", before.into_value())];
    let long_deleted = "deleted_at != NONE AND deleted_at < $before";
    let mut removed = 0;
    for SoftDeleted { table, parts, named_by } in SOFT_DELETED {
        for (naming, set, names) in *named_by {
            let sql = format!(
                "LET $rows = SELECT id, site FROM {table} WHERE {long_deleted};\
                 LET $gone = $rows.id; LET $sites = array::distinct($rows.site);\
                 UPDATE {naming} SET {set}, rev += 1 WHERE site INSIDE $sites AND {names} RETURN NONE;"
            );
            let mut variables = Variables::new();
            variables.insert("before", before);
            let platform = app.db.platform(Why::Schedule);
            platform.query(&sql, variables, "forgetting purged rows").await?;
        }
        for (part, field) in *parts {
            let condition = format!("{field} IN (SELECT VALUE id FROM {table} WHERE {long_deleted})");
            removed += delete_where(&app, part, &condition, &binds).await?;
        }
        removed += delete_where(&app, table, long_deleted, &binds).await?;
    }
    for site in select::<SiteId>(&app, "site", long_deleted, &binds).await? {
        for table in OF_SITES {
            removed += delete_where(&app, table, "site = $of", &[("of", site.into_value())]).await?;
        }
        removed += delete_where(&app, "site", "id = $of", &[("of", site.into_value())]).await?;
        tracing::info!(site = site.key(), "a deleted site was removed for good");
    }
    Ok(removed)
}

async fn delete_where(app: &App, table: &str, condition: &str, binds: &[(&str, Value)]) -> Result<u64, JobError> {
    let mut removed = 0;
    loop {
        let ids: Vec<Value> = select(app, table, condition, binds).await?;
        let found = ids.len();
        if found > 0 {
            let mut binds = Variables::new();
            binds.insert("ids", ids);
            app.db
                .platform(Why::Schedule)
                .query("DELETE $ids RETURN NONE;", binds, "purging rows")
                .await?;
        }
        removed += found as u64;
        if found < BATCH {
            return Ok(removed);
        }
    }
}

async fn select<T: SurrealValue>(
    app: &App,
    table: &str,
    condition: &str,
    binds: &[(&str, Value)],
) -> Result<Vec<T>, JobError> {
    let mut variables = Variables::new();
    for (name, value) in binds {
        variables.insert(*name, value.clone());
    }
    let sql = format!("SELECT VALUE id FROM {table} WHERE {condition} LIMIT {BATCH};");
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(&sql, variables, "looking for rows to purge")
        .await?;
    Ok(answer.rows(0)?)
}
