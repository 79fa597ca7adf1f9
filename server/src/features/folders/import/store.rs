//! Writing pages: batches in one transaction each, several on their way.

use futures_util::{StreamExt as _, TryStreamExt as _};
use igny8_data::{DbError, SiteScope, Write};

use super::super::{Conflict, FoldersError, ImportReport};
use super::{Options, REASON, fingerprint};
use crate::app::App;
use crate::backup::Progress;
use crate::features::content::changes;
use crate::features::content::model::Change;
use crate::features::content::save::{REVISED, score_later};
use crate::features::content::{Content, ContentId, Revision};

/// What is to be written.
#[derive(Default)]
pub struct Plan {
    pub new: Vec<Content>,
    /// The row, and what the folder says now.
    pub changed: Vec<(ContentId, Content)>,
}

/// Rows written by one transaction, and transactions on their way: with an fsync each, three of them keep the disk and
/// the processor busy at once (measured on two cores).
const BATCH: usize = 200;
const IN_FLIGHT: usize = 3;

enum Outcome {
    Created(usize),
    Updated,
    Unchanged,
    Left(Conflict),
}

pub async fn run(
    app: &App,
    scope: &SiteScope<Write>,
    plan: Plan,
    options: Options,
    report: &mut ImportReport,
    progress: &dyn Progress,
) -> Result<(), FoldersError> {
    let mut new = plan.new.into_iter().peekable();
    let batches = std::iter::from_fn(move || {
        new.peek()
            .is_some()
            .then(|| new.by_ref().take(BATCH).collect::<Vec<_>>())
    });
    let mut created = futures_util::stream::iter(batches)
        .map(|batch| create(app, scope, batch, options))
        .buffer_unordered(IN_FLIGHT);
    while let Some(outcomes) = created.try_next().await? {
        for outcome in outcomes {
            count(outcome, report, progress);
        }
    }
    let mut updated = futures_util::stream::iter(plan.changed)
        .map(|(id, fresh)| update(app, scope, id, fresh, options))
        .buffer_unordered(IN_FLIGHT);
    while let Some(outcome) = updated.try_next().await? {
        count(outcome, report, progress);
    }
    Ok(())
}

fn count(outcome: Outcome, report: &mut ImportReport, progress: &dyn Progress) {
    match outcome {
        Outcome::Created(n) => {
            report.created += n;
            progress.add(n as u64);
        }
        Outcome::Updated => {
            report.updated += 1;
            progress.add(1);
        }
        Outcome::Unchanged => report.unchanged += 1,
        Outcome::Left(conflict) => report.conflicts.push(conflict),
    }
}

async fn create(
    app: &App,
    scope: &SiteScope<Write>,
    rows: Vec<Content>,
    options: Options,
) -> Result<Vec<Outcome>, FoldersError> {
    let n = rows.len();
    if options.dry_run {
        return Ok(vec![Outcome::Created(n)]);
    }
    match write(app, scope, rows.clone()).await {
        Ok(()) => Ok(vec![Outcome::Created(n)]),
        // Somebody made content with one of these addresses since we looked: one by one then.
        Err(DbError::Duplicate { .. }) if n > 1 => {
            let mut outcomes = Vec::with_capacity(n);
            for row in rows {
                outcomes.push(match write(app, scope, vec![row.clone()]).await {
                    Ok(()) => Outcome::Created(1),
                    Err(DbError::Duplicate { .. }) => Outcome::Left(left(&row, "its address was taken meanwhile")),
                    Err(error) => return Err(error.into()),
                });
            }
            Ok(outcomes)
        }
        Err(DbError::Duplicate { .. }) => Ok(rows
            .iter()
            .map(|row| Outcome::Left(left(row, "its address was taken meanwhile")))
            .collect()),
        Err(error) => Err(error.into()),
    }
}

async fn write(app: &App, scope: &SiteScope<Write>, rows: Vec<Content>) -> Result<(), DbError> {
    let (db, who) = (app.db.site(scope), scope.actor().who().to_string());
    let revisions = rows
        .iter()
        .map(|row| {
            Revision::of(
                app.db.ids().make(),
                row,
                REASON,
                who.clone(),
                Vec::new(),
                row.created_at,
            )
        })
        .collect();
    let mut tx = db.tx();
    tx.create_all(rows).create_all::<Revision>(revisions);
    score_later(&mut tx, scope.site());
    tx.commit().await.map(|_| ())
}

/// Takes the folder's version, unless the row was changed here since the last import.
async fn update(
    app: &App,
    scope: &SiteScope<Write>,
    id: ContentId,
    fresh: Content,
    options: Options,
) -> Result<Outcome, FoldersError> {
    let db = app.db.site(scope);
    let Some(old) = db.get::<Content>(id).await? else {
        return Ok(Outcome::Left(left(&fresh, "it was deleted here")));
    };
    let present = fingerprint(&old);
    let same = Some(&present) == fresh.imported_hash.as_ref();
    if !same && Some(&present) != old.imported_hash.as_ref() {
        let reason = "it was changed here and in the folder since the last import; left as it is here";
        return Ok(Outcome::Left(left(&fresh, reason)));
    }
    if options.dry_run {
        return Ok(if same { Outcome::Unchanged } else { Outcome::Updated });
    }
    let now = app.db.clock().now();
    let mut row = fresh;
    row.id = old.id;
    row.rev = old.rev;
    row.created_at = old.created_at;
    row.updated_at = now;
    row.revision = old.revision;
    row.changes = old.changes.clone();
    row.score = old.score;
    row.source = old.source;
    row.source_url = old.source_url.clone();
    let fields = changes::fields(&old, &row);
    let textual = fields.iter().any(|f| REVISED.contains(&f.as_str()));
    if textual {
        row.revision += 1;
    }
    if !fields.is_empty() {
        row.changes.push(Change {
            rev: old.rev + 1,
            at: now,
            fields: fields.clone(),
        });
        let surplus = row.changes.len().saturating_sub(changes::KEPT);
        row.changes.drain(..surplus);
    }
    let mut tx = db.tx();
    tx.replace(&mut row);
    if textual {
        let who = scope.actor().who().to_string();
        tx.create(Revision::of(app.db.ids().make(), &row, REASON, who, fields, now));
    }
    score_later(&mut tx, scope.site());
    match tx.commit().await {
        Ok(_) if same => Ok(Outcome::Unchanged),
        Ok(_) => Ok(Outcome::Updated),
        Err(DbError::Stale) => Ok(Outcome::Left(left(
            &row,
            "it was changed here while it was imported; try again",
        ))),
        Err(DbError::Duplicate { .. }) => Ok(Outcome::Left(left(&row, "other content has its new address"))),
        Err(error) => Err(error.into()),
    }
}

fn left(row: &Content, reason: &str) -> Conflict {
    Conflict {
        page: row.source_key.clone().unwrap_or_default(),
        path: row.path.clone(),
        reason: reason.to_owned(),
    }
}
