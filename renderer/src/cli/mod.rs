//! The command line.

mod build;
mod check;
mod markdown;
mod serve;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use igny8_renderer::{Theme, ThemeError};

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
    /// Render a site into nothing and say what is wrong with it.
    #[command(
        after_help = "Errors stop a deploy unless it is forced, but for those that leave out one picture or page; warnings are noticed by visitors or search engines and stop nothing unless the site is strict about them (`strict` in [outputs]); the rest is advice. Exit code 1 if there are errors.\n\nExamples:\n  igny8-render check my-blog\n  igny8-render check site.json --json"
    )]
    Check(CheckArgs),
    /// Work on themes.
    #[command(subcommand)]
    Theme(ThemeCommand),
    /// Show a site on this machine; it is built again when a file changes.
    #[command(
        after_help = "Examples:\n  igny8-render serve my-blog\n  igny8-render serve my-blog --theme ./my-theme --port 4000"
    )]
    Serve(ServeArgs),
}

#[derive(Debug, Subcommand)]
enum ThemeCommand {
    /// Compile a theme, render every template with sample content, and say what fails and where.
    #[command(after_help = "Examples:\n  igny8-render theme check ember\n  igny8-render theme check ./my-theme --json")]
    Check(ThemeCheckArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// A folder of Markdown, or a snapshot (a .json file).
    source: PathBuf,
    /// A built-in theme by name, or a theme's folder.
    #[arg(long, default_value = "ember")]
    theme: String,
    /// The address the site will have, in place of the one it names itself.
    #[arg(long)]
    base_url: Option<String>,
    /// Threads to use; 0 takes one for each core.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Also decode images, and keep their smaller forms here; without, only files that are not there are found.
    #[arg(long, value_name = "FOLDER")]
    image_cache: Option<PathBuf>,
    /// Print one line of JSON instead of words.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ThemeCheckArgs {
    /// A built-in theme by name, or a theme's folder.
    theme: String,
    /// Print one line of JSON instead of words.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    /// A folder of Markdown, or a snapshot (a .json file).
    source: PathBuf,
    /// The port on this machine; 0 takes any that is free.
    #[arg(long, default_value_t = 4000)]
    port: u16,
    /// A built-in theme by name, or a theme's folder.
    #[arg(long, default_value = "ember")]
    theme: String,
    /// Where smaller forms of images are kept [default: a folder that goes with the program].
    #[arg(long, value_name = "FOLDER")]
    image_cache: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct MarkdownArgs {
    /// Exactly what the specification says: raw HTML and all addresses pass, nothing is cleaned or added.
    #[arg(long = "unsafe")]
    raw: bool,
    /// Read formulas in LaTeX between `$`, and write them as MathML.
    #[arg(long, conflicts_with = "raw")]
    math: bool,
    /// Typographic quotes and dashes for straight ones.
    #[arg(long, conflicts_with = "raw")]
    typographer: bool,
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
    /// Where smaller forms of images are kept for the next build (default: a folder of its own in `.igny8-cache` beside OUT).
    #[arg(long, value_name = "FOLDER")]
    image_cache: Option<PathBuf>,
    /// Leave out the pictures of title and brand that stand for pages without an image where links are shared.
    #[arg(long)]
    no_share_images: bool,
    /// Leave out the search page and its index.
    #[arg(long)]
    no_search: bool,
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
        Command::Check(args) => check::run(&args),
        Command::Theme(ThemeCommand::Check(args)) => check::run_theme(&args),
        Command::Serve(args) => serve::run(&args),
    }
}

/// A theme by its folder, else by its name.
fn theme(name: &str) -> Result<Theme, String> {
    theme_by(name, Theme::from_dir, Theme::builtin)
}

/// The same, which notes what templates are shown.
fn watched_theme(name: &str) -> Result<Theme, String> {
    theme_by(name, Theme::from_dir_watched, Theme::builtin_watched)
}

fn theme_by(
    name: &str,
    from_dir: fn(&Path) -> Result<Theme, ThemeError>,
    builtin: fn(&str) -> Result<Theme, ThemeError>,
) -> Result<Theme, String> {
    let path = Path::new(name);
    let theme = if path.join("theme.toml").is_file() {
        from_dir(path)
    } else {
        builtin(name)
    };
    theme.map_err(|e| e.to_string())
}
