//! How igny8 is started: one file for each command.

mod backup;
mod database;
mod demo;
mod deploy;
mod doctor;
mod domain;
mod folders;
mod keywords;
mod migrate;
mod openapi;
mod progress;
mod serve;
mod site;
mod user;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::StartError;
use crate::config::Config;

/// A headless CMS with SEO planning that renders fast static sites.
#[derive(Parser)]
#[command(name = "igny8", version, about, after_help = EXAMPLES)]
struct Cli {
    /// Configuration file; `igny8.toml` in the current folder unless named.
    #[arg(long, global = true, env = "IGNY8_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  igny8 demo                           a site to look at, with everything behind it
  igny8 serve                          the API and the sites on http://localhost:8080
  igny8 user create ada@example.com --name Ada
  igny8 import ~/blog --site blog --create
  igny8 keywords import semrush.csv --site blog --sector coffee --create
  igny8 doctor                         what is wrong with this installation, if anything
  igny8 backup monday.backup           everything in one file
  igny8 openapi > openapi.json         the description of the API

Every setting: server/config.default.toml. Exit codes: 0 done, 1 failed, 2 wrong use, 3 wrong configuration, 4 the
database is in use by another process.";

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the sites and (unless configured otherwise) run jobs.
    Serve(serve::Args),
    /// Run jobs and periodic work without serving, beside `igny8 serve --no-worker` on one remote database.
    Worker,
    /// Bring the database's schema up to date.
    Migrate,
    /// Start a demo: a site, the API and its documentation, in data of its own.
    Demo(demo::Args),
    /// Make users.
    #[command(subcommand)]
    User(user::Command),
    /// Bring a folder of Markdown (Zola, Hugo, Jekyll or plain) into a site.
    Import(folders::ImportArgs),
    /// Write a site into a folder of Markdown.
    Export(folders::ExportArgs),
    /// Import and export keywords, or group those of a file.
    #[command(subcommand)]
    Keywords(keywords::Command),
    /// Render a site and put it live.
    Deploy(deploy::Args),
    /// Give a site a domain without a proof, by the operator's word.
    Domain(domain::Args),
    /// Write everything into one file: rows, media and the installation's key.
    Backup(backup::BackupArgs),
    /// Bring a backup back into a new installation.
    Restore(backup::RestoreArgs),
    /// Check configuration, folders, database, port and mail, and say how to mend them.
    Doctor(doctor::Args),
    /// Print the description of the API (OpenAPI).
    Openapi,
}

impl Command {
    /// Runs until it is stopped, and logs what it does.
    fn is_service(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Worker)
    }
}

/// A command's failure, in words for whoever typed it.
pub type CommandResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        return openapi::run();
    }
    if let Command::Keywords(keywords::Command::Cluster(args)) = &cli.command {
        return ended(keywords::cluster(args));
    }
    let config = match Config::load(cli.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("igny8: wrong configuration: {error}");
            return ExitCode::from(3);
        }
    };
    let mut log = config.log.clone();
    if !cli.command.is_service() && ["off", "error", "warn", "info"].contains(&log.level.as_str()) {
        // A command says itself what it does, and the engine complains about every end that is not a server's.
        let level = if log.level == "info" { "warn" } else { &log.level };
        log.level = format!("{level},surrealdb=off,surrealkv=off");
    }
    crate::telemetry::init(&log);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // SurrealDB's parser and planner recurse deeply; the default 2 MiB is not enough in debug builds.
        .thread_stack_size(10 << 20)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("igny8: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(config, args).await,
            Command::Worker => worker::run(config).await,
            Command::Migrate => migrate::run(config).await,
            Command::Demo(args) => demo::run(config, args).await,
            Command::Export(args) => folders::export(config, args).await,
            Command::Deploy(args) => deploy::run(config, args).await,
            Command::Domain(args) => domain::run(config, args).await,
            Command::User(command) => user::run(config, command).await,
            Command::Keywords(command) => keywords::run(config, command).await,
            Command::Import(args) => folders::import(config, args).await,
            Command::Backup(args) => backup::backup(config, args).await,
            Command::Restore(args) => backup::restore(config, args).await,
            Command::Doctor(args) => doctor::run(config, crate::config::changed(cli.config.as_deref()), args).await,
            Command::Openapi => Ok(()),
        }
    });
    ended(result)
}

fn ended(result: CommandResult) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("igny8: {error}");
            let start: Option<&StartError> = error.downcast_ref();
            if error.is::<database::InUse>() {
                ExitCode::from(4)
            } else if start.is_some_and(StartError::is_configuration) {
                ExitCode::from(3)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
