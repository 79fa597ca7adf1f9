//! What a running job can do about itself: tell its progress, notice that it must stop, ask for its rights.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use igny8_data::queue::{LEASE, Lease};
use igny8_data::{Actor, AuthError, Db, DbError, JobRow, Why};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::JobError;

/// Handed to a job with its row. Cheap to clone, also into blocking code.
#[derive(Clone)]
pub struct JobContext {
    told: Arc<Mutex<(f64, String)>>,
    news: Arc<Notify>,
    stop: CancellationToken,
    lease: Lease,
    /// Whether the lease is left alone for a while.
    still: Arc<AtomicBool>,
    /// Held while the lease is stored, so that a short one never follows a long one.
    storing: Arc<tokio::sync::Mutex<()>>,
}

/// Until dropped, the job's row is left alone ([`JobContext::still`]).
pub struct Still(Arc<AtomicBool>);

impl Drop for Still {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// How long a unit of work may take that ends a job: so long it is not claimed by another worker, also where this one was killed
/// meanwhile. Units of work are bounded ([`crate::ai`] saves in parts) and take seconds.
const LONGEST_SAVE: chrono::Duration = chrono::Duration::minutes(2);

impl JobContext {
    pub(super) fn new(lease: Lease, stop: CancellationToken) -> Self {
        Self {
            lease,
            told: Arc::default(),
            news: Arc::new(Notify::new()),
            stop,
            still: Arc::default(),
            storing: Arc::default(),
        }
    }

    /// Tells how far the job is (0 to 100) and what it is doing, in words for its user. Cheap: it is stored now and then.
    pub fn progress(&self, percent: f64, message: impl Into<String>) {
        *self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            (percent.clamp(0.0, 100.0), message.into());
        self.news.notify_one();
    }

    /// What proves that the job is this worker's, for [`igny8_data::Tx::finish_job`].
    pub fn lease(&self) -> Lease {
        self.lease
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

    /// For the step that cannot be taken back: asks the database whether the job is still this worker's.
    ///
    /// # Errors
    /// When the job must stop, or the database does not answer.
    pub async fn confirm(&self, db: &Db) -> Result<(), JobError> {
        self.check()?;
        if !db.holds_job(self.lease).await? {
            self.stop.cancel();
        }
        self.check()
    }

    /// For a unit of work that ends the job and takes long: keeping the lease would write the same row every few seconds, and
    /// the unit of work would be refused and begun anew each time. The lease is made long enough instead, and left alone until
    /// what is answered is dropped.
    ///
    /// # Errors
    /// When the job must stop, or the database does not answer.
    pub async fn still(&self, db: &Db) -> Result<Still, JobError> {
        self.check()?;
        let _storing = self.storing.lock().await;
        let (progress, message) = self.told_now();
        if !db.keep_job(self.lease, LONGEST_SAVE, progress, &message).await? {
            self.stop.cancel();
        }
        self.check()?;
        self.still.store(true, Ordering::Release);
        Ok(Still(self.still.clone()))
    }

    fn told_now(&self) -> (f64, String) {
        let told = self.told.lock();
        told.unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    async fn store(&self, db: &Db) -> Result<bool, DbError> {
        let _storing = self.storing.lock().await;
        if self.still.load(Ordering::Acquire) {
            return Ok(true);
        }
        let (progress, message) = self.told_now();
        db.keep_job(self.lease, LEASE, progress, &message).await
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
    pub(super) async fn keep(&self, db: &Db, every: std::time::Duration) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                // At most a few times a second, whatever the job tells.
                () = self.news.notified() => tokio::time::sleep(every / 50).await,
            }
            match self.store(db).await {
                Ok(true) => {}
                Ok(false) => {
                    self.stop.cancel();
                    return;
                }
                // The lease outlives two missed signs; if the database stays away, another worker takes over.
                Err(error) => tracing::warn!(%error, job = %self.lease.job, "cannot keep a job's lease"),
            }
        }
    }
}
