//! The job that makes a release, and the pointer to the live one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use igny8_data::{AccountId, DbError, JobRow, Read, SiteId, SiteScope, Write};
use igny8_renderer::images::ImageCache;
use igny8_renderer::release::{self, ContentHash, MediaSource, Release, ReleaseError, Written};
use igny8_renderer::{Diagnostic, Report, Theme};

use super::model::{DEPLOYING, Deployment, DeploymentId, DeploymentScope, DeploymentStatus, LOG_LINES, PENDING};
use super::renders::Left;
use super::rows::Live;
use super::{mend, rows};
use crate::app::App;
use crate::features::destinations::releases;
use crate::features::media::MediaStore;
use crate::features::sites::model::Site;
use crate::features::webhooks::event::DeploymentData;
use crate::features::webhooks::{self, Event};
use crate::installation;
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
    let account = scope.actor().account::<Read>()?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    let site = site.ok_or_else(|| JobError::Fail("The site was deleted.".into()))?;
    if matches!(
        deployment.status,
        DeploymentStatus::Deployed | DeploymentStatus::RolledBack
    ) {
        // The attempt before this one ended while it was tidying up.
        tidy_up(&app, &site, Rest::default()).await;
        return Ok(summary(&deployment));
    }
    deployment.begin();
    let mut tx = db.tx();
    tx.replace(&mut deployment);
    match tx.commit().await {
        Err(DbError::Duplicate { .. }) => {
            let wait = chrono::Duration::milliseconds(250);
            return Err(JobError::Later(
                wait,
                "Waiting for the deployment that is running.".into(),
            ));
        }
        other => other?,
    };
    let live = rows::live_release(&app, &scope).await?;
    carry_out(&app, &scope, &site, live, deployment, &context, true).await
}

