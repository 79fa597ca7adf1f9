//! How igny8 is started: one file for each command.

mod migrate;
mod openapi;
mod serve;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
  igny8 serve                          the API and the sites on http://localhost:8080
  igny8 openapi > openapi.json         the description of the API

Exit codes: 0 done, 1 failed, 2 wrong use, 3 wrong configuration.";

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the sites and (unless configured otherwise) run jobs.
    Serve(serve::Args),
    /// Run jobs and periodic work without serving, beside `igny8 serve --no-worker` on one remote database.
    Worker,
    /// Bring the database's schema up to date.
    Migrate,
    /// Print the description of the API (OpenAPI).
    Openapi,
}

/// A command's failure, in words for whoever typed it.
pub type CommandResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        return openapi::run();
    }
    let config = match Config::load(cli.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("igny8: wrong configuration: {error}");
            return ExitCode::from(3);
        }
    };
    crate::telemetry::init(&config.log);
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
            Command::Openapi => Ok(()),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("igny8: {error}");
            ExitCode::FAILURE
        }
    }
}
