//! `igny8 serve`: build the application, listen, stop gracefully.

use std::time::Duration;

use igny8_data::Clock;
use poem::Server;
use poem::listener::TcpListener;

use super::CommandResult;
use crate::app::App;
use crate::config::Config;

#[derive(clap::Args)]
pub struct Args {
    /// Do not run jobs in this process; start `igny8 worker` for them.
    #[arg(long)]
    no_worker: bool,
}

pub async fn run(config: Config, args: Args) -> CommandResult {
    super::database::free(&config).await?;
    let worker = config.jobs.in_server && !args.no_worker;
    serve(App::start(config, Clock::system()).await?, worker).await
}

/// Serves until told to stop, running jobs too if asked to.
pub async fn serve(app: App, worker: bool) -> CommandResult {
    let http = &app.config.http;
    let stopped = http.shutdown_seconds;
    let worker = worker.then(|| tokio::spawn(super::worker::work(app.clone())));
    let listener = TcpListener::bind((http.host.to_string(), http.port));
    tracing::info!("listening on http://{}:{}", http.host, http.port);
    let stop = app.stop.clone();
    let signal = async move {
        stop_signal().await;
        tracing::info!("stopping: requests and jobs get {stopped} seconds to end");
        stop.cancel();
    };
    let served = Server::new(listener)
        .run_with_graceful_shutdown(crate::api::routes(&app), signal, Some(Duration::from_secs(stopped)))
        .await;
    // Also when listening failed, the worker must not be left behind.
    app.stop.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    app.db.close().await?;
    Ok(served?)
}

/// Waits for Ctrl-C or a service manager's SIGTERM.
pub async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
