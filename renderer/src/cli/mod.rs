//! The command line.

mod build;
mod markdown;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Renders a folder of Markdown, or a saved snapshot, to a static site.
#[derive(Debug, Parser)]
#[command(
    name = "igny8-render",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 done or stopped with errors, 2 the command could not be understood."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Render a site into a folder.
    #[command(
        after_help = "Examples:\n  igny8-render build my-blog --out public\n  igny8-render build my-blog --out public --base-url https://example.com --theme ember\n  igny8-render build site.json --out public --json\n  igny8-render build my-blog --out public --theme ./my-theme --threads 2 --compress"
    )]
    Build(BuildArgs),
    /// Turn Markdown from standard input into the HTML of a page's body.
    #[command(
        after_help = "Examples:\n  igny8-render markdown < post.md\n  igny8-render markdown --unsafe < spec-example.md"
    )]
    Markdown(MarkdownArgs),
}

#[derive(Debug, clap::Args)]
struct MarkdownArgs {
    /// Exactly what the specification says: raw HTML and all addresses pass, nothing is cleaned or added.
    #[arg(long = "unsafe")]
    raw: bool,
}

#[derive(Debug, clap::Args)]
struct BuildArgs {
    /// A folder of Markdown (site.toml, or a Hugo, Zola or Jekyll project), or a snapshot (a .json file).
    source: PathBuf,
    /// Where the site goes. Replaced if an earlier run made it; refused if it holds anything else.
    #[arg(long, short)]
    out: PathBuf,
    /// A built-in theme by name, or a theme's folder.
    #[arg(long, default_value = "ember")]
    theme: String,
    /// The address the site will have, in place of the one it names itself.
    #[arg(long)]
    base_url: Option<String>,
    /// Threads to use; 0 takes one for each core.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Also write .gz and .br beside texts.
    #[arg(long)]
    compress: bool,
    /// Print one line of JSON instead of words.
    #[arg(long)]
    json: bool,
}

/// Runs the command line and gives the exit code.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Build(args) => build::run(&args),
        Command::Markdown(args) => markdown::run(&args),
    }
}
