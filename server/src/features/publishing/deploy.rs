//! The job that makes a release, and the pointer to the live one.

use std::io;
use std::path::{Path, PathBuf};

use igny8_data::{JobRow, SiteId};

use super::mend;
use crate::app::App;
use crate::features::sites::model::Site;
use crate::jobs::{JobContext, JobError};

pub async fn run(_app: App, _job: JobRow, _context: JobContext) -> Result<serde_json::Value, JobError> {
    Err(JobError::Fail("not yet".into()))
}

/// The folder of a site's releases and pointer.
pub fn folder(app: &App, slug: &str) -> PathBuf {
    app.config.sites_dir.join(slug)
}

/// Whether a release is still kept.
///
/// # Errors
/// When the disk fails.
pub async fn has_release(app: &App, site: &Site, release: &str) -> io::Result<bool> {
    let path = folder(app, &site.slug).join("releases").join(release);
    tokio::task::spawn_blocking(move || path.is_dir())
        .await
        .map_err(io::Error::other)
}

/// Makes a kept release the live one, in one step.
///
/// # Errors
/// When the disk refuses; the old one is live then.
pub async fn point_to(app: &App, site: &Site, release: &str) -> io::Result<()> {
    let (folder, release) = (folder(app, &site.slug), release.to_owned());
    tokio::task::spawn_blocking(move || point(&folder, &release))
        .await
        .map_err(io::Error::other)?
}

fn point(_folder: &Path, _release: &str) -> io::Result<()> {
    Ok(())
}

/// Sees to it that the live release is the one the rows say and that nothing else lies about.
///
/// # Errors
/// When the disk or the database fails.
pub async fn tidy(app: &App, site: SiteId, folder: PathBuf) -> io::Result<u64> {
    let live = mend::live_release(app, site).await.map_err(io::Error::other)?;
    let _ = (live, folder);
    Ok(0)
}
