//! `igny8 import DIR --site SLUG` and `igny8 export DIR --site SLUG`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use igny8_data::Write;
use igny8_renderer::folder::Severity;

use super::progress::Progress;
use super::{CommandResult, database, site};
use crate::config::Config;
use crate::features::folders::{self, ImportReport};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 import ~/blog --site blog --create      a new site from a Zola, Hugo or Jekyll folder
  igny8 import ~/blog --site blog --dry-run     what would change
  igny8 import ~/blog --site blog               again: only what changed in the folder since

Pages that were changed both here and in the folder since the last import are reported and left. Files that cannot be
read are listed with their line; the rest goes in. With the embedded database the server must be stopped.")]
pub struct ImportArgs {
    /// The folder: Zola, Hugo, Jekyll, or Markdown files with or without a site.toml.
    dir: PathBuf,
    /// Slug of the site.
    #[arg(long)]
    site: String,
    /// Make the site if there is none with this slug.
    #[arg(long)]
    create: bool,
    /// Account of a new site, by id or name; not needed when there is only one.
    #[arg(long, requires = "create")]
    account: Option<String>,
    /// Change nothing, only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub async fn import(config: Config, args: ImportArgs) -> CommandResult {
    let app = database::app(config).await?;
    let result = run(&app, &args).await;
    app.db.close().await?;
    result
}

async fn run(app: &crate::app::App, args: &ImportArgs) -> CommandResult {
    let (actor, site) = match site::find(app, &args.site).await? {
        Some(found) => found,
        None if args.create && args.dry_run => {
            return Err("a dry run cannot make the site; leave one of --create and --dry-run out".into());
        }
        None if args.create => {
            if !args.dir.is_dir() {
                return Err(format!("{} is not a folder", args.dir.display()).into());
            }
            let account = site::account(app, args.account.as_deref()).await?;
            site::create(app, account, &args.site, &args.site).await?
        }
        None => site::existing(app, &args.site).await?,
    };
    let scope = actor.site::<Write>(&app.db, site.id).await?;
    let progress = Arc::new(Progress::new("files", None));
    let started = Instant::now();
    let options = folders::Options { dry_run: args.dry_run };
    let report = folders::import(app, &scope, &args.dir, options, progress.clone()).await;
    progress.finish();
    let report = report?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        show(&report, args.dry_run, started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn show(report: &ImportReport, dry_run: bool, seconds: f64) {
    for problem in &report.problems {
        println!("{problem}");
    }
    for conflict in &report.conflicts {
        println!("{}: left: {} ({})", conflict.page, conflict.reason, conflict.path);
    }
    let of = |severity| report.problems.iter().filter(|p| p.severity == severity).count();
    println!(
        "{} folder: {} pages created, {} updated, {} unchanged ({} drafts); {} terms, {} clusters and {} media files \
         added, {} media files known{}; {} left, {} errors, {} warnings, {} notes; {seconds:.1} s{}",
        report.layout,
        report.created,
        report.updated,
        report.unchanged,
        report.drafts,
        report.terms,
        report.clusters,
        report.media,
        report.media_unchanged,
        if report.settings {
            "; the site's settings changed"
        } else {
            ""
        },
        report.conflicts.len(),
        of(Severity::Error),
        of(Severity::Warning),
        of(Severity::Info),
        if dry_run { "; dry run, nothing was changed" } else { "" },
    );
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 export ~/blog-export --site blog
  igny8-render build ~/blog-export --out ~/public       the same site without a server

Exporting into the same folder again renews it. Importing it into another site gives the same content.")]
pub struct ExportArgs {
    /// The folder to write: new, empty, or an earlier export.
    dir: PathBuf,
    /// Slug of the site.
    #[arg(long)]
    site: String,
}

pub async fn export(config: Config, args: ExportArgs) -> CommandResult {
    let app = database::app(config).await?;
    let result = run_export(&app, &args).await;
    app.db.close().await?;
    result
}

async fn run_export(app: &crate::app::App, args: &ExportArgs) -> CommandResult {
    let (actor, site) = site::existing(app, &args.site).await?;
    let scope = actor.site::<igny8_data::Read>(&app.db, site.id).await?;
    let report = folders::export(app, &scope, &args.dir).await?;
    for problem in &report.problems {
        println!("{problem}");
    }
    println!(
        "{}: {} pages, {} sections, {} media files, {}.",
        args.dir.display(),
        report.pages,
        report.sections,
        report.media,
        super::progress::bytes(report.bytes)
    );
    Ok(())
}
