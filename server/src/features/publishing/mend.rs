//! What a crash, a cancelled job or another process leaves half done, put right: deployments whose job is dead, pointers
//! that disagree with the rows, rubbish in the folders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use igny8_data::{JobId, JobRow, JobState, SiteId, SurrealValue, Variables, Why};

use super::deploy;
use super::model::{Deployment, DeploymentStatus};
use crate::app::App;
use crate::features::webhooks::event::DeploymentData;
use crate::features::webhooks::{self, Event};
use crate::jobs::JobError;
use crate::visitors::release::OWNER_FILE;

/// Called when a deployment's job failed for good or was cancelled.
pub async fn job_ended(app: App, job: JobRow) {
    let why = match job.state {
        JobState::Cancelled => "The deployment was cancelled.",
        _ => "The deployment broke off. Deploy again; if that fails too, the log of the server says why.",
    };
    if let Err(error) = fail_those_of(&app, job.id, why).await {
        // The periodic look finds it again.
        tracing::warn!(%error, job = %job.id, "cannot end a deployment");
    }
}

async fn fail_those_of(app: &App, job: JobId, why: &str) -> Result<(), JobError> {
    let mut binds = Variables::new();
    binds.insert("job", job);
    let sql = "SELECT * FROM deployment WHERE job = $job AND status INSIDE ['pending', 'deploying'];";
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(sql, binds, "finding a deployment")
        .await?;
    for deployment in answer.rows::<Deployment>(0)? {
        end(app, deployment, why).await?;
    }
    Ok(())
}

async fn end(app: &App, mut deployment: Deployment, why: &str) -> Result<(), JobError> {
    deployment.fail(why, app.db.clock().now());
    let platform = app.db.platform(Why::Schedule);
    let mut tx = platform.tx(deployment.account, Some(deployment.site));
    tx.replace(&mut deployment);
    webhooks::emit(&mut tx, &Event::DeploymentFinished(DeploymentData::of(&deployment)));
    match tx.commit().await {
        Ok(_) => app.metrics.deployment("failed"),
        // It ended by itself meanwhile.
        Err(igny8_data::DbError::Stale) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Puts right what should not be; answers how many things that were.
///
/// # Errors
/// When the database or the disk fails; the next run goes on.
pub async fn mend(app: App) -> Result<u64, JobError> {
    let mut mended = 0;
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Unfinished {
        deployment: Deployment,
        state: Option<JobState>,
    }
    let sql =
        "SELECT $this AS deployment, job.state AS state FROM deployment WHERE status INSIDE ['pending', 'deploying'];";
    let platform = app.db.platform(Why::Schedule);
    let mut answer = platform
        .query(sql, Variables::new(), "looking for dead deployments")
        .await?;
    let mut busy = Vec::new();
    for Unfinished { deployment, state } in answer.rows(0)? {
        if matches!(state, Some(JobState::Queued | JobState::Running)) {
            busy.push(deployment.site);
        } else {
            end(&app, deployment, "The deployment broke off. Deploy again.").await?;
            mended += 1;
        }
    }
    let sites = every_site(&app).await?;
    let root = app.config.sites_dir.clone();
    let disk = |error: std::io::Error| JobError::Retry(format!("cannot tidy the sites' folder: {error}"));
    let folders = tokio::task::spawn_blocking(move || folders(&root)).await;
    for folder in folders.map_err(std::io::Error::other).and_then(|f| f).map_err(disk)? {
        let place = match sites.get(&folder.owner) {
            Some(slug) => Some(app.config.sites_dir.join(slug)),
            // The site was removed for good: its pages go too.
            None => None,
        };
        if place.as_ref() != Some(&folder.path) {
            // After a change of slug the old folder stays until the site was deployed to the new one.
            let moved = place.is_some_and(|place| owner_of(&place).as_ref() != Some(&folder.owner));
            if !moved || folder.is_aside() {
                let path = folder.path.clone();
                let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(path)).await;
                removed.map_err(std::io::Error::other).and_then(|r| r).map_err(disk)?;
                mended += 1;
            }
            continue;
        }
        if let Ok(site) = folder.owner.parse::<SiteId>()
            && !busy.contains(&site)
        {
            mended += deploy::tidy(&app, site, folder.path).await.map_err(disk)?;
        }
    }
    Ok(mended)
}

async fn every_site(app: &App) -> Result<HashMap<String, String>, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Known {
        id: SiteId,
        slug: String,
    }
    let sql = "SELECT id, slug FROM site;";
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(sql, Variables::new(), "listing sites")
        .await?;
    let sites: Vec<Known> = answer.rows(0)?;
    Ok(sites.into_iter().map(|s| (s.id.to_string(), s.slug)).collect())
}

struct Folder {
    path: PathBuf,
    owner: String,
}

impl Folder {
    /// Moved away for another site that has its slug now.
    fn is_aside(&self) -> bool {
        self.path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(".was-"))
    }
}

fn owner_of(folder: &Path) -> Option<String> {
    let owner = std::fs::read_to_string(folder.join(OWNER_FILE)).ok()?;
    Some(owner.trim().to_owned())
}

/// The folders that sites own. What has no owner's mark was not made by us and is left alone.
fn folders(root: &Path) -> std::io::Result<Vec<Folder>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        if let Some(owner) = owner_of(&path) {
            folders.push(Folder { path, owner });
        }
    }
    Ok(folders)
}

/// The release a site's rows call live, if any; `None` while a deployment waits or runs.
///
/// # Errors
/// When the database fails.
pub async fn settled(app: &App, site: SiteId) -> Result<Option<Option<String>>, JobError> {
    let mut binds = Variables::new();
    binds.insert("site", site);
    binds.insert("status", DeploymentStatus::Deployed);
    let sql = "SELECT VALUE id FROM deployment WHERE site = $site AND turn IS NOT NONE LIMIT 1;\
        SELECT VALUE release FROM deployment WHERE site = $site AND status = $status ORDER BY version DESC LIMIT 1;";
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(sql, binds, "finding the live release")
        .await?;
    if !answer.rows::<super::DeploymentId>(0)?.is_empty() {
        return Ok(None);
    }
    Ok(Some(answer.rows::<Option<String>>(1)?.pop().flatten()))
}
