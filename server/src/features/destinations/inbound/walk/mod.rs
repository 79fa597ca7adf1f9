//! The job that reads a WordPress site.
//!
//! Of each type it reads what changed ([`read`]) and compares ids ([`compare()`]); then it reads what changed without its times
//! saying so ([`again`]).

mod again;
mod compare;
mod lots;
mod outcome;
mod read;

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{JobPriority, JobRow, NewJob, Tx, Write};
use igny8_wordpress::PostType;
use serde::{Deserialize, Serialize};

use super::super::model::{Destination, DestinationId, SyncStatus};
use super::super::state::{self, Change};
use super::cursor::{Counts, Cursor, Run};
use super::source::{Inbound, broken};
use super::{renew, surroundings, terms};
use crate::app::App;
use crate::jobs::{JobContext, JobError, JobType};
use crate::publish::wordpress::{Imports, WordpressSettings};
use crate::publish::{DestinationKind, PublishError};

use again::{became_due, follow, some};
use compare::compare;
use outcome::end;
use read::read_all;

/// The kind of job.
pub const IMPORT_WORDPRESS: &str = "import_wordpress";

/// How long deletions may go unseen that leave the count as it was.
const COMPARED: Duration = Duration::hours(24);
/// How soon another job looks again at a destination that one works on.
const BUSY: Duration = Duration::seconds(2);

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    destination: DestinationId,
    /// Everything is read again, also what did not change.
    #[serde(default)]
    full: bool,
    /// These posts alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    posts: Vec<Named>,
}

/// A post that somebody named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub id: u64,
    /// Slug of its type.
    #[serde(rename = "type")]
    pub post_type: String,
}

impl Payload {
    /// The job that does the same.
    fn job(&self) -> NewJob {
        if self.posts.is_empty() {
            import_job(self.destination, self.full)
        } else {
            import_some_job(self.destination, self.posts.clone())
        }
    }
}

/// The job that imports what changed at a destination, or everything.
pub fn import_job(destination: DestinationId, full: bool) -> NewJob {
    let payload = Payload {
        destination,
        full,
        posts: Vec::new(),
    };
    let payload = serde_json::to_value(payload).unwrap_or_default();
    NewJob::new(IMPORT_WORDPRESS, payload).key(format!("{IMPORT_WORDPRESS}/{destination}/{full}"))
}

/// The job that imports some posts.
pub fn import_some_job(destination: DestinationId, posts: Vec<Named>) -> NewJob {
    let names = serde_json::to_vec(&posts).unwrap_or_default();
    let key = format!("{IMPORT_WORDPRESS}/{destination}/{}", blake3::hash(&names).to_hex());
    let payload = Payload {
        destination,
        full: false,
        posts,
    };
    let payload = serde_json::to_value(payload).unwrap_or_default();
    NewJob::new(IMPORT_WORDPRESS, payload)
        .key(key)
        .priority(JobPriority::High)
}

/// The job's type, for the registry.
pub fn job() -> JobType {
    JobType::new(IMPORT_WORDPRESS, run)
}

async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let payload: Payload =
        serde_json::from_value(job.payload.clone()).map_err(|error| JobError::Fail(error.to_string()))?;
    let site = job
        .site
        .ok_or_else(|| JobError::Fail("The job names no site.".into()))?;
    let actor = context.actor(&app.db, &job).await?;
    let scope = actor.site::<Write>(&app.db, site).await?;
    let db = app.db.site(&scope);
    // Before the settings are read: those that change from now on have the last word.
    let mark = state::of(&db, payload.destination)
        .await?
        .map_or(0, |state| Cursor::read(&state.cursor).mark);
    let nothing = |why: &str| Ok(serde_json::json!({ "done": false, "reason": why }));
    let Some(destination) = db.get::<Destination>(payload.destination).await? else {
        return nothing("the destination was removed");
    };
    let settings = match (destination.kind, destination.enabled) {
        (DestinationKind::Wordpress, true) => destination.settings::<WordpressSettings>().unwrap_or_default(),
        _ => return nothing("the destination is switched off"),
    };
    if state::is_paused(&db, destination.id, payload.job()).await? {
        return nothing("the site asked to come back later: another job does");
    }
    if !state::take(&db, destination.id, context.lease()).await? {
        return Err(JobError::Later(BUSY, "Another job works on this destination.".into()));
    }
    let begun = Instant::now();
    let mut tx = db.tx();
    state::guard(&mut tx, destination.id, context.lease());
    Change::new()
        .sync(SyncStatus::Syncing, None)
        .import_at(next(&settings, app.db.clock().now()))
        .add_to(&mut tx, destination.id);
    tx.commit().await?;
    let mut outcome = match Inbound::open(&app, &scope, destination.clone(), Some(context.lease())).await {
        Ok(mut from) => import(&mut from, &payload, mark, &context).await,
        Err(error) => Err(error),
    };
    let is_unreachable = matches!(outcome, Err(PublishError::Connection(_)));
    if is_unreachable && renew::has_moved(&app, &db, &destination, context.lease()).await {
        let why = "The REST API of the site has another address now; it is tried again there.";
        outcome = Err(PublishError::retry(why));
    }
    end(&app, &scope, &destination, &context, begun, outcome).await
}

/// When a site is looked at next.
pub(super) fn next(settings: &WordpressSettings, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (settings.imports != Imports::Nothing).then(|| now + Duration::minutes(i64::from(settings.interval())))
}

