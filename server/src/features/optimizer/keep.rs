//! The job that keeps scores: looks at what changed since it last came to its end, and scores what its kept score is too old for.
//!
//! It asks for rows with a later `updated_at` than the last look, less [`OVERLAP`]: a transaction's rows carry a time from before its
//! commit. What was scored at its present revision is left. So a job that was cut off, or ran twice, goes on where it was.
//!
//! Time changes scores, too: the job does those anew whose time has come, and says when the next one comes ([`age`]).
//!
//! A page's score goes by the pages that link to it, too, so a change of what visitors see is a reason to look at the links of
//! the whole site ([`follow_links`]).

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{
    AccountId, DbError, Deleted, Denied, Direction, JobRow, NewJob, Select, SiteDb, SiteId, SiteScope, SurrealValue,
    Tx, Variables, Why, Write, record,
};
use serde_json::json;

use super::model::{ContentScore, ContentScoreId, ScoreState, score_id, state_id};
use super::text::{self, Text};
use crate::api::Error;
use crate::app::App;
use crate::features::content::save::{self, SCORE_SITE};
use crate::features::content::{Content, ContentId, Status, search};
use crate::features::linker;
use crate::jobs::{JobContext, JobError, JobType};

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: Duration = Duration::seconds(30);
/// Changed rows that are looked at together.
const LOOKED_AT: usize = 500;
/// Sites that one round of [`age`] looks at; the next round follows soon.
const MOST_SITES: usize = 200;
/// When a site is looked at again whose job did not come to its end.
const AGAIN: Duration = Duration::days(1);
/// Rows that are read and scored together; a body may have 2 MiB, so this also bounds memory.
const BATCH: usize = 25;

/// A row of content as the look for changes sees it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Touched {
    id: ContentId,
    account: AccountId,
    site: SiteId,
    status: Status,
    rev: i64,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

record!(Touched, ContentId, site, soft_delete);

impl Touched {
    const COLUMNS: &'static [&'static str] = &["id", "account", "site", "status", "rev", "updated_at", "deleted_at"];
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Known {
    content: ContentId,
    of_rev: i64,
    inbound: Option<i64>,
    scored_at: DateTime<Utc>,
}

/// A kept score as the looks at links and at time see it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Kept {
    id: ContentScoreId,
    account: AccountId,
    site: SiteId,
    content: ContentId,
    inbound: Option<i64>,
    stale_at: Option<DateTime<Utc>>,
    rev: i64,
}

record!(Kept, ContentScoreId, site);

impl Kept {
    const COLUMNS: &'static [&'static str] = &["id", "account", "site", "content", "inbound", "stale_at", "rev"];

    /// Those that change at some time after this one, the first of them first.
    fn changing(after: DateTime<Utc>) -> Select {
        Select::new()
            .columns(Self::COLUMNS)
            .compare("stale_at", ">", after)
            .order("stale_at", Direction::Ascending)
    }
}

/// What the look at some changed rows found.
#[derive(Default)]
struct Found {
    /// Content that needs a score.
    due: Vec<ContentId>,
    /// Pages that visitors see, or saw, are among them: links may be others now.
    links: bool,
}

/// The job's type, for the registry.
pub fn job() -> JobType {
    JobType::new(SCORE_SITE, run)
}

/// Asks for all scores of a site anew.
pub fn anew(tx: &mut Tx<'_>, site: SiteId, now: DateTime<Utc>) -> NewJob {
    let mut binds = Variables::new();
    binds.insert("score_state", state_id(site));
    binds.insert("anew_from", now);
    tx.statement(
        "UPSERT $score_state SET account = $account, site = $site, looked_at = NONE, anew_from = $anew_from, \
         rev = (rev ?? 0) + 1 RETURN NONE",
        binds,
    );
    NewJob::new(SCORE_SITE, json!({}))
}

