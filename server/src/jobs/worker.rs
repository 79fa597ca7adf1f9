//! Workers: claim a job, run it, say how it ended; stop in order.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use igny8_data::queue::{FreshJob, LEASE, Lease};
use igny8_data::{AccountId, DbError, JobRow, JobState, Outcome, Why};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{JobContext, JobError, JobType};
use crate::app::App;
use crate::features::webhooks::event::JobData;
use crate::features::webhooks::{self, Event};

/// Looks at the queue this often even when nothing tells of a new job: another process may have queued one.
const POLL: Duration = Duration::from_secs(1);
/// Jobs claimed together.
const BATCH: usize = 64;
/// Time that running jobs get to end by themselves when the process stops, and then to react to being stopped.
const GRACE: Duration = Duration::from_secs(5);

/// Runs jobs, `jobs.workers` at once, until told to stop; running ones then get a few seconds and are handed back.
///
/// One account never has all workers while there are several: what the others queue need not wait for its long jobs.
pub async fn run(app: App, stop: CancellationToken) {
    let workers = app.config.jobs.workers;
    let free = Arc::new(Semaphore::new(workers));
    let running = Arc::new(Running {
        most: workers.saturating_sub(1).max(1),
        ..Running::default()
    });
    let mut jobs = JoinSet::new();
    // The last look found nothing that is due, so what this process queues since then is all there is.
    let mut empty = false;
    while let Some(permits) = some_free(&free, &stop).await {
        while let Some(ended) = jobs.try_join_next() {
            report(ended);
        }
        let (added, ended) = (app.db.job_added(), running.ended.notified());
        let full = running.full();
        let fresh = app.db.take_fresh_jobs();
        let by_itself = empty && !fresh.is_empty() && running.has_room(&fresh, permits.len());
        let claimed = if by_itself {
            app.db.claim_fresh_jobs(&fresh).await
        } else {
            let kinds: Vec<&str> = super::all().iter().map(|t| t.kind).collect();
            let room = |account| running.room(account);
            app.db.claim_jobs(&kinds, permits.len(), &room, &full).await
        };
        empty = match claimed {
            Ok(claimed) => {
                // Of several, one may have been merged with a job that waits already.
                let all = if by_itself { fresh.len() } else { 0 };
                let as_expected = claimed.len() == all;
                for ((job, lease), permit) in claimed.into_iter().zip(permits) {
                    let (app, stop) = (app.clone(), stop.clone());
                    let turn = running.begin(job.account);
                    jobs.spawn(async move {
                        run_one(&app, job, lease, &stop).await;
                        drop((permit, turn));
                    });
                }
                as_expected
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look at the queue");
                drop(permits);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
                false
            }
        };
        if !empty {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = added => {}
            () = ended, if !full.is_empty() => empty = false,
            () = tokio::time::sleep(POLL) => empty = false,
        }
    }
    while let Some(ended) = jobs.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a worker ended unexpectedly");
    }
}

/// Waits for a free worker, and takes those that are free besides; none when the process stops.
async fn some_free(free: &Arc<Semaphore>, stop: &CancellationToken) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = stop.cancelled() => return None,
        first = Arc::clone(free).acquire_owned() => first.ok()?,
    };
    let more = std::iter::from_fn(|| Arc::clone(free).try_acquire_owned().ok());
    Some(std::iter::once(first).chain(more.take(BATCH - 1)).collect())
}

/// How many jobs of each account this process runs.
#[derive(Default)]
struct Running {
    most: usize,
    of: Mutex<HashMap<AccountId, usize>>,
    ended: Notify,
}

/// A running job of an account.
struct Turn(Arc<Running>, AccountId);

impl Running {
    fn counts(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, account: AccountId) -> Turn {
        *self.counts().entry(account).or_default() += 1;
        Turn(Arc::clone(self), account)
    }

    fn room(&self, account: AccountId) -> usize {
        self.most
            .saturating_sub(self.counts().get(&account).copied().unwrap_or(0))
    }

    /// Whether all of these can run now, on so many free workers.
    fn has_room(&self, jobs: &[FreshJob], free: usize) -> bool {
        let of = |account| jobs.iter().filter(|job| job.account == account).count();
        jobs.len() <= free && jobs.iter().all(|job| of(job.account) <= self.room(job.account))
    }

    fn full(&self) -> Vec<AccountId> {
        let full = |(account, count): (&AccountId, &usize)| (*count >= self.most).then_some(*account);
        self.counts().iter().filter_map(full).collect()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        if let Some(count) = counts.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
        drop(counts);
        self.0.ended.notify_waiters();
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
    let ended = match job.not_to_be_run() {
        Some(why) => Outcome::Failed(why),
        None => attempt(app, kind, job.clone(), lease, stop, GRACE).await,
    };
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
    let stored = match ended {
        Outcome::Failed(why) | Outcome::Retry(why) if gives_up => fail(app, &job, lease, &why).await,
        ended => app.db.finish_job(lease, ended).await,
    };
    match stored {
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

/// Ends a job for good, and tells of it. False when the lease was lost.
async fn fail(app: &App, job: &JobRow, lease: Lease, why: &str) -> Result<bool, DbError> {
    let mut tx = app.db.platform(Why::Queue).tx(job.account, None);
    tx.fail_job(lease, why);
    // Of its own failures a webhook is not told.
    if job.kind != webhooks::KIND {
        let data = JobData {
            job: job.id,
            kind: job.kind.clone(),
            site: job.site,
            error: why.to_owned(),
            attempts: job.attempts,
        };
        webhooks::emit(&mut tx, &Event::JobFailed(data));
    }
    let failed = match tx.commit().await {
        Ok(_) => true,
        Err(DbError::Refused(code)) if code == "lease_lost" => false,
        Err(error) => return Err(error),
    };
    // Tells who follows the job.
    app.db.finish_job(lease, Outcome::Failed(why.to_owned())).await?;
    Ok(failed)
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
        // It ended by itself because the process does.
        Some(Ok(Err(JobError::Retry(_)))) if stop.is_cancelled() => Outcome::HandBack,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_never_has_every_worker() {
        let running = Arc::new(Running {
            most: 2,
            ..Running::default()
        });
        let [one, other] = ["acct_01jz8k3v5n6q7r8s9t0v1w2x3y", "acct_01jz8k3v5n6q7r8s9t0v1w2x3z"]
            .map(|id| id.parse::<AccountId>().unwrap());
        let first = running.begin(one);
        assert_eq!((running.room(one), running.room(other)), (1, 2));
        assert!(running.full().is_empty());
        let second = running.begin(one);
        assert_eq!((running.room(one), running.full()), (0, vec![one]));
        drop(first);
        assert_eq!((running.room(one), running.full()), (1, vec![]));
        drop(second);
        assert!(running.counts().is_empty(), "what is idle costs nothing");
    }
}
