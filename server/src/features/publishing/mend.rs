//! What a crash, a cancelled job or another process leaves half done, put right: deployments whose job is dead, pointers
//! that disagree with the rows, rubbish in the folders.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountId, JobRow, JobState, SiteId, SurrealValue, Variables, Why};

use super::deploy;
use super::model::{Deployment, DeploymentStatus};
use crate::app::App;
use crate::features::webhooks::event::DeploymentData;
use crate::features::webhooks::{self, Event};
use crate::installation;
use crate::jobs::JobError;
use crate::visitors::release::OWNER_FILE;

/// Called when a deployment's job failed for good or was cancelled.
pub async fn job_ended(app: App, job: JobRow) {
    let why = match job.state {
        JobState::Cancelled => "The deployment was cancelled.",
        _ => "The deployment broke off. Deploy again; if that fails too, the log of the server says why.",
    };
    if let Err(error) = fail_those_of(&app, &job, why).await {
        // The periodic look finds it again.
        tracing::warn!(%error, job = %job.id, "cannot end a deployment");
    }
}

async fn fail_those_of(app: &App, job: &JobRow, why: &str) -> Result<(), JobError> {
    let mut binds = Variables::new();
    binds.insert("job", job.id);
    binds.insert("account", job.account);
    let sql = "SELECT * FROM deployment WHERE job = $job AND account = $account \
               AND status INSIDE ['pending', 'deploying'];";
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
    Ok(mended + mend_folders(&app, &busy).await?)
}

/// Puts the sites' folders right, but for those of sites that have a deployment which waits or runs.
async fn mend_folders(app: &App, busy: &[SiteId]) -> Result<u64, JobError> {
    let disk = |error: std::io::Error| JobError::Retry(format!("cannot tidy the sites' folder: {error}"));
    let (root, name) = (app.config.sites_dir.clone(), app.installation.clone());
    let look = move || {
        let found = folders(&root)?;
        if !found.is_empty() {
            installation::claim(&root, &name).map_err(std::io::Error::other)?;
        }
        Ok::<_, std::io::Error>(found)
    };
    let found = deploy::disk_work(look).await.map_err(disk)?;
    // Asked after the folders: a site has a row before it has a folder.
    let sites = every_site(app).await?;
    // The database is a new one, or the wrong one: it does not know whose the folders are.
    if sites.is_empty() {
        return Ok(0);
    }
    let (mut mended, mut failed) = (0, Vec::new());
    for folder in found {
        let path = folder.path.clone();
        let site = sites.get(&folder.owner);
        match mend_folder(app, busy, folder, site).await {
            Ok(count) => mended += count,
            // One that fails must not hold up the others.
            Err(error) => {
                tracing::warn!(%error, folder = %path.display(), "a site's folder cannot be tidied");
                failed.push(format!("{}: {error}", path.display()));
            }
        }
    }
    match failed.first() {
        None => Ok(mended),
        Some(first) => Err(JobError::Retry(format!(
            "{} of the sites' folders cannot be tidied ({first}). This server must be able to write in them, and to \
             move and remove them: see whose they are, and whether the disk is full.",
            failed.len()
        ))),
    }
}

