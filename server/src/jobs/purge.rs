//! Removing what has been kept long enough: finished jobs, ended logins and secrets, deleted rows and whole sites.
//!
//! In batches, so that a large purge neither holds a transaction open nor stands in the way of other writers.

use igny8_data::{RecordKey as _, SectorId, SiteId, SurrealValue, Value, Variables, Why};

use super::JobError;
use crate::app::App;
use crate::registry::{OF_SITES, SOFT_DELETED};

/// Rows removed in one transaction.
const BATCH: usize = 500;

/// How the deleted rows of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// An index of `deleted_at`.
    Time,
    /// The unique index of (site, sector, this field), which is NONE in deleted rows: a table of many and often written rows
    /// is spared the other index.
    Key { index: &'static str, field: &'static str },
}

/// A table whose deleted rows are purged.
pub struct SoftDeleted {
    pub table: &'static str,
    pub found_by: FoundBy,
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
            found_by: FoundBy::Time,
            parts: &[],
            named_by: &[],
        }
    }
}

/// Purges finished jobs, answered idempotency keys, closed editors, ended sessions and mailed secrets.
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
        ("editing", "until < $before", now),
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
    for kind in SOFT_DELETED {
        match kind.found_by {
            FoundBy::Time => removed += delete_soft(&app, kind, kind.table, long_deleted, &binds).await?,
            FoundBy::Key { index, field } => {
                let from = format!("{} WITH INDEX {index}", kind.table);
                let condition = format!("site = $of AND sector = $sector AND {field} = NONE AND {long_deleted}");
                for Sector { id, site } in sectors(&app).await? {
                    let binds = [binds[0].clone(), ("of", site.into_value()), ("sector", id.into_value())];
                    removed += delete_soft(&app, kind, &from, &condition, &binds).await?;
                }
            }
        }
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

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Sector {
    id: SectorId,
    site: SiteId,
}

async fn sectors(app: &App) -> Result<Vec<Sector>, JobError> {
    let platform = app.db.platform(Why::Schedule);
    let sql = "SELECT id, site FROM sector;";
    let mut answer = platform.query(sql, Variables::new(), "looking for sectors").await?;
    Ok(answer.rows(0)?)
}

/// Removes rows with their parts, batch by batch, and takes their names from the rows that are left.
async fn delete_soft(
    app: &App,
    kind: &SoftDeleted,
    from: &str,
    condition: &str,
    binds: &[(&str, Value)],
) -> Result<u64, JobError> {
    let mut removed = 0;
    loop {
        let gone: Vec<Value> = select(app, from, condition, binds).await?;
        if gone.is_empty() {
            return Ok(removed);
        }
        let found = gone.len();
        for (part, field) in kind.parts {
            let of_these = format!("{field} INSIDE $gone");
            removed += delete_where(app, part, &of_these, &[("gone", gone.clone().into_value())]).await?;
        }
        let mut sql = "BEGIN; LET $sites = array::distinct($gone.site);\n".to_owned();
        for (naming, set, names) in kind.named_by {
            sql += &format!("UPDATE {naming} SET {set}, rev += 1 WHERE site INSIDE $sites AND {names} RETURN NONE;\n");
        }
        sql += "DELETE $gone RETURN NONE; COMMIT;";
        let mut variables = Variables::new();
        variables.insert("gone", gone);
        app.db
            .platform(Why::Schedule)
            .query(&sql, variables, "purging rows")
            .await?;
        removed += found as u64;
        if found < BATCH {
            return Ok(removed);
        }
    }
}

/// Removes the rows of a table that fulfil a condition, batch by batch; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_where(app: &App, table: &str, condition: &str, binds: &[(&str, Value)]) -> Result<u64, JobError> {
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
