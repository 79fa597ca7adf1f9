//! `igny8 serve`: build the application, listen, stop gracefully.

use std::time::Duration;

use igny8_data::Clock;
use poem::Server;
use poem::listener::{Listener as _, TcpListener};
use tokio::signal::unix::{Signal, SignalKind, signal};

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
    // Before anybody is told that it listens: who stops it at once stops it cleanly.
    let stop_signal = StopSignal::listen()?;
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
    let told_to_stop = async move {
        stop_signal.heard().await;
        tracing::info!("stopping: requests and jobs get {stopped} seconds to end");
        stop.cancel();
    };
    let served = Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(
            crate::api::routes(&app),
            told_to_stop,
            Some(Duration::from_secs(stopped)),
        )
        .await;
    // Also when serving failed, the worker must not be left behind.
    app.stop.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    crate::telemetry::engine_closes();
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

/// Ctrl-C or a service manager's SIGTERM, heard from the moment it is made.
pub struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    /// # Errors
    /// When the system lets nobody listen.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub async fn heard(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
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
