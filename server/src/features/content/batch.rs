//! Changing many pieces of content: each on its own terms, written together.

use igny8_data::{CanWrite, Deleted, SiteScope, Variables};

use super::model::{Content, ContentId};
use super::revision::Reason;
use super::{publish, save};
use crate::api::{Error, Result};
use crate::app::App;

/// Rows read and written in one go. A body may be 2 MiB, so this also bounds memory.
pub const BATCH: usize = 25;

/// Times one row is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// Applies a change to the rows with these ids, at most [`BATCH`] in a transaction; each row's result is its own.
/// Foreign and missing ids are `not_found`.
///
/// # Errors
/// When the database fails; what was answered for earlier batches is written then.
pub async fn each<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    ids: &[ContentId],
    which: Deleted,
    change: &(dyn Fn(&mut Content) -> Result<()> + Sync),
) -> Result<Vec<(ContentId, Result<()>)>> {
    let mut results = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BATCH) {
        match together(app, scope, ids, which, change).await? {
            Some(together) => results.extend(together),
            // One of them is refused, or was changed meanwhile: find out which.
            None => {
                for id in ids {
                    let result = alone(app, scope, *id, which, change).await;
                    if let Err(Error::Internal(_) | Error::Unavailable(..)) = &result {
                        result?;
                    } else {
                        results.push((*id, result));
                    }
                }
            }
        }
    }
    Ok(results)
}

async fn together<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    ids: &[ContentId],
    which: Deleted,
    change: &(dyn Fn(&mut Content) -> Result<()> + Sync),
) -> Result<Option<Vec<(ContentId, Result<()>)>>> {
    let rows = read(app, scope, ids, which).await?;
    let mut tx = app.db.site(scope).tx();
    let mut results = Vec::with_capacity(ids.len());
    let mut writes = false;
    for id in ids {
        let Some(old) = rows.iter().find(|row| row.id == *id) else {
            results.push((*id, Err(Error::not_found())));
            continue;
        };
        let mut new = old.clone();
        let result = change(&mut new);
        if result.is_ok() {
            let who = scope.actor().who();
            writes |= save::change(&app.db, &mut tx, who, old, &mut new, Reason::Edited);
        }
        results.push((*id, result));
    }
    if writes && let Err(error) = tx.commit().await {
        tracing::debug!(%error, "a batch is written row by row");
        return Ok(None);
    }
    Ok(Some(results))
}

async fn alone<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    id: ContentId,
    which: Deleted,
    change: &(dyn Fn(&mut Content) -> Result<()> + Sync),
) -> Result<()> {
    let mut attempt = 0;
    loop {
        let old = read(app, scope, &[id], which)
            .await?
            .pop()
            .ok_or_else(Error::not_found)?;
        let mut new = old.clone();
        change(&mut new)?;
        let mut tx = app.db.site(scope).tx();
        if !save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited) {
            return Ok(());
        }
        match tx.commit().await {
            Ok(_) => return Ok(()),
            Err(igny8_data::DbError::Stale) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(publish::refused(&app.db.site(scope), &new, error).await),
        }
    }
}

/// The rows with these ids, few enough for memory, in no order.
///
/// # Errors
/// When the database fails.
pub async fn read<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    ids: &[ContentId],
    which: Deleted,
) -> Result<Vec<Content>> {
    let mut binds = Variables::new();
    binds.insert("ids", ids.to_vec());
    let which = match which {
        Deleted::Without => "AND deleted_at IS NONE",
        Deleted::Only => "AND deleted_at IS NOT NONE",
        Deleted::With => "",
    };
    // By record id: one look-up each, whatever the indexes.
    let sql = format!("SELECT * FROM $ids WHERE site = $site AND account = $account {which};");
    Ok(app
        .db
        .site(scope)
        .query(&sql, binds, "reading content")
        .await?
        .rows(0)?)
}
