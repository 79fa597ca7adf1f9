//! The job that reads a WordPress site.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{DbError, JobPriority, JobRow, NewJob, SurrealValue, Tx, Variables, Write};
use igny8_outgoing::OutgoingError;
use igny8_wordpress::{Listed, Page, Post, PostQuery, PostType, WordPressError};
use serde::{Deserialize, Serialize};

use super::super::model::{
    Destination, DestinationId, Direction, Publication, PublicationId, PublicationStatus, SyncResult, SyncStatus,
};
use super::super::state::{self, Change, Noted};
use super::cursor::{Counts, Cursor, PAGE, Run};
use super::source::{Inbound, broken};
use super::{posts, renew, surroundings, terms};
use crate::app::App;
use crate::features::content::Content;
use crate::jobs::{JobContext, JobError, JobType};
use crate::publish::wordpress::{Imports, WordpressSettings, failed};
use crate::publish::{DestinationKind, PublishError};

/// The kind of job.
pub const IMPORT_WORDPRESS: &str = "import_wordpress";

/// Posts read at once by their ids.
const LOT: usize = 25;
/// What a poll reads again of what it has seen: clocks and caches there are not exact.
const OVERLAP: Duration = Duration::minutes(2);
/// How long deletions may go unseen that leave the count as it was.
const COMPARED: Duration = Duration::hours(24);
/// So many posts may always be missing there, and of more one in this many of those that are known.
const MISSING: usize = 20;
const MISSING_OF: usize = 5;
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

/// Writes down how it went.
async fn end(
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
    if !payload.posts.is_empty() {
        return some(from, &payload.posts, context).await;
    }
    let state = state::of(&from.db(), from.destination.id)
        .await
        .map_err(|error| broken(&error))?;
    let looked_at = state.as_ref().and_then(|state| state.discovered_at);
    let mut cursor = Cursor::read(&state.map(|state| state.cursor).unwrap_or_default());
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
        run.full |= terms::all(from, &mut counts).await?;
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
    follow(from, of, &mut run.counts, context).await?;
    let seen = cursor.types.entry(of.slug.clone()).or_default();
    (seen.until, seen.total) = (run.begun.or(seen.until), run.total);
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

/// Whether an answer may have failed for its size, so that one with fewer posts may come.
fn is_too_much(error: &WordPressError) -> bool {
    match error {
        WordPressError::TooLarge(_) | WordPressError::Server { .. } | WordPressError::Garbled(_) => true,
        WordPressError::Unreachable(error) => matches!(error, OutgoingError::TimedOut(_)),
        _ => false,
    }
}

/// Reads all posts of a type, or those that changed since the last time; false where the site does not show the type any more.
async fn read_all(
    from: &mut Inbound<'_>,
    of: &PostType,
    cursor: &mut Cursor,
    run: &mut Run,
    context: &JobContext,
    told: &(dyn Fn(f64) -> f64 + Sync),
) -> Result<bool, PublishError> {
    let seen = cursor.types.get(&of.slug).cloned().unwrap_or_default();
    let since = seen.until.filter(|_| !run.full).map(|until| until - OVERLAP);
    loop {
        stopped(context)?;
        let limit = run.limit();
        let page = match lot(from, of, since, run.offset, limit).await {
            Ok(page) => page,
            Err(WordPressError::NoRoute) => return Ok(false),
            Err(error) if is_too_much(&error) => {
                if !run.ask_for_less() && !next_alone(from, of, since, cursor, run).await? {
                    return Ok(true);
                }
                continue;
            }
            Err(error) => return Err(failed(&error)),
        };
        run.answered();
        let moved = since.is_none() && run.total.zip(page.total).is_some_and(|(before, now)| now < before);
        run.begun = run.begun.or(page.at);
        run.total = page.total.or(run.total);
        if let Some(total) = page.total.filter(|total| *total > 0) {
            let at = (run.offset as f64 / total as f64).min(1.0);
            context.progress(told(at), format!("{}: {} of {total}", of.name, run.offset.min(total)));
        }
        // Something before us was deleted, so that what follows moved up: a few are looked at twice.
        run.offset = if moved {
            run.offset.saturating_sub(u64::from(PAGE))
        } else {
            run.offset + u64::from(limit)
        };
        let more = page.more || moved;
        run.comparing = !more;
        let (kept_cursor, kept_run, destination) = (cursor.clone(), run.clone(), from.destination.id);
        let alongside = move |tx: &mut Tx<'_>, counts: &Counts| {
            let mut run = kept_run.clone();
            run.counts.add(counts);
            let cursor = Cursor {
                run: Some(run),
                ..kept_cursor.clone()
            };
            Change::new()
                .import_cursor(cursor.mark, cursor.stored())
                .add_to(tx, destination);
        };
        let counts = posts::import(from, of, page.items, &alongside).await?;
        run.counts.add(&counts);
        if !more {
            return Ok(true);
        }
    }
}

