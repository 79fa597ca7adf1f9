//! The job that makes a release, and the pointer to the live one.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use igny8_data::{DbError, JobRow, Read, SiteId, SiteScope, Write};
use igny8_renderer::images::ImageCache;
use igny8_renderer::release::{self, Manifest, MediaSource, ReleaseError};
use igny8_renderer::{Diagnostic, Severity, Theme};

use super::model::{DEPLOYING, Deployment, DeploymentId, DeploymentScope, DeploymentStatus, LOG_LINES};
use super::{mend, rows, snapshot};
use crate::app::App;
use crate::features::media::MediaStore;
use crate::features::sites::model::Site;
use crate::jobs::{JobContext, JobError};
use crate::visitors::release::OWNER_FILE;

/// Makes the deployment that the job's payload names. Running it again, after a crash at any point, comes to the same end.
pub async fn run(app: App, job: JobRow, context: JobContext) -> Result<serde_json::Value, JobError> {
    let id = job.payload["deployment"]
        .as_str()
        .and_then(|id| id.parse::<DeploymentId>().ok());
    let (Some(id), Some(site)) = (id, job.site) else {
        return Err(JobError::Fail("The job does not name a deployment.".into()));
    };
    let actor = context.actor(&app.db, &job).await?;
    let scope = actor.site::<Write>(&app.db, site).await?;
    let db = app.db.site(&scope);
    let Some(mut deployment) = db.get::<Deployment>(id).await? else {
        return Err(JobError::Fail("The deployment does not exist any more.".into()));
    };
    if matches!(
        deployment.status,
        DeploymentStatus::Deployed | DeploymentStatus::RolledBack
    ) {
        return Ok(summary(&deployment));
    }
    deployment.status = DeploymentStatus::Deploying;
    deployment.turn = Some(DEPLOYING.to_owned());
    deployment.error = None;
    deployment.finished_at = None;
    let mut tx = db.tx();
    tx.replace(&mut deployment);
    match tx.commit().await {
        Err(DbError::Duplicate { .. }) => {
            let wait = chrono::Duration::seconds(2);
            return Err(JobError::Later(
                wait,
                "Waiting for the deployment that is running.".into(),
            ));
        }
        other => other?,
    };
    let begun = Instant::now();
    let made = make(&app, &scope, &mut deployment, &context).await;
    deployment.duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let failure = match made {
        Ok(()) => None,
        Err(Stop::Job(error @ (JobError::Retry(_) | JobError::Later(..)))) => return Err(error),
        Err(Stop::Job(JobError::Fail(why)) | Stop::Refused(why)) => Some(why),
        Err(Stop::Disk(error)) => {
            tracing::error!(%error, deployment = %deployment.id, "cannot write a release");
            Some("The release could not be written: the server's disk refused. Its log says why.".into())
        }
    };
    let now = app.db.clock().now();
    match &failure {
        None => {
            deployment.status = DeploymentStatus::Deployed;
            deployment.turn = None;
            deployment.finished_at = Some(now);
        }
        Some(why) => deployment.fail(why, now),
    }
    let mut tx = db.tx();
    tx.replace(&mut deployment);
    tx.commit().await?;
    app.metrics
        .deployment(if failure.is_none() { "deployed" } else { "failed" });
    match failure {
        None => {
            prune(&app, &scope, &deployment).await;
            Ok(summary(&deployment))
        }
        Some(why) => Err(JobError::Fail(why)),
    }
}

fn summary(deployment: &Deployment) -> serde_json::Value {
    serde_json::json!({
        "deployment": deployment.id, "version": deployment.version, "pages": deployment.pages,
        "added": deployment.added, "changed": deployment.changed, "removed": deployment.removed,
    })
}

/// Why a release was not made.
enum Stop {
    Job(JobError),
    /// The content does not allow it; in words for its authors.
    Refused(String),
    Disk(io::Error),
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Job(error.into())
    }
}

impl From<igny8_data::Denied> for Stop {
    fn from(denied: igny8_data::Denied) -> Self {
        Self::Job(denied.into())
    }
}

