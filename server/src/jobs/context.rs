//! What a running job can do about itself: tell its progress, notice that it must stop, ask for its rights.

use std::sync::{Arc, Mutex};

use igny8_data::queue::Lease;
use igny8_data::{Actor, AuthError, Db, JobRow, Why};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::JobError;

/// Handed to a job with its row. Cheap to clone, also into blocking code.
#[derive(Clone)]
pub struct JobContext {
    told: Arc<Mutex<(f64, String)>>,
    news: Arc<Notify>,
    stop: CancellationToken,
}

impl JobContext {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            told: Arc::default(),
            news: Arc::new(Notify::new()),
            stop,
        }
    }

    /// Tells how far the job is (0 to 100) and what it is doing, in words for its user. Cheap: it is stored now and then.
    pub fn progress(&self, percent: f64, message: impl Into<String>) {
        *self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            (percent.clamp(0.0, 100.0), message.into());
        self.news.notify_one();
    }

    /// Cancelled when the job must stop: cancelled by its user, taken over by another worker, or the process ends.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// For between two steps of a job.
    ///
    /// # Errors
    /// When the job must stop.
    pub fn check(&self) -> Result<(), JobError> {
        if self.stop.is_cancelled() {
            Err(JobError::Retry("The job was stopped.".into()))
        } else {
            Ok(())
        }
    }

    /// Who the job acts as, with the rights they have now: the member who asked, or the installation for what a key or a
    /// schedule asked.
    ///
    /// # Errors
    /// [`AuthError`] when the member or the account is gone.
    pub async fn actor(&self, db: &Db, job: &JobRow) -> Result<Actor, AuthError> {
        let actor = match job.user {
            Some(user) => db.actor_of_user(user).await?,
            None => db.system_actor(job.account, Why::Queue).await?,
        };
        // A member who moved to another account does not take their jobs along.
        if actor.account_id() == job.account {
            Ok(actor)
        } else {
            Err(AuthError::NotValid)
        }
    }

    /// Keeps the lease and stores progress until dropped; cancels the job once it is not this worker's any more.
    pub(super) async fn keep(&self, db: &Db, lease: Lease, every: std::time::Duration) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                // At most a few times a second, whatever the job tells.
                () = self.news.notified() => tokio::time::sleep(every / 50).await,
            }
            let (progress, message) = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
            match db.keep_job(lease, progress, &message).await {
                Ok(true) => {}
                Ok(false) => {
                    self.stop.cancel();
                    return;
                }
                // The lease outlives two missed signs; if the database stays away, another worker takes over.
                Err(error) => tracing::warn!(%error, job = %lease.job, "cannot keep a job's lease"),
            }
        }
    }
}
