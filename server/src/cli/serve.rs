//! `igny8 serve`: build the application, listen, stop gracefully.

use std::time::Duration;

use igny8_data::Clock;
use poem::Server;
use poem::listener::{Listener as _, TcpListener};

use super::CommandResult;
use crate::app::{App, make_sites_dir};
use crate::config::{Config, Http};

#[derive(clap::Args)]
pub struct Args {
    /// Do not run jobs in this process; start `igny8 worker` for them.
    #[arg(long)]
    no_worker: bool,
}

pub async fn run(config: Config, args: Args) -> CommandResult {
    super::database::free(&config).await?;
    make_sites_dir(&config)?;
    let worker = config.jobs.in_server && !args.no_worker;
    serve(App::start(config, Clock::system()).await?, worker).await
}

/// Serves until told to stop, running jobs too if asked to.
pub async fn serve(app: App, worker: bool) -> CommandResult {
    let http = &app.config.http;
    let stopped = http.shutdown_seconds;
    let acceptor = match TcpListener::bind((http.host.to_string(), http.port))
        .into_acceptor()
        .await
    {
        Ok(acceptor) => acceptor,
        Err(error) => {
            let why = refused(http, &error);
            app.stop.cancel();
            app.db.close().await?;
            return Err(why.into());
        }
    };
    tracing::info!("listening on http://{}:{}", http.host, http.port);
    let worker = worker.then(|| tokio::spawn(super::worker::work(app.clone())));
    let stop = app.stop.clone();
    let signal = async move {
        stop_signal().await;
        tracing::info!("stopping: requests and jobs get {stopped} seconds to end");
        stop.cancel();
    };
    let served = Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(crate::api::routes(&app), signal, Some(Duration::from_secs(stopped)))
        .await;
    // Also when serving failed, the worker must not be left behind.
    app.stop.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    app.db.close().await?;
    Ok(served?)
}

/// Why nothing can be served, and what to do.
fn refused(http: &Http, error: &std::io::Error) -> String {
    format!(
        "cannot listen on {}:{}: {error}. Stop what uses this address, or choose another one: `http.host`, `http.port`",
        http.host, http.port
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named() {
        let config = Config::defaults();
        let error = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let why = refused(&config.http, &error);
        assert!(
            why.contains(&config.http.port.to_string()) && why.contains("http.port"),
            "{why}"
        );
    }
}