/// Must the job end?
fn stopped(context: &JobContext) -> Result<(), PublishError> {
    context.check().map_err(|error| PublishError::retry(error.to_string()))
}

async fn import(
    from: &mut Inbound<'_>,
    payload: &Payload,
    mark: i64,
    context: &JobContext,
) -> Result<Counts, PublishError> {
    let state = state::of(&from.db(), from.destination.id)
        .await
        .map_err(|error| broken(&error))?;
    let looked_at = state.as_ref().and_then(|state| state.discovered_at);
    let mut cursor = Cursor::read(&state.map(|state| state.cursor).unwrap_or_default());
    if !payload.posts.is_empty() {
        return some(from, &payload.posts, &cursor, context).await;
    }
    cursor.mark = mark;
    renew::when_due(from, &mut cursor, looked_at).await?;
    let mut run = begin(from, &mut cursor, payload.full);
    let types = from.types();
    let now = from.app.db.clock().now();
    let are_terms_due = run.full || cursor.terms_at.is_none_or(|at| now - at >= COMPARED);
    if !run.terms && are_terms_due {
        context.progress(1.0, "Reading categories and tags");
        let mut counts = Counts::default();
        // Of a term that was deleted, posts say nothing in their times: all of them are read.
        run.full |= terms::all(from, &mut cursor, run.asked, &mut counts).await?;
        // What they are in is not here either: it is not taken away there.
        run.taxonomies.retain(|theirs, _| !cursor.unread.contains(theirs));
        Box::pin(surroundings::look(from)).await?;
        run.counts.add(&counts);
        cursor.terms_at = Some(now);
    }
    run.terms = true;
    let parts = types.len().max(1);
    for (n, of) in types.iter().enumerate() {
        if run.done.contains(&of.slug) {
            continue;
        }
        let told = |share: f64| 5.0 + 90.0 * (n as f64 + share) / parts as f64;
        if !one_type(from, of, &mut cursor, &mut run, context, &told).await? {
            from.is_outdated = true;
            run.counts.problem(format!(
                "The site does not show posts of the type `{}` any more: what came of them stays as it is here.",
                of.slug
            ));
        }
        run.finish(&of.slug);
        save(from, &cursor, Some(&run)).await?;
    }
    if from.is_outdated {
        renew::look(from, &mut cursor).await?;
    }
    cursor.brought = Some(run.taxonomies);
    save(from, &cursor, None).await?;
    Ok(run.counts)
}

/// Brings what came of a post type up to date; false where the site does not show the type any more.
async fn one_type(
    from: &mut Inbound<'_>,
    of: &PostType,
    cursor: &mut Cursor,
    run: &mut Run,
    context: &JobContext,
    told: &(dyn Fn(f64) -> f64 + Sync),
) -> Result<bool, PublishError> {
    let unseen = cursor.types.get(&of.slug).is_none_or(|seen| seen.until.is_none());
    from.tells = !unseen && !run.full;
    // Where only what is known counts, reading everything would be for nothing.
    if !from.takes_new() && (unseen || run.full) {
        run.comparing = true;
    }
    let is_shown = run.comparing || read_all(from, of, cursor, run, context, told).await?;
    if !is_shown || !compare(from, of, cursor, run, context).await? {
        return Ok(false);
    }
    became_due(from, of, &mut run.counts, context).await?;
    let seen = cursor.types.get(&of.slug).filter(|_| !run.full);
    let since = seen.and_then(|seen| seen.followed_at);
    let followed_at = follow(from, of, since, &mut run.counts, context).await?;
    let seen = cursor.types.entry(of.slug.clone()).or_default();
    (seen.until, seen.total) = (run.begun.or(seen.until), run.total);
    seen.followed_at = followed_at;
    Ok(true)
}

/// The run that goes on, or one that begins: with everything where posts have terms that could not come until now.
fn begin(from: &mut Inbound<'_>, cursor: &mut Cursor, full: bool) -> Run {
    let taxonomies = from.taxonomies();
    let before = cursor.brought.get_or_insert_with(|| from.usual_taxonomies());
    let is_new = |(theirs, ours): &(&String, &String)| before.get(*theirs) != Some(*ours);
    from.bringing = taxonomies
        .iter()
        .filter(is_new)
        .map(|(theirs, _)| theirs.clone())
        .collect();
    let all = full || !from.bringing.is_empty();
    // A full one that was asked for meanwhile begins anew.
    let goes_on = |run: &Run| (run.full || !all) && (run.taxonomies == taxonomies || from.bringing.is_empty());
    let run = cursor.run.take().filter(goes_on);
    let mut run = run.unwrap_or_else(|| Run::new(all));
    run.taxonomies = taxonomies;
    run.asked |= full;
    run
}

/// Keeps where the import is.
async fn save(from: &Inbound<'_>, cursor: &Cursor, run: Option<&Run>) -> Result<(), PublishError> {
    let mut tx = from.tx();
    keep(from, &mut tx, cursor, run);
    tx.commit().await.map(|_| ()).map_err(|error| broken(&error))
}

fn keep(from: &Inbound<'_>, tx: &mut Tx<'_>, cursor: &Cursor, run: Option<&Run>) {
    let cursor = Cursor {
        run: run.cloned(),
        ..cursor.clone()
    };
    Change::new()
        .import_cursor(cursor.mark, cursor.stored())
        .add_to(tx, from.destination.id);
}