/// Reads the next post by itself, where the site does not answer with it otherwise; false when it is the last one.
async fn next_alone(
    from: &mut Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
    cursor: &Cursor,
    run: &mut Run,
) -> Result<bool, PublishError> {
    let query = PostQuery {
        modified_after: since,
        offset: run.offset,
        limit: 1,
    };
    let page = from.client.listed(of, query).await.map_err(|error| failed(&error))?;
    let mut posts = Vec::new();
    for listed in &page.items {
        posts.extend(alone(from, of, listed.id, &mut run.counts).await?);
    }
    run.counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    run.begun = run.begun.or(page.at);
    run.total = run.total.or(page.total);
    run.offset += 1;
    run.comparing = !page.more;
    save(from, cursor, Some(&*run)).await?;
    Ok(page.more)
}

async fn lot(
    from: &Inbound<'_>,
    of: &PostType,
    since: Option<DateTime<Utc>>,
    offset: u64,
    limit: u8,
) -> Result<Page<Post>, WordPressError> {
    let query = PostQuery {
        modified_after: since,
        offset,
        limit,
    };
    from.client.posts(of, &from.taxonomies_of(of), query).await
}

/// What is known of a publication, to be compared with a list.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Short {
    id: PublicationId,
    external_id: Option<String>,
    external_url: Option<String>,
    their_modified: Option<DateTime<Utc>>,
    status: PublicationStatus,
}

impl Short {
    /// As far as is known here.
    fn is_there(&self) -> bool {
        self.status != PublicationStatus::Removed
    }
}