async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    // As the installation: whoever saved may have lost the site by the time it runs.
    let nothing = || Ok(json!({ "scored": 0 }));
    let (Some(site), Ok(actor)) = (job.site, app.db.system_actor(job.account, Why::Schedule).await) else {
        return nothing();
    };
    let scope = match actor.site::<Write>(&app.db, site).await {
        Ok(scope) => scope,
        Err(Denied::Db(error)) => return Err(error.into()),
        Err(_) => return nothing(),
    };
    let begun = app.db.clock().now();
    let db = app.db.site(&scope);
    // What is searched follows edits, too, and needs no score.
    if let Err(error) = search::follow(&app, &scope.reading(), true).await {
        tracing::warn!(%site, error = %error.into_problem().detail, "a search index could not follow; the next search tries again");
    }
    let state = db.get::<ScoreState>(state_id(site)).await?;
    let since = state.as_ref().and_then(|state| state.looked_at);
    let anew_from = state.and_then(|state| state.anew_from);
    let mut select = Select::new()
        .deleted(Deleted::With)
        .columns(Touched::COLUMNS)
        .order("updated_at", Direction::Ascending)
        .limit(LOOKED_AT);
    if let Some(since) = since {
        select = select.compare("updated_at", ">=", since - OVERLAP);
    }
    let (mut looked_at, mut scored, mut links) = (0, 0, false);
    let mut page = select.clone();
    loop {
        let rows = db.list::<Touched>(page).await?;
        let found = find(&db, &rows, anew_from).await?;
        links |= found.links;
        for ids in found.due.chunks(BATCH) {
            context.check()?;
            scored += score(&app, &scope, ids, None, &context).await?;
            context.progress(50.0, format!("{scored} texts scored"));
        }
        looked_at += rows.len();
        match rows.last() {
            Some(last) if rows.len() == LOOKED_AT => {
                page = select.clone().after(last.updated_at.into_value(), last.id);
            }
            _ => break,
        }
    }
    let aged = Kept::changing(DateTime::UNIX_EPOCH)
        .compare("stale_at", "<=", begun)
        .limit(LOOKED_AT);
    let mut page = aged.clone();
    loop {
        let rows = db.list::<Kept>(page).await?;
        // One whose links were never counted waits for that, too.
        links |= rows.iter().any(|row| row.inbound.is_none());
        let ids: Vec<ContentId> = rows.iter().map(|row| row.content).collect();
        for ids in ids.chunks(BATCH) {
            context.check()?;
            scored += score(&app, &scope, ids, None, &context).await?;
            context.progress(70.0, format!("{scored} texts scored"));
        }
        match rows.last() {
            Some(last) if rows.len() == LOOKED_AT => {
                page = aged.clone().after(last.stale_at.into_value(), last.id);
            }
            _ => break,
        }
    }
    if links {
        scored += follow_links(&app, &scope, &context).await?;
    }
    let next = db.list::<Kept>(Kept::changing(begun).limit(1)).await?.pop();
    let mut binds = Variables::new();
    binds.insert("score_state", state_id(site));
    binds.insert("score_next", next.and_then(|kept| kept.stale_at));
    binds.insert("score_begun", begun);
    binds.insert("score_anew", anew_from);
    let mut tx = db.tx();
    // Asked for anew meanwhile: then the next job begins at the beginning.
    tx.statement(
        "LET $score_was = (SELECT anew_from FROM ONLY $score_state WHERE site = $site); \
         IF $score_was IS NONE OR $score_was.anew_from = $score_anew { UPSERT $score_state SET account = $account, \
         site = $site, looked_at = $score_begun, anew_from = NONE, next_at = $score_next, rev = (rev ?? 0) + 1 RETURN NONE }",
        binds,
    );
    tx.commit().await?;
    Ok(json!({ "looked_at": looked_at, "scored": scored }))
}

/// Queues the job of sites where a score says something else by now though nothing was edited; answers how many.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn age(app: App) -> Result<u64, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Due {
        account: AccountId,
        site: SiteId,
    }
    let now = app.db.clock().now();
    let platform = app.db.platform(Why::Schedule);
    let mut binds = Variables::new();
    binds.insert("now", now);
    let sql = format!(
        "SELECT account, site FROM score_state WITH INDEX score_state_due \
         WHERE next_at <= $now AND next_at IS NOT NONE LIMIT {MOST_SITES};"
    );
    let mut answer = platform.query(&sql, binds, "looking for scores that age").await?;
    let due: Vec<Due> = answer.rows(0)?;
    for Due { account, site } in &due {
        let mut binds = Variables::new();
        binds.insert("score_state", state_id(*site));
        binds.insert("score_again", now + AGAIN);
        let mut tx = platform.tx(*account, Some(*site));
        // So that sites whose job cannot run, as those of a closed account, do not hold up the others.
        tx.statement(
            "UPDATE $score_state SET next_at = $score_again WHERE site = $site AND account = $account RETURN NONE",
            binds,
        );
        save::score_later(&mut tx, *site);
        tx.commit().await?;
    }
    Ok(due.len() as u64)
}

/// Which of the rows need a score; those that are deleted lose theirs.
async fn find(db: &SiteDb<'_, Write>, rows: &[Touched], anew_from: Option<DateTime<Utc>>) -> Result<Found, DbError> {
    if rows.is_empty() {
        return Ok(Found::default());
    }
    let ids: Vec<ContentScoreId> = rows.iter().map(|row| score_id(row.id)).collect();
    let mut binds = Variables::new();
    binds.insert("ids", ids);
    let sql = "SELECT content, of_rev, inbound, scored_at FROM $ids WHERE site = $site AND account = $account;";
    let mut answer = db.query(sql, binds, "looking for kept scores").await?;
    let known: HashMap<ContentId, Known> = answer
        .rows::<Known>(0)?
        .into_iter()
        .map(|known| (known.content, known))
        .collect();
    let gone: Vec<ContentScoreId> = rows
        .iter()
        .filter(|row| row.deleted_at.is_some() && known.contains_key(&row.id))
        .map(|row| score_id(row.id))
        .collect();
    if !gone.is_empty() {
        let mut binds = Variables::new();
        binds.insert("gone", gone);
        let mut tx = db.tx();
        tx.statement(
            "DELETE $gone WHERE site = $site AND account = $account RETURN NONE",
            binds,
        );
        tx.commit().await?;
    }
    let is_due = |row: &&Touched| {
        let fits = |known: &Known| known.of_rev == row.rev && anew_from.is_none_or(|from| known.scored_at > from);
        row.deleted_at.is_none() && !known.get(&row.id).is_some_and(fits)
    };
    // Whether it was scored just now or by a job that was cut off behind that.
    let is_page = |row: &Touched| {
        let was_page = known.get(&row.id).is_some_and(|known| known.inbound.is_some());
        was_page || row.status == Status::Published
    };
    Ok(Found {
        due: rows.iter().filter(is_due).map(|row| row.id).collect(),
        links: rows.iter().any(is_page),
    })
}

