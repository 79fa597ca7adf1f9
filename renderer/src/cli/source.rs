//! What is rendered: a folder or a snapshot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use chrono::{DateTime, Utc};
use igny8_renderer::folder::{self, ReadOptions, Texts};
use igny8_renderer::images::{self, ImageCache};
use igny8_renderer::release::{FolderMedia, MediaSource};
use igny8_renderer::site::Media;
use igny8_renderer::{
    Bodies, Diagnostic, Memo, Report, Sink, Site, Theme, render_again, render_again_with, render_to, render_with,
};

/// Bytes of texts that are held in memory; those of a larger site go to a temporary file.
const TEXTS_IN_MEMORY: u64 = 64 << 20;

/// A site and where its media files are.
pub struct Source {
    pub site: Site,
    pub media: Box<dyn MediaSource>,
    /// Texts of pages that are not in the site.
    pub texts: Option<Texts>,
    /// What could not be read.
    pub findings: Vec<Diagnostic>,
}

impl Source {
    /// Renders the site on the current thread pool.
    pub fn render(&self, theme: &Theme, sink: &dyn Sink) -> Report {
        match &self.texts {
            Some(texts) => render_with(&self.site, texts, theme, sink),
            None => render_to(&self.site, theme, sink),
        }
    }

    /// Renders what can have changed since the render that left `memo`.
    pub fn render_again(&self, theme: &Theme, sink: &dyn Sink, memo: &mut Memo) -> Report {
        match &self.texts {
            Some(texts) => render_again_with(&self.site, texts, theme, sink, memo),
            None => render_again(&Arc::new(self.site.clone()), theme, sink, memo),
        }
    }
}

impl Source {
    /// Makes smaller forms of images, or finds them in `cache`.
    pub fn prepare(&mut self, cache: &ImageCache) -> images::Prepared {
        let texts = self.texts.as_ref().map(|texts| texts as &dyn Bodies);
        cache.prepare(&mut self.site, texts, self.media.as_ref())
    }
}

/// Reads `path`: a `.json` file is a snapshot whose media lie beside it, a folder is a folder of Markdown.
pub fn read(path: &Path, base_url: Option<&str>) -> Result<Source, String> {
    let is_snapshot = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if is_snapshot && path.is_file() {
        return snapshot(path, base_url);
    }
    if !path.is_dir() {
        return Err(format!("{} is neither a folder nor a snapshot (.json)", path.display()));
    }
    folder(path, base_url)
}

fn snapshot(path: &Path, base_url: Option<&str>) -> Result<Source, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut site: Site =
        serde_json::from_slice(&bytes).map_err(|e| format!("{} is not a snapshot: {e}", path.display()))?;
    if let Some(base_url) = base_url {
        site.settings.base_url = base_url.to_owned();
    }
    let beside = path.parent().unwrap_or_else(|| Path::new(".")).to_owned();
    Ok(Source {
        site,
        media: Box::new(FolderMedia(beside)),
        texts: None,
        findings: Vec::new(),
    })
}

fn folder(path: &Path, base_url: Option<&str>) -> Result<Source, String> {
    let now = now()?;
    let options = ReadOptions {
        base_url: base_url.map(str::to_owned),
        texts_in_memory: TEXTS_IN_MEMORY,
        ..ReadOptions::new(now)
    };
    let read = folder::read(path, &options).map_err(|e| e.to_string())?;
    let mut site = read.site;
    site.pages
        .retain(|page| !read.drafts.contains(&page.id) && page.published_at.is_none_or(|at| at <= now));
    let findings = read.problems.into_iter().filter_map(finding).collect();
    Ok(Source {
        site,
        media: Box::new(Files(read.files)),
        texts: read.texts,
        findings,
    })
}

/// Media by the paths that the folder's reader found them at.
struct Files(BTreeMap<String, PathBuf>);

impl MediaSource for Files {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        self.0
            .get(&media.source)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// What could not be read, in the words of a render. Notes about files that are no part of a site are left out.
fn finding(problem: folder::Problem) -> Option<Diagnostic> {
    let place = match problem.line {
        Some(line) => format!("{}:{line}", problem.file),
        None => problem.file,
    };
    match problem.severity {
        folder::Severity::Info => None,
        folder::Severity::Warning => Some(Diagnostic::warning(place, "folder", problem.message)),
        folder::Severity::Error => Some(Diagnostic::error(place, "folder", problem.message)),
    }
}

/// The moment the site is built for: `SOURCE_DATE_EPOCH` (seconds since 1970) where builds must repeat, else now.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: the renderer itself has no clock"
)]
fn now() -> Result<DateTime<Utc>, String> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(std::time::SystemTime::now().into()),
        Ok(text) => text
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or_else(|| format!("SOURCE_DATE_EPOCH is `{text}`, which is not a number of seconds since 1970")),
    }
}
