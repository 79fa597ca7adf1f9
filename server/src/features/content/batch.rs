//! Changing many pieces of content: each on its own terms, written together.

use igny8_data::{CanWrite, DbError, Deleted, Origin, SiteDb, SiteScope, Tx, Variables};

use super::model::{Content, ContentId};
use super::readiness::Missing;
use super::revision::Reason;
use super::{publish, save};
use crate::api::{Error, Result};
use crate::app::App;

/// Rows read and written in one go. A body may be 2 MiB, so this also bounds memory.
pub const BATCH: usize = 25;

/// Times one row is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// What becomes of a change that takes from published content what it needs to be published.
#[derive(Debug, Clone, Copy)]
pub enum Readiness<'a> {
    /// It is made: something that the content names is gone.
    Any,
    /// It is refused.
    Kept,
    /// It is made and put on record: an admin waives the rule, in a request from there.
    WaivedBy(&'a Origin),
}

/// Applies a change to the rows with these ids, at most [`BATCH`] in a transaction; each row's result is its own.
/// Foreign and missing ids are `not_found`. Whether published content is still ready is not asked.
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
    each_ready(app, scope, ids, which, change, Readiness::Any).await
}

/// As [`each`], for what a person does to content, which has to leave published content ready.
///
/// # Errors
/// As [`each`].
pub async fn each_ready<A: CanWrite>(
    app: &App,
    scope: &SiteScope<A>,
    ids: &[ContentId],
    which: Deleted,
    change: &(dyn Fn(&mut Content) -> Result<()> + Sync),
    readiness: Readiness<'_>,
) -> Result<Vec<(ContentId, Result<()>)>> {
    let mut results = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BATCH) {
        match together(app, scope, ids, which, change, readiness).await? {
            Some(together) => results.extend(together),
            // One of them is refused, or was changed meanwhile: find out which.
            None => {
                for id in ids {
                    let result = alone(app, scope, *id, which, change, readiness).await;
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
    readiness: Readiness<'_>,
) -> Result<Option<Vec<(ContentId, Result<()>)>>> {
    let rows = read(app, scope, ids, which).await?;
    let mut results = Vec::with_capacity(ids.len());
    let mut changed: Vec<(&Content, Content)> = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(old) = rows.iter().find(|row| row.id == *id) else {
            results.push((*id, Err(Error::not_found())));
            continue;
        };
        let mut new = old.clone();
        let result = change(&mut new);
        if result.is_ok() {
            changed.push((old, new));
        }
        results.push((*id, result));
    }
    let db = app.db.site(scope);
    let changes: Vec<(&Content, &Content)> = changed.iter().map(|(old, new)| (*old, new)).collect();
    let lost = readiness.lost(&db, &changes).await?;
    let mut tx = db.tx();
    let mut writes = false;
    for ((old, mut new), lost) in changed.into_iter().zip(lost) {
        if let Err(error) = readiness.judge(&mut tx, new.id, lost) {
            if let Some((_, result)) = results.iter_mut().find(|(id, _)| *id == new.id) {
                *result = Err(error);
            }
            continue;
        }
        let who = scope.actor().who();
        writes |= save::change(&app.db, &mut tx, who, old, &mut new, Reason::Edited);
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
    readiness: Readiness<'_>,
) -> Result<()> {
    let db = app.db.site(scope);
    let mut attempt = 0;
    loop {
        let old = read(app, scope, &[id], which)
            .await?
            .pop()
            .ok_or_else(Error::not_found)?;
        let mut new = old.clone();
        change(&mut new)?;
        let lost = readiness.lost(&db, &[(&old, &new)]).await?.pop();
        let mut tx = db.tx();
        readiness.judge(&mut tx, id, lost.unwrap_or_default())?;
        if !save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited) {
            return Ok(());
        }
        match tx.commit().await {
            Ok(_) => return Ok(()),
            Err(DbError::Stale) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(publish::refused(&db, &new, error).await),
        }
    }
}

impl Readiness<'_> {
    async fn lost<A: CanWrite>(
        self,
        db: &SiteDb<'_, A>,
        changes: &[(&Content, &Content)],
    ) -> Result<Vec<Vec<Missing>>, DbError> {
        match self {
            Self::Any => Ok(vec![Vec::new(); changes.len()]),
            Self::Kept | Self::WaivedBy(_) => publish::lost(db, changes).await,
        }
    }

    fn judge(self, tx: &mut Tx<'_>, content: ContentId, lost: Vec<Missing>) -> Result<()> {
        let waived_by = match self {
            Self::Any | Self::Kept => None,
            Self::WaivedBy(origin) => Some(origin),
        };
        publish::keep_ready(tx, content, lost, waived_by)
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
