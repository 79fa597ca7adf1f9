//! Background work: jobs that somebody asked for ([`worker`]), periodic work without input ([`schedule`]), and what
//! removes old rows ([`purge`]).
//!
//! The queue itself is in `igny8_data::queue`. Delivery is at least once, so every job is idempotent; it stores ids and
//! asks for its scope when it runs ([`JobContext::actor`]), so that a removed member's job fails.

pub mod api;
mod context;
mod follow;
pub mod place;
pub mod purge;
pub mod schedule;
pub mod worker;

use std::pin::Pin;

use igny8_data::{AuthError, DbError, Denied, JobRow};

use crate::app::App;

pub use context::JobContext;
pub use follow::Followers;

/// How a job ends that is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another attempt may succeed.
    #[error("{0}")]
    Retry(String),
    /// No attempt can succeed; the text is for the user.
    #[error("{0}")]
    Fail(String),
    /// Something it needs is in use: the same attempt again, this much later.
    #[error("{1}")]
    Later(chrono::Duration, String),
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<Denied> for JobError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Db(error) => error.into(),
            denied => Self::Fail(format!("The job may not run: {denied}.")),
        }
    }
}

impl From<AuthError> for JobError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Db(error) => error.into(),
            _ => Self::Fail("Whoever asked for this is no longer a member of the account.".into()),
        }
    }
}

/// What a job is doing, boxed.
pub type JobFuture = Pin<Box<dyn Future<Output = Result<serde_json::Value, JobError>> + Send>>;
type Run = Box<dyn Fn(App, JobRow, JobContext) -> JobFuture + Send + Sync>;
type Ended = Box<dyn Fn(App, JobRow) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A kind of job and what it does; the list of all is in [`crate::registry`].
pub struct JobType {
    pub kind: &'static str,
    run: Run,
    ended: Option<Ended>,
}

impl JobType {
    /// `run` answers an object, which is kept as the job's result.
    pub fn new<F>(kind: &'static str, run: fn(App, JobRow, JobContext) -> F) -> Self
    where
        F: Future<Output = Result<serde_json::Value, JobError>> + Send + 'static,
    {
        Self {
            kind,
            run: Box::new(move |app, job, context| Box::pin(run(app, job, context))),
            ended: None,
        }
    }

    /// Called once a job of this kind has failed for good or was cancelled, to tidy up what it left. Not called when the
    /// process dies: something periodic must do the same.
    pub fn ended<F>(mut self, ended: fn(App, JobRow) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.ended = Some(Box::new(move |app, job| Box::pin(ended(app, job))));
        self
    }

    /// Runs what [`JobType::ended`] was given.
    pub async fn on_ended(&self, app: &App, job: JobRow) {
        if let Some(ended) = &self.ended {
            ended(app.clone(), job).await;
        }
    }
}

/// The job type of a kind, if this program has it.
pub fn job_type(kind: &str) -> Option<&'static JobType> {
    all().iter().find(|t| t.kind == kind)
}

/// Every job type.
pub fn all() -> &'static [JobType] {
    static ALL: std::sync::LazyLock<Vec<JobType>> = std::sync::LazyLock::new(crate::registry::jobs);
    &ALL
}
