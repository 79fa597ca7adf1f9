//! Running what is due.

use igny8_data::{
    AccountId, AuthError, DbError, Denied, JobId, SiteId, SiteScope, SurrealValue, Tx, UserId, Variables, Why, Write,
};
use serde_json::json;

use super::cron::Times;
use super::model::{ScheduleAction, SiteSchedule, SiteScheduleId};
use crate::ai::engine;
use crate::api::Error;
use crate::app::App;
use crate::features::publishing;
use crate::jobs::JobError;

/// Schedules one round looks at; the next round follows soon.
const MOST: usize = 200;

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Due {
    id: SiteScheduleId,
    account: AccountId,
    site: SiteId,
    user: Option<UserId>,
}

/// Queues the jobs of schedules whose time has come; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn run_due(app: App) -> Result<u64, JobError> {
    let mut binds = Variables::new();
    binds.insert("now", app.db.clock().now());
    let sql = format!(
        "SELECT id, account, site, user FROM site_schedule WITH INDEX site_schedule_due \
         WHERE next_at <= $now AND next_at IS NOT NONE LIMIT {MOST};"
    );
    let due: Vec<Due> = app
        .db
        .platform(Why::Schedule)
        .query(&sql, binds, "looking for due schedules")
        .await?
        .rows(0)?;
    let mut queued = 0;
    for due in due {
        match run(&app, &due).await {
            Ok(started) => queued += u64::from(started),
            // One that fails must not hold up the others; it stays due.
            Err(error) => tracing::warn!(%error, schedule = %due.id, "a schedule cannot be run"),
        }
    }
    Ok(queued)
}

/// What a run came to.
enum Ran {
    Queued,
    /// Nothing to do or not possible this time, in words for the user.
    Not(String),
    /// Never again.
    Off(String),
    /// Another process was faster, or somebody changed the schedule.
    Elsewhere,
}

async fn run(app: &App, due: &Due) -> Result<bool, DbError> {
    let actor = match due.user {
        Some(user) => app.db.actor_of_user(user).await,
        None => app.db.system_actor(due.account, Why::Schedule).await,
    };
    let actor = match actor {
        Ok(actor) if actor.account_id() == due.account => Some(actor),
        Err(AuthError::Db(error)) => return Err(error),
        Ok(_) | Err(_) => None,
    };
    let scope = match &actor {
        Some(actor) => match actor.site::<Write>(&app.db, due.site).await {
            Ok(scope) => Some(scope),
            Err(Denied::Db(error)) => return Err(error),
            Err(_) => None,
        },
        None => None,
    };
    let Some(scope) = scope else {
        return switch_off(app, due).await;
    };
    let db = app.db.site(&scope);
    let now = app.db.clock().now();
    let Some(schedule) = db.get::<SiteSchedule>(due.id).await? else {
        return Ok(false);
    };
    if schedule.next_at.is_none_or(|at| at > now) {
        return Ok(false);
    }
    let next = SiteSchedule {
        // From now on, not from the time that was missed: made up for once.
        next_at: Times::parse(&schedule.cron, &schedule.time_zone, now)
            .ok()
            .and_then(|times| times.after(now)),
        last_at: Some(now),
        last_job: None,
        note: None,
        ..schedule.clone()
    };
    // Part of the transaction that queues the job.
    let mut advanced = false;
    let mut advance = |tx: &mut Tx<'_>, job: JobId| {
        let mut row = SiteSchedule {
            last_job: Some(job),
            ..next.clone()
        };
        tx.replace(&mut row);
        advanced = true;
    };
    let ran = match schedule.action {
        ScheduleAction::DeploySite => match publishing::request_with(app, &scope, false, &mut advance).await {
            Ok(_) => Ran::Queued,
            Err(DbError::Stale) => Ran::Elsewhere,
            Err(error) => return Err(error),
        },
        ScheduleAction::AutoCluster => ai(app, &scope, &schedule, "auto_cluster", &mut advance).await?,
        ScheduleAction::GenerateIdeas => ai(app, &scope, &schedule, "generate_ideas", &mut advance).await?,
    };
    let mut row = match ran {
        Ran::Elsewhere => return Ok(false),
        Ran::Queued if advanced => return Ok(true),
        // A deployment waits already, which will see everything.
        Ran::Queued => SiteSchedule {
            note: Some("A deployment was waiting already.".into()),
            ..next
        },
        Ran::Not(note) => SiteSchedule {
            note: Some(note),
            ..next
        },
        Ran::Off(note) => SiteSchedule {
            note: Some(note),
            enabled: false,
            next_at: None,
            ..next
        },
    };
    let mut tx = db.tx();
    tx.replace(&mut row);
    match tx.commit().await {
        Ok(_) | Err(DbError::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn ai(
    app: &App,
    scope: &SiteScope<Write>,
    schedule: &SiteSchedule,
    function: &str,
    advance: &mut (dyn FnMut(&mut Tx<'_>, JobId) + Send),
) -> Result<Ran, DbError> {
    let input = json!({ "sector": schedule.sector });
    match engine::run_ai_task_with(app, scope, function, &input, None, advance).await {
        Ok(_) => Ok(Ran::Queued),
        Err(Error::PreconditionFailed(_)) => Ok(Ran::Elsewhere),
        Err(error @ (Error::Internal(_) | Error::Unavailable(..))) => {
            Err(DbError::Refused(error.into_problem().detail))
        }
        Err(error) => {
            let problem = error.into_problem();
            Ok(match problem.status {
                // The sector is gone, or the function is.
                404 => Ran::Off(problem.detail),
                _ if problem.errors.iter().any(|error| error.field == "input.sector") => {
                    Ran::Off("The sector is not there any more.".into())
                }
                _ => Ran::Not(problem.detail),
            })
        }
    }
}

/// For a schedule whose maker may not do this any more.
async fn switch_off(app: &App, due: &Due) -> Result<bool, DbError> {
    let mut binds = Variables::new();
    binds.insert("id", due.id);
    binds.insert("now", app.db.clock().now());
    binds.insert(
        "note",
        "Whoever made this schedule may not work on the site any more. Switch it on again to make it yours.".to_owned(),
    );
    let sql = "UPDATE $id SET enabled = false, next_at = NONE, note = $note, rev += 1, updated_at = $now \
               WHERE next_at <= $now RETURN NONE;";
    app.db
        .platform(Why::Schedule)
        .query(sql, binds, "switching a schedule off")
        .await?;
    Ok(false)
}