/// Reads, renders, writes and goes live, filling in the deployment's row as it learns.
async fn make(
    app: &App,
    scope: &SiteScope<Write>,
    deployment: &mut Deployment,
    context: &JobContext,
) -> Result<(), Stop> {
    context.progress(5.0, "Reading the published content");
    let account = scope.actor().account::<Read>()?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    let site = site.ok_or_else(|| JobError::Fail("The site was deleted.".into()))?;
    let reading = scope.reading();
    let before = rows::live(app, &reading).await?;
    let snapshot = snapshot::build(&app.db.site(&reading), &site, super::address_of(app, &site)).await?;
    deployment.snapshot_hash = Some(theme_and(&snapshot.hash, &site.theme));
    let site_folder = folder(app, &site.slug);
    let (prepared, owner) = (site_folder.clone(), site.id);
    disk(move || prepare(&prepared, owner)).await?;
    let unchanged = before.filter(|live| live.snapshot_hash == deployment.snapshot_hash);
    if let Some(live) = unchanged
        && let Some(name) = &live.release
        && has_release(app, &site, name).await.map_err(Stop::Disk)?
    {
        deployment.release = Some(name.clone());
        deployment.scope = DeploymentScope::Incremental;
        (deployment.pages, deployment.bytes) = (live.pages, live.bytes);
        deployment.log = vec![line(
            "info",
            "",
            "unchanged",
            "Nothing has changed since the live release.",
        )];
        context.confirm(&app.db).await?;
        return point_to(app, &site, name).await.map_err(Stop::Disk);
    }
    context.check()?;
    context.progress(20.0, "Rendering");
    let name = deployment.own_release();
    let work = Work {
        folder: site_folder.clone(),
        release: name.clone(),
        media: Media(MediaStore::of(app)),
        theme: site.theme.clone(),
        force: deployment.force,
        stop: context.stop().clone(),
    };
    let (held, owner) = (app.clone(), site.id);
    let written = app
        .renders
        .run(move || {
            // Lost when the render panics: then the next one starts over.
            let mut memo = held.renders.take_memo(owner);
            let written = work.write(snapshot.site, &mut memo);
            held.renders.keep_memo(owner, memo);
            written
        })
        .await
        .map_err(Stop::Disk)?;
    let written = match written {
        Ok(written) => written,
        Err(Problem::Theme(why)) => return Err(Stop::Refused(why)),
        Err(Problem::Release(error)) => return Err(Stop::Disk(io::Error::other(error))),
    };
    deployment.log = log(&written.findings);
    deployment.pages = i64::try_from(written.pages).unwrap_or(i64::MAX);
    let Some(Difference {
        added,
        changed,
        removed,
        bytes,
        linked,
    }) = written.difference
    else {
        context.check()?;
        let errors = written
            .findings
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count();
        return Err(Stop::Refused(format!(
            "{errors} errors in pages; the old release stays live. They are in the log. Mend them, or deploy with `force`."
        )));
    };
    (deployment.added, deployment.changed, deployment.removed) = (added, changed, removed);
    deployment.bytes = bytes;
    deployment.scope = if linked > 0 {
        DeploymentScope::Incremental
    } else {
        DeploymentScope::Full
    };
    deployment.release = Some(name.clone());
    context.progress(95.0, "Going live");
    // Last look: a job that was cancelled or taken over must not change what visitors see.
    context.confirm(&app.db).await?;
    point_to(app, &site, &name).await.map_err(Stop::Disk)
}

/// What a render thread needs.
struct Work {
    folder: PathBuf,
    release: String,
    media: Media,
    theme: String,
    force: bool,
    stop: tokio_util::sync::CancellationToken,
}

struct Written {
    findings: Vec<Diagnostic>,
    pages: usize,
    /// `None` when the release was given up.
    difference: Option<Difference>,
}

struct Difference {
    added: i64,
    changed: i64,
    removed: i64,
    bytes: i64,
    linked: usize,
}

enum Problem {
    Theme(String),
    Release(ReleaseError),
}

impl From<ReleaseError> for Problem {
    fn from(error: ReleaseError) -> Self {
        Self::Release(error)
    }
}