/// Scores content anew to which more or fewer pages link than its kept score says.
async fn follow_links(app: &App, scope: &SiteScope<Write>, context: &JobContext) -> Result<usize, JobError> {
    let db = app.db.site(scope);
    let mut kept: Vec<(ContentId, Option<i64>)> = Vec::new();
    // In the order of the index.
    let all = Select::new()
        .columns(Kept::COLUMNS)
        .order("content", Direction::Ascending)
        .limit(LOOKED_AT);
    let mut page = all.clone();
    loop {
        let rows = db.list::<Kept>(page).await?;
        kept.extend(rows.iter().map(|row| (row.content, row.inbound)));
        match rows.last() {
            // The linker does not look at so many.
            _ if kept.len() > app.config.linker.remembered_pages => return Ok(0),
            Some(last) if rows.len() == LOOKED_AT => {
                page = all.clone().after(last.content.into_value(), last.id);
            }
            _ => break,
        }
    }
    let inbound = match linker::with(app, &scope.reading(), linker::Standing::inbound).await {
        Ok(inbound) => inbound,
        Err(error @ (Error::Internal(_) | Error::Unavailable(..))) => return Err(linker::as_job(error)),
        // The site is gone, or has grown meanwhile.
        Err(_) => return Ok(0),
    };
    kept.retain(|(content, known)| inbound.get(content) != known.as_ref());
    let differs: Vec<ContentId> = kept.into_iter().map(|(content, _)| content).collect();
    let mut scored = 0;
    for ids in differs.chunks(BATCH) {
        context.check()?;
        scored += score(app, scope, ids, Some(&inbound), context).await?;
        context.progress(90.0, format!("{scored} texts scored for their links"));
    }
    Ok(scored)
}

/// Scores some rows and keeps that, in one transaction. What was changed meanwhile is left to the job that the change queued.
/// `inbound` says how many pages link to each; without it that is as their kept scores say.
async fn score(
    app: &App,
    scope: &SiteScope<Write>,
    ids: &[ContentId],
    inbound: Option<&HashMap<ContentId, i64>>,
    context: &JobContext,
) -> Result<usize, JobError> {
    let db = app.db.site(scope);
    let mut binds = Variables::new();
    binds.insert("ids", ids.to_vec());
    let sql = "SELECT * FROM $ids WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let rows: Vec<Content> = db.query(sql, binds, "reading content to score").await?.rows(0)?;
    let mut around = text::around(app, &db, &rows, false).await?;
    if let Some(inbound) = inbound {
        around.count(&rows, inbound);
    }
    let now = app.db.clock().now();
    let scores: Vec<ContentScore> = app
        .scoring
        .run(context.stop(), move || {
            let score = |row: Content| {
                let report = Text::of(row.clone(), &around).report(now);
                ContentScore::of(&row, &report, around.inbound(row.id), now)
            };
            rows.into_iter().map(score).collect()
        })
        .await?;
    let scored = scores.len();
    let mut tx = db.tx();
    keep(&mut tx, scores);
    tx.commit().await?;
    Ok(scored)
}

/// Adds kept scores to a unit of work: each only if its content still is at the revision that was scored, whose `rev` and
/// `updated_at` stay as they are.
fn keep(tx: &mut Tx<'_>, scores: Vec<ContentScore>) {
    let rows: Vec<Vec<igny8_data::Value>> = scores
        .into_iter()
        .map(|row| {
            vec![
                row.content.into_value(),
                row.of_rev.into_value(),
                row.score.into_value(),
                row.id.into_value(),
                row.into_value(),
            ]
        })
        .collect();
    let mut binds = Variables::new();
    binds.insert("scores", rows);
    tx.statement(
        "FOR $row IN $scores { LET $of = $row[0]; LET $read = $row[1]; LET $score = $row[2]; LET $kept = $row[3]; \
         LET $all = $row[4]; \
         IF (SELECT VALUE rev FROM ONLY $of WHERE site = $site AND account = $account) = $read { \
         UPDATE $of SET score = $score RETURN NONE; UPSERT $kept CONTENT $all RETURN NONE } }",
        binds,
    );
}
