//! `igny8 worker`: run jobs and periodic work without serving.

use super::CommandResult;
use super::serve::StopSignal;
use crate::app::{App, make_sites_dir};
use crate::config::Config;
use crate::jobs;

pub async fn run(config: Config) -> CommandResult {
    make_sites_dir(&config)?;
    let stop_signal = StopSignal::listen()?;
    let app = super::database::app(config).await?;
    tracing::info!(workers = app.config.jobs.workers, "running jobs");
    let work = tokio::spawn(work(app.clone()));
    stop_signal.heard().await;
    tracing::info!("stopping: running jobs get a few seconds to end");
    app.stop.cancel();
    work.await?;
    crate::telemetry::engine_closes();
    app.db.close().await?;
    Ok(())
}

/// Runs jobs and periodic work until the application stops.
pub async fn work(app: App) {
    if let Err(error) = app.db.release_left_jobs().await {
        tracing::warn!(%error, "cannot release jobs of an earlier run; they are taken over when their lease ends");
    }
    let (jobs, schedules) = (
        jobs::worker::run(app.clone(), app.stop.clone()),
        jobs::schedule::run(app.clone(), app.stop.clone()),
    );
    tokio::join!(jobs, schedules);
}
