//! Publishing and taking back at a set time.
//!
//! The row says when; a job for each time does it. The job looks at the row again: a time that was changed or taken away
//! meanwhile makes it do nothing, so that each time has its effect once, however often the job runs. After a stop of the
//! server a missed time is made up for as soon as a worker runs.

use chrono::{DateTime, Utc};
use igny8_data::{AuthError, DbError, Denied, JobRow, NewJob, Tx, Why, Write};
use serde::{Deserialize, Serialize};

use super::model::{Content, ContentId, Status};
use super::revision::Reason;
use super::{publish, save};
use crate::api::Error;
use crate::app::App;
use crate::jobs::{JobContext, JobError, JobType};

/// The kind of job.
pub const JOB: &str = "publish_scheduled";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Publish,
    Unpublish,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Payload {
    content: ContentId,
    action: Action,
    at: DateTime<Utc>,
}

/// Why a scheduled change did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Another attempt may succeed.
    #[error("{0}")]
    Again(String),
    /// No attempt can succeed; the text is for the author.
    #[error("{0}")]
    Never(String),
}

impl From<DbError> for ScheduleError {
    fn from(error: DbError) -> Self {
        Self::Again(error.to_string())
    }
}

/// Queues the jobs for the times of the content's row. Those queued for earlier times find nothing to do.
pub fn enqueue(tx: &mut Tx<'_>, content: &Content) {
    for (action, at) in [
        (Action::Publish, content.publish_at),
        (Action::Unpublish, content.unpublish_at),
    ] {
        let Some(at) = at else { continue };
        let payload = Payload {
            content: content.id,
            action,
            at,
        };
        let payload = serde_json::to_value(payload).expect("ids, names and times are JSON");
        let key = format!("scheduled/{}/{}/{action:?}", content.id, content.rev);
        tx.enqueue(
            NewJob::new(JOB, payload)
                .key(key)
                .run_at(at)
                .priority(igny8_data::JobPriority::High),
        );
    }
}

/// The job's type, for the registry.
pub fn job() -> JobType {
    JobType::new(JOB, |app: App, job: JobRow, _: JobContext| async move {
        run(&app, &job).await.map_err(|error| match error {
            ScheduleError::Again(reason) => JobError::Retry(reason),
            ScheduleError::Never(reason) => JobError::Fail(reason),
        })
    })
}

/// Runs the job: publishes or takes back, exactly once, as the member who asked for it or, without one, the
/// installation.
///
/// # Errors
/// [`ScheduleError`]; with `Never` the reason is in the content's row too.
pub async fn run(app: &App, job: &JobRow) -> Result<serde_json::Value, ScheduleError> {
    let gone = |reason: &str| serde_json::json!({ "done": false, "reason": reason });
    let payload: Payload =
        serde_json::from_value(job.payload.clone()).map_err(|e| ScheduleError::Never(e.to_string()))?;
    let Some(site) = job.site else {
        return Err(ScheduleError::Never("The job names no site.".into()));
    };
    // What was scheduled is the account's decision: it stands when the member who made it has left. The account must
    // still be one that may write.
    let actor = match app.db.system_actor(job.account, Why::Schedule).await {
        Ok(actor) => actor,
        Err(AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return Err(ScheduleError::Never("The account is closed.".into())),
    };
    let scope = match actor.site::<Write>(&app.db, site).await {
        Ok(scope) => scope,
        Err(Denied::Db(error)) => return Err(error.into()),
        Err(Denied::NotFound) => return Ok(gone("the site was deleted")),
        Err(denied) => return Err(ScheduleError::Never(format!("It may not be published: {denied}."))),
    };
    let db = app.db.site(&scope);
    let Some(old) = db.get::<Content>(payload.content).await? else {
        return Ok(gone("the content was deleted"));
    };
    let planned = match payload.action {
        Action::Publish => old.publish_at,
        Action::Unpublish => old.unpublish_at,
    };
    if planned != Some(payload.at) {
        return Ok(gone("it was planned otherwise or done already"));
    }
    let now = app.db.clock().now();
    if payload.at > now {
        return Err(ScheduleError::Again("It is not yet time.".into()));
    }
    if payload.action == Action::Unpublish && old.publish_at.is_some_and(|at| at <= payload.at) {
        return Err(ScheduleError::Again("Its publication comes first.".into()));
    }
    let mut new = old.clone();
    let missing = match payload.action {
        Action::Publish if old.status != Status::Published && old.schedule_forced => {
            publish::second_text(&db, &old).await?.into_iter().collect()
        }
        Action::Publish if old.status != Status::Published => publish::missing(&db, &old).await?,
        _ => Vec::new(),
    };
    let failure = if missing.is_empty() {
        let to = match payload.action {
            Action::Publish => Status::Published,
            Action::Unpublish => Status::Draft,
        };
        match publish::set_status(&mut new, to, now) {
            Ok(()) => None,
            // Nobody published it meanwhile: there is nothing to take back.
            Err(_) if payload.action == Action::Unpublish => None,
            Err(error) => Some(detail(error)),
        }
    } else {
        let lacking: Vec<&str> = missing.iter().map(|m| m.message.as_str()).collect();
        Some(format!("It was not ready: {}", lacking.join(" ")))
    };
    match payload.action {
        Action::Publish => new.publish_at = None,
        Action::Unpublish => new.unpublish_at = None,
    }
    new.schedule_error.clone_from(&failure);
    new.schedule_forced = old.schedule_forced && new.publish_at.is_some();
    let mut tx = db.tx();
    save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited);
    match tx.commit().await {
        Ok(_) => {}
        // Somebody saved it, or published a text of its term, at this moment: look again.
        Err(DbError::Stale | DbError::Duplicate { .. }) => {
            return Err(ScheduleError::Again("It is being changed by somebody.".into()));
        }
        Err(error) => return Err(error.into()),
    }
    match failure {
        None => Ok(serde_json::json!({ "done": true, "content": old.id })),
        Some(reason) => Err(ScheduleError::Never(reason)),
    }
}

fn detail(error: Error) -> String {
    error.into_problem().detail
}
