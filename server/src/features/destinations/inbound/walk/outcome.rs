//! How an import went, for the destination's row, its events and the job.

use std::time::Instant;

use chrono::Duration;
use igny8_data::Write;

use super::super::cursor::Counts;
use super::BUSY;
use crate::app::App;
use crate::features::destinations::model::{Destination, Direction, SyncResult, SyncStatus};
use crate::features::destinations::state::{self, Change, Noted};
use crate::jobs::{JobContext, JobError};
use crate::publish::PublishError;

/// Writes down how it went.
pub(super) async fn end(
    app: &App,
    scope: &igny8_data::SiteScope<Write>,
    destination: &Destination,
    context: &JobContext,
    begun: Instant,
    outcome: Result<Counts, PublishError>,
) -> Result<serde_json::Value, JobError> {
    // What stopped by itself says nothing about the destination.
    context.check()?;
    let now = app.db.clock().now();
    let mut tx = app.db.site(scope).tx();
    state::guard(&mut tx, destination.id, context.lease());
    let noted = |result: SyncResult, message: String, counts: serde_json::Value| Noted {
        what: "import",
        direction: Direction::In,
        result,
        message,
        counts,
        took: begun.elapsed(),
    };
    match outcome {
        Ok(counts) => {
            let result = if counts.skipped == 0 && counts.problems.is_empty() {
                SyncResult::Done
            } else {
                SyncResult::Partly
            };
            let numbers = numbers(&counts);
            let something = numbers
                .as_object()
                .is_some_and(|all| all.iter().any(|(name, n)| name != "unchanged" && *n != 0));
            Change::new()
                .connection(None, now)
                .sync(SyncStatus::Completed, None)
                .synced_at(now)
                .add_to(&mut tx, destination.id);
            // A look that finds nothing is no event.
            if something || !counts.problems.is_empty() {
                let message = [vec![told(&counts)], counts.problems].concat().join(" ");
                state::note(&app.db, &mut tx, destination, noted(result, message, numbers.clone()));
            }
            tx.commit().await?;
            Ok(numbers)
        }
        Err(error) => {
            let why = error.to_string();
            let mut change = Change::new().sync(SyncStatus::Error, Some(why.clone()));
            if let PublishError::Connection(_) = &error {
                change = change.connection(Some(why.clone()), now);
            }
            if let PublishError::Retry { after: Some(after), .. } = &error {
                change = change.not_before(now + Duration::from_std(*after).unwrap_or(BUSY).max(BUSY));
            }
            change.add_to(&mut tx, destination.id);
            state::note(
                &app.db,
                &mut tx,
                destination,
                noted(SyncResult::Failed, why.clone(), serde_json::json!({})),
            );
            tx.commit().await?;
            Err(match error {
                PublishError::Retry { after: Some(after), .. } => {
                    JobError::Later(Duration::from_std(after).unwrap_or(BUSY).max(BUSY), why)
                }
                PublishError::Retry { .. } => JobError::Retry(why),
                _ => JobError::Fail(why),
            })
        }
    }
}

fn numbers(counts: &Counts) -> serde_json::Value {
    serde_json::json!({
        "created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged, "conflicts": counts.conflicts,
        "removed": counts.removed, "skipped": counts.skipped, "terms": counts.terms,
    })
}

fn told(counts: &Counts) -> String {
    let parts: Vec<String> = [
        (counts.created, "new"),
        (counts.updated, "changed"),
        (counts.removed, "deleted there"),
        (counts.conflicts, "changed on both sides"),
        (counts.skipped, "not imported"),
        (counts.terms, "terms"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    if parts.is_empty() {
        "Nothing changed.".into()
    } else {
        format!("Imported: {}.", parts.join(", "))
    }
}
