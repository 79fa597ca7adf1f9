//! `igny8 deploy --site SLUG`.

use std::time::Duration;

use igny8_data::Write;

use super::progress::Progress;
use super::{CommandResult, database, site};
use crate::app::{App, make_sites_dir};
use crate::backup::Progress as _;
use crate::config::Config;
use crate::features::publishing::{self, Deployment, DeploymentStatus};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 deploy --site blog             render the site and put it live
  igny8 deploy --site blog --queue     leave it to the server, when it runs

With the embedded database the server must be stopped (or use its API: POST /api/v1/sites/{site}/deployments).")]
pub struct Args {
    /// Slug of the site.
    #[arg(long)]
    site: String,
    /// Deploy even when nothing has changed.
    #[arg(long)]
    force: bool,
    /// Only ask for it; a server or worker does it.
    #[arg(long)]
    queue: bool,
}

pub async fn run(config: Config, args: Args) -> CommandResult {
    if !args.queue {
        make_sites_dir(&config)?;
    }
    let app = database::app(config).await?;
    let result = deploy(&app, &args).await;
    app.db.close().await?;
    result
}

async fn deploy(app: &App, args: &Args) -> CommandResult {
    let (actor, site) = site::existing(app, &args.site).await?;
    let scope = actor.site::<Write>(&app.db, site.id).await?;
    let asked = publishing::request(app, &scope, args.force).await?;
    if args.queue {
        println!("Deployment {} of {} is queued.", asked.version, site.slug);
        return Ok(());
    }
    let progress = Progress::new("pages", None);
    progress.step("deploying");
    let worker = tokio::spawn(super::worker::work(app.clone()));
    let deployment = loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = app.db.site(&scope).get::<Deployment>(asked.id).await?;
        match now {
            Some(d) if matches!(d.status, DeploymentStatus::Pending | DeploymentStatus::Deploying) => {}
            Some(d) => break d,
            None => return Err("the deployment was removed".into()),
        }
        if worker.is_finished() {
            return Err("the worker ended before the deployment did; the log says why".into());
        }
    };
    app.stop.cancel();
    worker.await?;
    progress.finish();
    match deployment.status {
        DeploymentStatus::Failed => {
            Err(format!("the deployment failed: {}", deployment.error.unwrap_or_default()).into())
        }
        _ => {
            println!(
                "{}: {} pages, {} files added, {} changed, {} removed, {:.1} s",
                publishing::address_of(app, &site),
                deployment.pages,
                deployment.added,
                deployment.changed,
                deployment.removed,
                deployment.duration_ms as f64 / 1000.0
            );
            Ok(())
        }
    }
}
