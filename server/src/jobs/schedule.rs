//! Periodic work without input: each looks at what is and mends what should not be. Safe to run at any time, twice, or
//! after a pause; a row of `schedule` sees to it that several processes share one turn.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::JobError;
use crate::app::App;

type Run = Box<dyn Fn(App) -> Pin<Box<dyn Future<Output = Result<u64, JobError>> + Send>> + Send + Sync>;

/// Something done every so often; the list of all is in [`crate::registry`].
pub struct Schedule {
    /// Stable: the key of its row.
    pub name: &'static str,
    pub every: chrono::Duration,
    run: Run,
}

impl Schedule {
    /// `run` answers how many things it changed, for the log.
    pub fn new<F>(name: &'static str, every: chrono::Duration, run: fn(App) -> F) -> Self
    where
        F: Future<Output = Result<u64, JobError>> + Send + 'static,
    {
        Self {
            name,
            every,
            run: Box::new(move |app| Box::pin(run(app))),
        }
    }
}

/// Runs what is due, looking every few seconds, until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            () = async {
                run_due(&app).await;
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            } => {}
        }
    }
}

/// Runs every schedule that is due now, one after the other; what fails is logged and comes again with the next period.
pub async fn run_due(app: &App) {
    for schedule in crate::registry::schedules() {
        match app.db.claim_schedule(schedule.name, schedule.every).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, schedule = schedule.name, "cannot look at a schedule");
                continue;
            }
        }
        match AssertUnwindSafe((schedule.run)(app.clone())).catch_unwind().await {
            Ok(Ok(0)) => tracing::debug!(schedule = schedule.name, "nothing to do"),
            Ok(Ok(changed)) => tracing::info!(schedule = schedule.name, changed, "periodic work done"),
            Ok(Err(error)) => tracing::warn!(%error, schedule = schedule.name, "periodic work failed"),
            Err(_) => tracing::error!(schedule = schedule.name, "periodic work panicked"),
        }
    }
}
