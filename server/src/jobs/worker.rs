//! Workers: claim a job, run it, say how it ended; stop in order.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use igny8_data::queue::{LEASE, Lease};
use igny8_data::{DbError, JobRow, JobState, Outcome};
use tokio_util::sync::CancellationToken;

use super::{JobContext, JobError, JobType};
use crate::app::App;

/// Looks at the queue this often even when nothing tells of a new job: another process may have queued one.
const POLL: Duration = Duration::from_secs(1);
/// Time that running jobs get to end by themselves when the process stops, and then to react to being stopped.
const GRACE: Duration = Duration::from_secs(5);

/// Runs jobs, `jobs.workers` at once, until told to stop; running ones then get a few seconds and are handed back.
pub async fn run(app: App, stop: CancellationToken) {
    let workers = (0..app.config.jobs.workers).map(|_| tokio::spawn(work(app.clone(), stop.clone())));
    for ended in futures_util::future::join_all(workers).await {
        if let Err(error) = ended {
            tracing::error!(%error, "a worker ended unexpectedly");
        }
    }
}

async fn work(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let added = app.db.job_added();
        match claim(&app).await {
            Ok(Some((job, lease))) => run_one(&app, job, lease, &stop).await,
            Ok(None) => {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = added => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look at the queue");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
    }
}

/// Claims the next job this program can run.
///
/// # Errors
/// When the database fails.
pub async fn claim(app: &App) -> Result<Option<(JobRow, Lease)>, DbError> {
    let kinds: Vec<&str> = super::all().iter().map(|t| t.kind).collect();
    app.db.claim_job(&kinds).await
}

/// Runs a claimed job to its end and stores how it ended.
pub async fn run_one(app: &App, job: JobRow, lease: Lease, stop: &CancellationToken) {
    let Some(kind) = super::job_type(&job.kind) else {
        return;
    };
    let begun = std::time::Instant::now();
    let ended = attempt(app, kind, job.clone(), lease, stop, GRACE).await;
    let name = match &ended {
        Outcome::Done(_) => "done",
        Outcome::Retry(_) => "retry",
        Outcome::Failed(_) => "failed",
        Outcome::HandBack => "handed_back",
        Outcome::Later(..) => "later",
    };
    app.metrics.job(kind.kind, name, begun.elapsed());
    let gives_up = match &ended {
        Outcome::Failed(_) => true,
        Outcome::Retry(_) => job.attempts >= job.max_attempts,
        _ => false,
    };
    if let Outcome::Failed(why) | Outcome::Retry(why) = &ended {
        tracing::warn!(job = %job.id, kind = kind.kind, attempt = job.attempts, gives_up, "{why}");
    }
    match app.db.finish_job(lease, ended).await {
        Ok(true) if gives_up => {
            let job = JobRow {
                state: JobState::Failed,
                ..job
            };
            kind.on_ended(app, job).await;
        }
        Ok(_) => {}
        // Its lease ends by itself, and another attempt follows.
        Err(error) => tracing::error!(%error, job = %job.id, "cannot store how a job ended"),
    }
}

/// Runs one attempt: to its end, until its lease is lost, or until the process stops and `grace` is over.
pub async fn attempt(
    app: &App,
    kind: &JobType,
    job: JobRow,
    lease: Lease,
    stop: &CancellationToken,
    grace: Duration,
) -> Outcome {
    let job_stop = CancellationToken::new();
    let context = JobContext::new(lease, job_stop.clone());
    let every = (LEASE / 3).to_std().unwrap_or(POLL);
    let run = AssertUnwindSafe((kind.run)(app.clone(), job, context.clone())).catch_unwind();
    tokio::pin!(run);
    let stopping = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
        job_stop.cancel();
        // Long enough to leave a loop that looks at the token; then it is dropped where it awaits.
        tokio::time::sleep(grace / 2).await;
    };
    let ended = tokio::select! {
        ended = &mut run => Some(ended),
        // Ends when the lease is lost; the job may still tidy up.
        () = context.keep(&app.db, every) => {
            tokio::time::timeout(grace, &mut run).await.ok()
        }
        () = stopping => None,
    };
    match ended {
        None => Outcome::HandBack,
        Some(Ok(Ok(result))) => Outcome::Done(result),
        Some(Ok(Err(_))) if stop.is_cancelled() && job_stop.is_cancelled() => Outcome::HandBack,
        Some(Ok(Err(JobError::Retry(why)))) => Outcome::Retry(why),
        Some(Ok(Err(JobError::Fail(why)))) => Outcome::Failed(why),
        Some(Ok(Err(JobError::Later(wait, why)))) => Outcome::Later(wait, why),
        Some(Err(panic)) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            tracing::error!(job = %lease.job, kind = kind.kind, panic = %text, "a job panicked");
            Outcome::Retry("Something went wrong on our side; it is logged under the job's id.".into())
        }
    }
}
