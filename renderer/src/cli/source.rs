//! What is rendered: a folder or a snapshot.

use std::fs;
use std::path::Path;

use igny8_renderer::release::{FolderMedia, MediaSource};
use igny8_renderer::{Diagnostic, Site};

/// A site and where its media files are.
pub struct Source {
    pub site: Site,
    pub media: Box<dyn MediaSource>,
    /// What could not be read.
    pub findings: Vec<Diagnostic>,
}

/// Reads `path`: a `.json` file is a snapshot whose media lie beside it, a folder is a folder of Markdown.
pub fn read(path: &Path) -> Result<Source, String> {
    let is_snapshot = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if is_snapshot && path.is_file() {
        return snapshot(path);
    }
    if !path.is_dir() {
        return Err(format!(
            "{} is neither a folder nor a snapshot (.json)",
            path.display()
        ));
    }
    folder(path)
}

fn snapshot(path: &Path) -> Result<Source, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let site: Site = serde_json::from_slice(&bytes)
        .map_err(|e| format!("{} is not a snapshot: {e}", path.display()))?;
    let beside = path.parent().unwrap_or_else(|| Path::new(".")).to_owned();
    Ok(Source {
        site,
        media: Box::new(FolderMedia(beside)),
        findings: Vec::new(),
    })
}

fn folder(path: &Path) -> Result<Source, String> {
    Err(format!(
        "{}: this build reads snapshots only; give it a .json file",
        path.display()
    ))
}