impl Work {
    fn write(self, mut site: igny8_renderer::Site, memo: &mut igny8_renderer::Memo) -> Result<Written, Problem> {
        let theme = Theme::builtin(&self.theme)
            .map_err(|error| Problem::Theme(format!("The theme cannot be used: {error}")))?;
        // What an attempt before this one left: it is ours, since a site has one running deployment.
        release::sweep(&self.folder)?;
        discard(&self.folder, &self.release)?;
        let before = live_manifest(&self.folder);
        // In the site's own folder: nothing of one account's images can come into another's releases.
        let images = ImageCache::new(self.folder.join(".images"));
        images.prepare(&mut site, None, &self.media);
        let mut report = igny8_renderer::Report::default();
        let manifest = release::write_release(&self.folder, &self.release, &images.source(&self.media), |sink| {
            let stopping = Stopping { sink, stop: &self.stop };
            report = igny8_renderer::render_again(&site, &theme, &images.sink(&stopping), memo);
            let usable = self.force || !report.stops_release();
            (usable && !self.stop.is_cancelled()).then(|| report.media.clone())
        })?;
        if manifest.is_some()
            && let Err(error) = images.sweep(&report)
        {
            tracing::warn!(%error, folder = %self.folder.display(), "cannot tidy the images kept for releases");
        }
        Ok(Written {
            pages: report.pages,
            findings: report.diagnostics.into_iter().chain(report.advice).collect(),
            difference: manifest.map(|manifest| Difference::between(&before, &manifest)),
        })
    }
}

/// Ends a render early when its job must stop.
struct Stopping<'a> {
    sink: &'a dyn igny8_renderer::Sink,
    stop: &'a tokio_util::sync::CancellationToken,
}

impl igny8_renderer::Sink for Stopping<'_> {
    fn file(&self, file: igny8_renderer::OutFile) -> std::ops::ControlFlow<()> {
        if self.stop.is_cancelled() {
            return std::ops::ControlFlow::Break(());
        }
        self.sink.file(file)
    }

    fn keeps(&self, files: &[igny8_renderer::MadeFile]) -> bool {
        self.sink.keeps(files)
    }
}

impl Difference {
    fn between(before: &Manifest, now: &Manifest) -> Self {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let same_name = now
            .files
            .iter()
            .filter_map(|(path, entry)| Some((before.files.get(path)?, entry)));
        let kept = same_name.clone().count();
        Self {
            added: number(now.files.len() - kept),
            changed: number(same_name.filter(|(old, new)| old.hash != new.hash).count()),
            removed: number(before.files.len() - kept),
            bytes: i64::try_from(now.bytes()).unwrap_or(i64::MAX),
            linked: now.linked,
        }
    }
}

fn live_manifest(folder: &Path) -> Manifest {
    let live = release::current(folder).ok().flatten();
    let path = live.map(|name| folder.join("releases").join(format!("{name}.json")));
    path.and_then(|path| Manifest::read(&path).ok()).unwrap_or_default()
}

/// Takes away a release that was written whole but never went live, so that it can be written again.
fn discard(folder: &Path, name: &str) -> Result<(), ReleaseError> {
    let releases = folder.join("releases");
    let io = |path: &Path, source| ReleaseError::Io {
        path: path.to_owned(),
        source,
    };
    let manifest = releases.join(format!("{name}.json"));
    match std::fs::remove_file(&manifest) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(&manifest, error)),
    }
    let path = releases.join(name);
    std::fs::remove_dir_all(&path).map_err(|error| io(&path, error))
}

/// Files of the media store.
struct Media(MediaStore);

impl MediaSource for Media {
    fn path(&self, media: &igny8_renderer::site::Media) -> io::Result<PathBuf> {
        self.0.path(&media.source)
    }
}

/// The theme's name is no part of a snapshot, and changes every page.
fn theme_and(hash: &str, theme: &str) -> String {
    format!("{theme}/{hash}")
}