/// Puts one folder right; answers how many things that were.
async fn mend_folder(app: &App, busy: &[SiteId], folder: Folder, site: Option<&KnownSite>) -> std::io::Result<u64> {
    let place = site.map(|site| deploy::folder(app, &site.slug));
    match folder.fate(place, app.db.clock().now()) {
        Fate::Stay => Ok(0),
        Fate::Tidy => match site {
            Some(site) if !busy.contains(&site.id) => deploy::tidy(app, site.account, site.id, folder.path).await,
            _ => Ok(0),
        },
        Fate::Move(to) => {
            tracing::warn!(
                folder = %folder.path.display(), to = %to.display(),
                "a folder of pages is moved: its site is missing in the database, or is there again"
            );
            deploy::disk_work(move || std::fs::rename(folder.path, to)).await?;
            Ok(1)
        }
        Fate::Remove => {
            deploy::disk_work(move || std::fs::remove_dir_all(folder.path)).await?;
            Ok(1)
        }
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct KnownSite {
    id: SiteId,
    account: AccountId,
    slug: String,
}

/// The sites of the database by the text of their ids, as folders name their owners.
async fn every_site(app: &App) -> Result<HashMap<String, KnownSite>, JobError> {
    let sql = "SELECT id, account, slug FROM site;";
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(sql, Variables::new(), "listing sites")
        .await?;
    let sites: Vec<KnownSite> = answer.rows(0)?;
    Ok(sites.into_iter().map(|site| (site.id.to_string(), site)).collect())
}

struct Folder {
    path: PathBuf,
    owner: String,
}

/// What becomes of a folder.
enum Fate {
    /// Nothing, yet.
    Stay,
    /// It is where it belongs: what is in it is put right.
    Tidy,
    Move(PathBuf),
    Remove,
}

/// How long pages are kept whose site is not in the database. Most were removed for good; but a database can be a wrong one, too.
const KEPT: Duration = Duration::days(1);
/// How folders of such sites begin, before the time at which the site was missed.
const MISSED: &str = ".gone-";

impl Folder {
    fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Moved away for another site that has its slug now.
    fn is_aside(&self) -> bool {
        self.name().starts_with(".was-")
    }

    /// When its site was missed.
    fn missed_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, _) = self.name().strip_prefix(MISSED)?.split_once('-')?;
        DateTime::from_timestamp(seconds.parse().ok()?, 0)
    }

    /// `place` is where its site has its folder, if there is such a site.
    fn fate(&self, place: Option<PathBuf>, now: DateTime<Utc>) -> Fate {
        let is_over = |missed: DateTime<Utc>| now - missed >= KEPT;
        match (place, self.missed_at()) {
            (None, None) => Fate::Move(self.path.with_file_name(format!(
                "{MISSED}{}-{}",
                now.timestamp(),
                deploy::plain(&self.owner)
            ))),
            (Some(place), _) if place == self.path => Fate::Tidy,
            // After a change of slug the old folder stays until the site was deployed to the new one.
            (Some(place), None) => {
                let is_elsewhere = owner_of(&place).as_ref() == Some(&self.owner);
                if is_elsewhere || self.is_aside() {
                    Fate::Remove
                } else {
                    Fate::Stay
                }
            }
            (Some(place), Some(_)) if !place.exists() => Fate::Move(place),
            (_, Some(missed)) if is_over(missed) => Fate::Remove,
            (_, Some(_)) => Fate::Stay,
        }
    }
}

fn owner_of(folder: &Path) -> Option<String> {
    let owner = std::fs::read_to_string(folder.join(OWNER_FILE)).ok()?;
    Some(owner.trim().to_owned())
}

/// The folders that sites own. What has no owner's mark was not made by us and is left alone.
fn folders(root: &Path) -> std::io::Result<Vec<Folder>> {
    let mut folders = Vec::new();
    let entries = match std::fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(folders),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if let Some(owner) = owner_of(&path) {
            folders.push(Folder { path, owner });
        }
    }
    Ok(folders)
}

/// The release a site's rows call live, if any; `None` while a deployment has one of these turns.
///
/// # Errors
/// When the database fails.
pub async fn settled(
    app: &App,
    account: AccountId,
    site: SiteId,
    turns: &[&str],
) -> Result<Option<Option<String>>, JobError> {
    let mut binds = Variables::new();
    binds.insert("account", account);
    binds.insert("site", site);
    binds.insert("status", DeploymentStatus::Deployed);
    let sql = "SELECT VALUE turn FROM deployment WHERE site = $site AND account = $account AND turn IS NOT NONE \
        LIMIT 2;\
        SELECT VALUE release FROM deployment WHERE site = $site AND account = $account AND status = $status \
        ORDER BY version DESC LIMIT 1;";
    let mut answer = app
        .db
        .platform(Why::Schedule)
        .query(sql, binds, "finding the live release")
        .await?;
    let taken = answer.rows::<String>(0)?;
    if taken.iter().any(|turn| turns.contains(&turn.as_str())) {
        return Ok(None);
    }
    Ok(Some(answer.rows::<Option<String>>(1)?.pop().flatten()))
}