/// Makes a deployment that has its turn. `live` is the one before it. Unless it is to be `whole`, the search index of a large site may be
/// left to a deployment soon after.
pub async fn carry_out(
    app: &App,
    scope: &SiteScope<Write>,
    site: &Site,
    live: Option<Live>,
    mut deployment: Deployment,
    context: &JobContext,
    whole: bool,
) -> Result<serde_json::Value, JobError> {
    let begun = Instant::now();
    let made = make(app, scope, site, live, &mut deployment, context, whole).await;
    deployment.duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let (failure, rest) = match made {
        Ok(rest) => (None, rest),
        Err(Stop::Job(error @ (JobError::Retry(_) | JobError::Later(..)))) => return Err(error),
        Err(Stop::Job(JobError::Fail(why)) | Stop::Refused(why)) => (Some(why), None),
        Err(Stop::Disk(error)) => {
            tracing::error!(%error, deployment = %deployment.id, "cannot write a release");
            let why = "The release could not be written: the server's disk refused. Its log says why.";
            (Some(why.into()), None)
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
    let mut tx = app.db.site(scope).tx();
    if rest.as_ref().is_some_and(|rest| rest.report.behind) {
        // So that no later deployment takes this one for the same.
        deployment.snapshot_hash = None;
        tx.enqueue(super::behind_job(site.id));
    }
    tx.replace(&mut deployment);
    if failure.is_none() {
        releases::follow(&mut tx, site.id);
    }
    webhooks::emit(&mut tx, &Event::DeploymentFinished(DeploymentData::of(&deployment)));
    tx.commit().await?;
    app.metrics
        .deployment(if failure.is_none() { "deployed" } else { "failed" });
    match failure {
        None => {
            if let Some(rest) = rest {
                tidy_up(app, site, rest).await;
            }
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
    site: &Site,
    live: Option<Live>,
    deployment: &mut Deployment,
    context: &JobContext,
    whole: bool,
) -> Result<Option<Rest>, Stop> {
    context.progress(5.0, "Reading the published content");
    let reading = scope.reading();
    let mut left = app.renders.take_left(site.id);
    let address = super::address_of(app, site);
    // Lost when it fails: then the next deployment reads everything.
    let forms = crate::features::forms::address(&app.config, site.id);
    let snapshot = left
        .standing
        .snapshot(&app.db.site(&reading), site, address, forms)
        .await?;
    deployment.snapshot_hash = Some(theme_and(&snapshot.hash, &site.theme));
    let unchanged = live
        .as_ref()
        .filter(|live| live.snapshot_hash == deployment.snapshot_hash);
    if let Some((live, name)) = unchanged.and_then(|live| Some((live, live.release.as_ref()?)))
        && has_release(app, site, name).await.map_err(Stop::Disk)?
    {
        app.renders.keep_left(site.id, left);
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
        point_to(app, site, name).await.map_err(Stop::Disk)?;
        return Ok(None);
    }
    context.check()?;
    context.progress(20.0, "Rendering");
    let name = deployment.own_release();
    let work = Work {
        app: app.clone(),
        folder: folder(app, &site.slug),
        owner: site.id,
        release: name.clone(),
        live: live.and_then(|live| live.release),
        media: Media(MediaStore::of(app)),
        theme: site.theme.clone(),
        force: deployment.force,
        whole,
        stop: context.stop().clone(),
    };
    let (held, owner) = (app.clone(), site.id);
    let made = app
        .renders
        .run(move || {
            // Lost when the render panics: then the next one starts over.
            let made = work.write(snapshot.site, &mut left);
            held.renders.keep_left(owner, left);
            made
        })
        .await
        .map_err(Stop::Disk)?;
    let made = match made {
        Ok(made) => made,
        Err(Problem::Theme(why)) => return Err(Stop::Refused(why)),
        Err(Problem::Release(error)) => return Err(Stop::Disk(io::Error::other(error))),
    };
    let Made {
        mut report,
        theme,
        written,
        images,
    } = made;
    let few = report.unreviewed;
    deployment.pages = number(report.pages);
    let Some(written) = written else {
        deployment.log = log(&report);
        context.check()?;
        let errors = report.diagnostics.iter().filter(|d| report.stops(d));
        return Err(Stop::Refused(format!(
            "{} errors in pages; the old release stays live. They are in the log. Mend them, or deploy with `force`.",
            errors.count()
        )));
    };
    (deployment.added, deployment.changed) = (number(written.added), number(written.changed));
    deployment.removed = number(written.removed);
    deployment.bytes = i64::try_from(written.release.bytes()).unwrap_or(i64::MAX);
    deployment.scope = if written.shared > 0 {
        DeploymentScope::Incremental
    } else {
        DeploymentScope::Full
    };
    deployment.release = Some(name.clone());
    context.progress(95.0, "Going live");
    // Last look: a job that was cancelled or taken over must not change what visitors see.
    context.confirm(&app.db).await?;
    let (held, folder, release) = (app.clone(), folder(app, &site.slug), written.release.clone());
    let owner = site.id;
    let report = disk(move || {
        let _lock = release::lock(&folder).map_err(io::Error::other)?;
        let releases = &held.visitors.releases;
        releases.publish(&folder, &release).map_err(io::Error::other)?;
        // Visitors see it from here on. Only what is on the disk for certain may be called deployed.
        release::settle(&folder).map_err(io::Error::other)?;
        if report.unreviewed {
            let mut left = held.renders.take_left(owner);
            igny8_renderer::review(&mut left.memo, &theme, &mut report);
            held.renders.keep_left(owner, left);
        }
        Ok(report)
    })
    .await?;
    deployment.log = log(&report);
    Ok(Some(Rest {
        written: Some(written),
        report,
        // A few other texts need no other images.
        images: (!few).then_some(images),
    }))
}

/// What is left to do once visitors see a release.
#[derive(Default)]
pub struct Rest {
    /// Without it everything is looked at that may be left.
    written: Option<Written>,
    report: Report,
    /// Knows which images the release has.
    images: Option<ImageCache>,
}

/// What a render thread needs.
struct Work {
    app: App,
    folder: PathBuf,
    owner: SiteId,
    release: String,
    /// The release that the rows call live.
    live: Option<String>,
    media: Media,
    theme: String,
    force: bool,
    whole: bool,
    stop: tokio_util::sync::CancellationToken,
}

struct Made {
    report: Report,
    theme: Arc<Theme>,
    /// `None` when the release was given up.
    written: Option<Written>,
    images: ImageCache,
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
    fn write(self, mut site: igny8_renderer::Site, left: &mut Left) -> Result<Made, Problem> {
        let theme = self.app.renders.theme(&self.theme);
        let theme = theme.map_err(|error| Problem::Theme(format!("The theme cannot be used: {error}")))?;
        prepare(&self.app, &self.folder, self.owner).map_err(|source| ReleaseError::Io {
            path: self.folder.clone(),
            source,
        })?;
        let _lock = release::lock(&self.folder)?;
        // One that cannot be read still serves; it only cannot be built on.
        let releases = &self.app.visitors.releases;
        let live = self.live.and_then(|live| releases.open(&self.folder, &live).ok());
        // What an attempt before this one left: it is ours, since a site has one running deployment. It may have gone live, and
        // nobody knows whether it is on the disk.
        release::sweep(&self.folder)?;
        if let Some(live) = &live
            && release::current(&self.folder)?.as_ref() == Some(&self.release)
        {
            releases.publish(&self.folder, live)?;
        }
        release::discard(&self.folder, &self.release)?;
        // In the site's own folder: nothing of one account's images can come into another's releases.
        // The one that the last deployment left knows what it has looked at.
        let images = images_of(&self.folder);
        let images = left
            .images
            .take()
            .filter(|left| left.dir() == images.dir())
            .unwrap_or(images);
        left.images = Some(images.clone());
        images.prepare_all(&mut site, &self.media);
        let site = Arc::new(site);
        let mut report = Report::default();
        let source = images.source(&self.media);
        let written = release::write_release(&self.folder, &self.release, live.as_ref(), &source, |sink| {
            let stopping = Stopping { sink, stop: &self.stop };
            let sink = images.sink(&stopping);
            report = if self.whole {
                igny8_renderer::render_again(&site, &theme, &sink, &mut left.memo)
            } else {
                igny8_renderer::render_again_unreviewed(&site, &theme, &sink, &mut left.memo)
            };
            let usable = self.force || !report.stops_release();
            (usable && !self.stop.is_cancelled()).then(|| report.media.clone())
        })?;
        Ok(Made {
            report,
            theme,
            written,
            images,
        })
    }
}

/// The cache of a site's smaller images.
fn images_of(folder: &Path) -> ImageCache {
    ImageCache::new(folder.join(".images"))
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

    fn names(&self) -> Option<&str> {
        self.sink.names()
    }

    fn follows(&self) -> Option<&str> {
        self.sink.follows()
    }

    fn keeps_all_but(&self, files: &mut dyn Iterator<Item = &igny8_renderer::MadeFile>) -> bool {
        self.sink.keeps_all_but(files)
    }

    fn has(&self, path: &str) -> bool {
        self.sink.has(path)
    }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Files of the media store.
struct Media(MediaStore);

impl MediaSource for Media {
    fn path(&self, media: &igny8_renderer::site::Media) -> io::Result<PathBuf> {
        self.0.path(&media.source)
    }

    fn hash(&self, media: &igny8_renderer::site::Media) -> Option<ContentHash> {
        // The store names files by their contents.
        media.source.parse().ok()
    }
}

/// The theme's name is no part of a snapshot, and changes every page.
fn theme_and(hash: &str, theme: &str) -> String {
    format!("{theme}/{hash}")
}

fn log(report: &Report) -> Vec<serde_json::Value> {
    let findings = report.diagnostics.iter().chain(&report.advice);
    let of = |d: &Diagnostic| line(d.severity.name(), &d.page, d.code, &d.text());
    let mut lines: Vec<serde_json::Value> = findings.take(LOG_LINES).map(of).collect();
    let all = report.diagnostics.len() + report.advice.len();
    if all > LOG_LINES {
        let more = format!("{} more findings are left out.", all - LOG_LINES);
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
fn prepare(app: &App, folder: &Path, site: SiteId) -> io::Result<()> {
    let root = &app.config.sites_dir;
    std::fs::create_dir_all(root)?;
    installation::claim(root, &app.installation).map_err(io::Error::other)?;
    let mark = folder.join(OWNER_FILE);
    match std::fs::read_to_string(&mark) {
        Ok(owner) if owner.trim() == site.to_string() => return Ok(()),
        Ok(owner) => {
            let aside = root.join(format!(".was-{}", plain(&owner)));
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

/// An owner's mark as a part of a file's name.
pub(super) fn plain(owner: &str) -> String {
    owner.trim().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// Whether a release is still kept.
///
/// # Errors
/// When the disk fails.
pub async fn has_release(app: &App, site: &Site, name: &str) -> io::Result<bool> {
    let (folder, name) = (folder(app, &site.slug), name.to_owned());
    disk_work(move || Ok(release::releases(&folder).map_err(io::Error::other)?.contains(&name))).await
}

/// Makes a kept release the live one, if it is not. Only for the site's running deployment.
async fn point_to(app: &App, site: &Site, name: &str) -> io::Result<()> {
    let folder = folder(app, &site.slug);
    let lock = locked(&folder).await?;
    point(app, folder, name.to_owned(), lock).await
}

/// Makes the release live that the rows say. A deployment that runs is left to go live itself.
///
/// # Errors
/// When the disk or the database refuses; the old one is live then.
pub async fn follow_rows(app: &App, site: &Site) -> io::Result<()> {
    let folder = folder(app, &site.slug);
    let lock = locked(&folder).await?;
    // Asked once nobody else can change the folder: another release may have gone live meanwhile.
    let live = mend::settled(app, site.account, site.id, &[DEPLOYING]).await;
    match live.map_err(io::Error::other)?.flatten() {
        Some(live) => point(app, folder, live, lock).await,
        None => Ok(()),
    }
}

/// The lock of a site's folder, once nobody else has it.
async fn locked(folder: &Path) -> io::Result<release::Lock> {
    let folder = folder.to_owned();
    disk_work(move || release::lock(&folder).map_err(io::Error::other)).await
}

/// Makes a kept release the live one, in one step, if it is not.
async fn point(app: &App, folder: PathBuf, name: String, lock: release::Lock) -> io::Result<()> {
    let app = app.clone();
    disk_work(move || {
        let _lock = lock;
        if release::current(&folder).map_err(io::Error::other)?.as_deref() == Some(&name) {
            return Ok(());
        }
        let releases = &app.visitors.releases;
        let release = releases.open(&folder, &name).map_err(io::Error::other)?;
        releases.publish(&folder, &release).map_err(io::Error::other)?;
        release::settle(&folder).map_err(io::Error::other)
    })
    .await
}

/// What visitors need not wait for: compressed forms of texts, the folder for other servers, old releases. A failure is no failure of the
/// deployment: the next one, or [`tidy`], tries again.
pub async fn tidy_up(app: &App, site: &Site, rest: Rest) {
    let (folder, keep) = (folder(app, &site.slug), app.config.publishing.keep_releases);
    let held = app.clone();
    let work = move || {
        let Some(live) = held.visitors.releases.get(&folder)? else {
            return Ok(());
        };
        let fresh = match &rest.written {
            Some(written) if written.release.version() != written.release.base() => written.fresh.clone(),
            _ => live.uncompressed(&folder),
        };
        release::finish(&folder, &fresh)?;
        let _lock = release::lock(&folder)?;
        release::prune(&folder, keep)?;
        unfold(&held, &folder)?;
        if rest.written.is_some()
            && let Some(images) = &rest.images
            && let Err(error) = images.sweep(&rest.report)
        {
            tracing::warn!(%error, folder = %folder.display(), "cannot tidy the images kept for releases");
        }
        Ok::<_, ReleaseError>(())
    };
    match app.renders.run_aside(work).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, site = %site.id, "cannot tidy up after a deployment"),
        Err(error) => tracing::warn!(%error, site = %site.id, "tidying up after a deployment broke off"),
    }
}

/// Brings the folder for other servers up to the live release, if the configuration wants one.
fn unfold(app: &App, folder: &Path) -> Result<(), ReleaseError> {
    match app.visitors.releases.get(folder)? {
        Some(live) if app.config.publishing.folders => release::unfold(folder, &live),
        _ => Ok(()),
    }
}

/// Sees to it that the live release is the one the rows say and that nothing half-written lies about. Only for a site
/// without a running deployment.
///
/// # Errors
/// When the disk or the database fails.
pub async fn tidy(app: &App, account: AccountId, site: SiteId, folder: PathBuf) -> io::Result<u64> {
    let lock = locked(&folder).await?;
    // Asked once nobody else can change the folder: a deployment may have begun meanwhile.
    let live = mend::settled(app, account, site, &[PENDING, DEPLOYING]).await;
    let Some(live) = live.map_err(io::Error::other)? else {
        return Ok(0);
    };
    let app = app.clone();
    disk_work(move || {
        let _lock = lock;
        let mut mended = release::sweep(&folder).map_err(io::Error::other)?.len() as u64;
        let current = release::current(&folder).map_err(io::Error::other)?;
        if let Some(live) = live.filter(|live| current.as_deref() != Some(live)) {
            let releases = &app.visitors.releases;
            let release: Result<Release, ReleaseError> = releases.open(&folder, &live);
            match release.and_then(|release| releases.publish(&folder, &release)) {
                Ok(()) => mended += 1,
                Err(error) => tracing::error!(%error, %site, "the live release is not there"),
            }
        }
        if let Err(error) = unfold(&app, &folder) {
            tracing::warn!(%error, %site, "the folder for other servers is not up to date");
        }
        Ok(mended)
    })
    .await
}

async fn disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Stop> {
    disk_work(work).await.map_err(Stop::Disk)
}

/// Work that waits for the disk.
pub(super) async fn disk_work<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