fn log(findings: &[Diagnostic]) -> Vec<serde_json::Value> {
    let mut lines: Vec<serde_json::Value> = findings
        .iter()
        .take(LOG_LINES)
        .map(|d| line(d.severity.name(), &d.page, d.code, &d.message))
        .collect();
    if findings.len() > LOG_LINES {
        let more = format!("{} more findings are left out.", findings.len() - LOG_LINES);
        lines.push(line("info", "", "log-cut", &more));
    }
    lines
}

fn line(level: &str, page: &str, code: &str, message: &str) -> serde_json::Value {
    serde_json::json!({ "level": level, "page": page, "code": code, "message": message })
}

/// The folder of a site's releases and pointer.
pub fn folder(app: &App, slug: &str) -> PathBuf {
    app.config.sites_dir.join(slug)
}

/// Makes the site's folder its own. A folder that another site had under this slug is moved away and removed with it.
fn prepare(folder: &Path, site: SiteId) -> io::Result<()> {
    let mark = folder.join(OWNER_FILE);
    match std::fs::read_to_string(&mark) {
        Ok(owner) if owner.trim() == site.to_string() => return Ok(()),
        Ok(owner) => {
            let root = folder.parent().unwrap_or(folder);
            let aside = root.join(format!(
                ".was-{}",
                owner.trim().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
            ));
            if aside.exists() {
                std::fs::remove_dir_all(&aside)?;
            }
            std::fs::rename(folder, aside)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".site-").tempfile_in(folder)?;
    io::Write::write_all(&mut file, format!("{site}\n").as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(mark).map_err(|e| e.error)?;
    Ok(())
}

/// Whether a release is still kept.
///
/// # Errors
/// When the disk fails.
pub async fn has_release(app: &App, site: &Site, name: &str) -> io::Result<bool> {
    let (folder, name) = (folder(app, &site.slug), name.to_owned());
    let releases =
        tokio::task::spawn_blocking(move || Ok::<_, ReleaseError>(release::releases(&folder)?.contains(&name)));
    releases.await.map_err(io::Error::other)?.map_err(io::Error::other)
}

/// Makes a kept release the live one, in one step.
///
/// # Errors
/// When the disk refuses; the old one is live then.
pub async fn point_to(app: &App, site: &Site, name: &str) -> io::Result<()> {
    let (folder, name) = (folder(app, &site.slug), name.to_owned());
    let done = tokio::task::spawn_blocking(move || release::publish(&folder, &name));
    done.await.map_err(io::Error::other)?.map_err(io::Error::other)
}

/// Removes releases beyond the number kept. A failure is no failure of the deployment: the next one tries again.
async fn prune(app: &App, scope: &SiteScope<Write>, deployment: &Deployment) {
    let account = match scope.actor().account::<Read>() {
        Ok(account) => account,
        Err(_) => return,
    };
    let Ok(Some(site)) = app.db.account(&account).get::<Site>(deployment.site).await else {
        return;
    };
    let (folder, keep) = (folder(app, &site.slug), app.config.publishing.keep_releases);
    match tokio::task::spawn_blocking(move || release::prune(&folder, keep)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, site = %deployment.site, "cannot remove old releases"),
        Err(error) => tracing::warn!(%error, site = %deployment.site, "removing old releases broke off"),
    }
}

/// Sees to it that the live release is the one the rows say and that nothing half-written lies about. Only for a site
/// without a running deployment.
///
/// # Errors
/// When the disk or the database fails.
pub async fn tidy(app: &App, site: SiteId, folder: PathBuf) -> io::Result<u64> {
    let live = mend::live_release(app, site).await.map_err(io::Error::other)?;
    disk_work(move || {
        let mut mended = release::sweep(&folder).map_err(io::Error::other)?.len() as u64;
        let current = release::current(&folder).map_err(io::Error::other)?;
        if let Some(live) = live.filter(|live| current.as_deref() != Some(live)) {
            match release::publish(&folder, &live) {
                Ok(()) => mended += 1,
                Err(error) => tracing::error!(%error, %site, "the live release is not there"),
            }
        }
        Ok(mended)
    })
    .await
}

async fn disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Stop> {
    disk_work(work).await.map_err(Stop::Disk)
}

async fn disk_work<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