/// Compares all ids of a type with what is here: what is missing there was deleted, what is missing here carries an old date.
/// Only when the count says so, or when it was long ago. False where the site does not show the type any more.
async fn compare(
    from: &mut Inbound<'_>,
    of: &PostType,
    cursor: &mut Cursor,
    run: &mut Run,
    context: &JobContext,
) -> Result<bool, PublishError> {
    let now = from.app.db.clock().now();
    let seen = cursor.types.get(&of.slug).cloned().unwrap_or_default();
    let first = match listed(from, of, 0, 1).await {
        Err(WordPressError::NoRoute) => return Ok(false),
        first => first.map_err(|error| failed(&error))?,
    };
    let is_due = seen.compared_at.is_none_or(|at| now - at >= COMPARED);
    run.total = first.total;
    run.begun = run.begun.or(first.at);
    if !run.full && !is_due && first.total == seen.total && first.total.is_some() {
        return Ok(true);
    }
    context.progress(95.0, format!("{}: looking for what is missing", of.name));
    let all_known = run.full && !from.takes_new();
    let mut known: HashMap<u64, Short> = known(from, of).await.map_err(|error| broken(&error))?;
    let count = known.values().filter(|here| here.is_there()).count();
    let mut wanted: Vec<u64> = Vec::new();
    let mut offset = 0;
    loop {
        stopped(context)?;
        let page = listed(from, of, offset, PAGE).await;
        let page = page.map_err(|error| failed(&error))?;
        for listed in page.items {
            let here = known.remove(&listed.id);
            let changed = here.as_ref().is_some_and(|here| {
                here.is_there() && here.their_modified.is_some() && here.their_modified != listed.modified_gmt
            });
            if changed
                || (here.is_some() && all_known)
                || (here.is_none() && from.takes_new() && listed.status != "trash")
            {
                wanted.push(listed.id);
            }
        }
        if !page.more {
            break;
        }
        offset += u64::from(PAGE);
    }
    for ids in wanted.chunks(LOT.min(run.limit().into())) {
        stopped(context)?;
        let posts = these(from, of, ids, &mut run.counts).await?;
        run.counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    let mut gone: Vec<(u64, PublicationId)> = known
        .into_iter()
        .filter(|(_, here)| here.is_there())
        .map(|(id, here)| (id, here.id))
        .collect();
    gone.sort_unstable();
    let seen = cursor.types.entry(of.slug.clone()).or_default();
    seen.compared_at = Some(now);
    let is_doubtful = gone.len() > MISSING && gone.len() * MISSING_OF > count;
    // Unless it was told before, and everything was asked for since.
    if is_doubtful && !(run.asked && seen.doubted) {
        seen.doubted = true;
        run.counts.problem(format!(
            "{} of {count} posts of the type `{}` are not there any more. So many may mean that this is another site, or an old \
             copy of it: nothing was taken away here. If they were deleted on purpose, import once more with `full`; if it is \
             another site, remove the destination.",
            gone.len(),
            of.slug
        ));
        return Ok(true);
    }
    for (id, publication) in gone {
        stopped(context)?;
        missing(from, of, id, publication, &mut run.counts).await?;
    }
    cursor.types.entry(of.slug.clone()).or_default().doubted = false;
    Ok(true)
}

/// Posts by their ids, as many at once as the site can answer with.
async fn these(from: &Inbound<'_>, of: &PostType, ids: &[u64], counts: &mut Counts) -> Result<Vec<Post>, PublishError> {
    let taxonomies = from.taxonomies_of(of);
    let mut posts = Vec::with_capacity(ids.len());
    let mut lots: Vec<&[u64]> = vec![ids];
    while let Some(ids) = lots.pop() {
        match (from.client.posts_with(of, &taxonomies, ids).await, ids) {
            (Ok(found), _) => posts.extend(found),
            (Err(error), [id]) if is_too_much(&error) => posts.extend(alone(from, of, *id, counts).await?),
            (Err(error), _) if is_too_much(&error) => {
                let (first, rest) = ids.split_at(ids.len() / 2);
                lots.extend([rest, first]);
            }
            (Err(error), _) => return Err(failed(&error)),
        }
    }
    Ok(posts)
}

/// A post by itself. One that the site does not answer with, though it answers otherwise, is left out.
async fn alone(from: &Inbound<'_>, of: &PostType, id: u64, counts: &mut Counts) -> Result<Option<Post>, PublishError> {
    let why = match from.client.post_of(of, &from.taxonomies_of(of), id).await {
        Ok(post) => return Ok(Some(post)),
        Err(WordPressError::Gone | WordPressError::Forbidden { .. }) => return Ok(None),
        Err(error) if is_too_much(&error) => error.to_string(),
        Err(error) => return Err(failed(&error)),
    };
    listed(from, of, 0, 1).await.map_err(|error| failed(&error))?;
    counts.skip(id, &why);
    Ok(None)
}

async fn listed(from: &Inbound<'_>, of: &PostType, offset: u64, limit: u8) -> Result<Page<Listed>, WordPressError> {
    let query = PostQuery {
        modified_after: None,
        offset,
        limit,
    };
    from.client.listed(of, query).await
}

/// Publications of a type by the ids of their posts: small, so that a site of many thousand posts fits into memory.
async fn known(from: &Inbound<'_>, of: &PostType) -> Result<HashMap<u64, Short>, DbError> {
    let mut binds = Variables::new();
    binds.insert("destination", from.destination.id);
    binds.insert("of", of.rest_base.clone());
    let sql = "SELECT id, external_id, external_url, their_modified, status FROM publication WITH INDEX publication_external \
               WHERE destination = $destination AND site = $site AND account = $account AND external_type = $of \
               AND external_id IS NOT NONE;";
    let rows: Vec<Short> = from.db().query(sql, binds, "reading publications").await?.rows(0)?;
    let by_id = rows
        .into_iter()
        .filter_map(|row| Some((row.external_id.as_ref()?.parse().ok()?, row)));
    Ok(by_id.collect())
}

/// Reads posts whose time has come since they were seen: WordPress publishes them without touching when they were changed.
async fn became_due(
    from: &mut Inbound<'_>,
    of: &PostType,
    counts: &mut Counts,
    context: &JobContext,
) -> Result<(), PublishError> {
    let mut binds = Variables::new();
    binds.insert("destination", from.destination.id);
    binds.insert("of", of.rest_base.clone());
    binds.insert("now", from.app.db.clock().now());
    binds.insert("removed", PublicationStatus::Removed);
    let sql = "SELECT VALUE external_id FROM publication WITH INDEX publication_external WHERE destination = $destination \
               AND site = $site AND account = $account AND external_type = $of AND external_id IS NOT NONE \
               AND external_status = 'future' AND status != $removed AND (content.publish_at ?? $now) <= $now;";
    let found = from.db().query(sql, binds, "looking for what was scheduled").await;
    let ids: Vec<String> = found
        .and_then(|mut found| found.rows(0))
        .map_err(|error| broken(&error))?;
    let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    for ids in ids.chunks(LOT) {
        stopped(context)?;
        let posts = these(from, of, ids, counts).await?;
        counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    Ok(())
}

/// Reads what is below posts that moved: its addresses are others as well, and its times do not say so.
async fn follow(
    from: &mut Inbound<'_>,
    of: &PostType,
    counts: &mut Counts,
    context: &JobContext,
) -> Result<(), PublishError> {
    let moved = std::mem::take(&mut counts.moved);
    if moved.is_empty() {
        return Ok(());
    }
    let known = known(from, of).await.map_err(|error| broken(&error))?;
    let below = known
        .into_iter()
        .filter(|(_, here)| here.external_url.as_deref().is_some_and(|url| is_below(url, &moved)));
    let mut ids: Vec<u64> = below.map(|(id, _)| id).collect();
    ids.sort_unstable();
    for ids in ids.chunks(LOT) {
        stopped(context)?;
        let posts = these(from, of, ids, counts).await?;
        counts.add(&posts::import(from, of, posts, &|_, _| {}).await?);
    }
    // Whatever was below those was below the first ones, too.
    counts.moved.clear();
    Ok(())
}

/// Whether an address is below one of these.
fn is_below(url: &str, addresses: &[String]) -> bool {
    addresses.iter().any(|address| {
        let rest = url.strip_prefix(address.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
    })
}

/// A post that is in no list: deleted for good, or hidden from the user that we are.
async fn missing(
    from: &mut Inbound<'_>,
    of: &PostType,
    id: u64,
    publication: PublicationId,
    counts: &mut Counts,
) -> Result<(), PublishError> {
    match from.client.post_of(of, &from.taxonomies_of(of), id).await {
        Ok(post) => {
            counts.add(&posts::import(from, of, vec![post], &|_, _| {}).await?);
            Ok(())
        }
        Err(WordPressError::Gone) => {
            let db = from.db();
            let Some(mut publication) = db
                .get::<Publication>(publication)
                .await
                .map_err(|error| broken(&error))?
            else {
                return Ok(());
            };
            // The publishing job is about to bring it there.
            if publication.status == PublicationStatus::Pending {
                return Ok(());
            }
            let content = db
                .get::<Content>(publication.content)
                .await
                .map_err(|error| broken(&error))?;
            let mut tx = from.tx();
            publication.external_status = Some("gone".into());
            match content {
                Some(content) => posts::remove(from, &mut tx, &content, &mut publication, "It was deleted there."),
                None => publication.status = PublicationStatus::Removed,
            }
            tx.replace(&mut publication);
            match tx.commit().await {
                Ok(_) => counts.removed += 1,
                // Somebody edits it: the next look finds it again.
                Err(DbError::Stale) => {}
                Err(error) => return Err(broken(&error)),
            }
            Ok(())
        }
        // Not for us to see, or too long to be read.
        Err(WordPressError::Forbidden { .. } | WordPressError::TooLarge(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// Imports posts that somebody named.
async fn some(from: &mut Inbound<'_>, named: &[Named], context: &JobContext) -> Result<Counts, PublishError> {
    from.tells = true;
    let mut counts = Counts::default();
    let mut by_type: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for one in named {
        by_type.entry(&one.post_type).or_default().push(one.id);
    }
    for of in from.types() {
        let Some(ids) = by_type.get(of.slug.as_str()) else {
            continue;
        };
        for ids in ids.chunks(LOT) {
            stopped(context)?;
            let posts = these(from, &of, ids, &mut counts).await?;
            let there: Vec<u64> = posts.iter().map(|post| post.id).collect();
            counts.add(&posts::import(from, &of, posts, &|_, _| {}).await?);
            let absent: Vec<u64> = ids.iter().copied().filter(|id| !there.contains(id)).collect();
            if !absent.is_empty() {
                let known = known(from, &of).await.map_err(|error| broken(&error))?;
                for id in absent {
                    if let Some(here) = known.get(&id) {
                        missing(from, &of, id, here.id, &mut counts).await?;
                    }
                }
            }
        }
        follow(from, &of, &mut counts, context).await?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_an_address() {
        let moved = ["https://a.example/about/".to_owned(), "https://a.example/x".to_owned()];
        for (url, expected) in [
            ("https://a.example/about/team/", true),
            ("https://a.example/x/y", true),
            ("https://a.example/about/", false),
            ("https://a.example/about-us/", false),
            ("https://a.example/xy/", false),
        ] {
            assert_eq!(is_below(url, &moved), expected, "{url}");
        }
    }
}
