//! Finds the files of a folder, in an order that does not depend on the file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::problem::Problems;
use super::{FolderError, ReadOptions};

/// Folders at the top that hold what a generator made or borrowed, never what an author wrote.
const BUILD_FOLDERS: [&str; 6] = ["_site", "public", "target", "themes", "vendor", "resources"];

/// One file below the folder that is read.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Path below the root, `/` between parts.
    pub rel: String,
    pub abs: PathBuf,
    pub bytes: u64,
}

/// All files worth a look, sorted by path. Everything passed over is reported.
pub(super) fn files(root: &Path, options: &ReadOptions, problems: &Problems) -> Result<Vec<File>, FolderError> {
    let meta = std::fs::metadata(root).map_err(|e| FolderError::Open {
        path: root.into(),
        source: e,
    })?;
    if !meta.is_dir() {
        return Err(FolderError::NotAFolder { path: root.into() });
    }
    let mut hidden: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut out = Vec::new();
    let mut walker = WalkDir::new(root)
        .min_depth(1)
        .max_depth(64)
        .follow_links(false)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = walker.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let at = e
                    .path()
                    .map(|p| relative(root, p).unwrap_or_else(|lossy| lossy))
                    .unwrap_or_default();
                let reason = e
                    .io_error()
                    .map_or_else(|| "cannot be read".into(), ToString::to_string);
                problems.error(&at, None, format!("not read: {reason}"));
                continue;
            }
        };
        let kind = entry.file_type();
        let rel = match relative(root, entry.path()) {
            Ok(rel) => rel,
            Err(lossy) => {
                problems.error(&lossy, None, "not read: the file name is not UTF-8; rename it");
                if kind.is_dir() {
                    walker.skip_current_dir();
                }
                continue;
            }
        };
        let name = super::paths::file_name(&rel);
        if name.starts_with('.') {
            hidden
                .entry(super::paths::parent(&rel).to_owned())
                .or_default()
                .push(name.to_owned());
            if kind.is_dir() {
                walker.skip_current_dir();
            }
        } else if kind.is_dir() {
            let build = name == "node_modules" || (entry.depth() == 1 && BUILD_FOLDERS.contains(&name));
            if build {
                problems.info(
                    &rel,
                    "folder not read: build output, themes and dependencies are not content",
                );
                walker.skip_current_dir();
            }
        } else if kind.is_symlink() {
            problems.warn(
                &rel,
                None,
                "not read: symbolic links are not followed; put the file itself here",
            );
        } else if !kind.is_file() {
            problems.warn(&rel, None, "not read: not a regular file");
        } else {
            if out.len() == options.max_files {
                return Err(FolderError::TooManyFiles {
                    limit: options.max_files,
                });
            }
            out.push(File {
                rel,
                abs: entry.into_path(),
                bytes: 0,
            });
        }
    }
    for (dir, names) in hidden {
        let more = if names.len() > 5 { ", …" } else { "" };
        let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let place = if dir.is_empty() { "." } else { &dir };
        problems.info(place, format!("{} hidden not read: {shown}{more}", names.len()));
    }
    out.par_iter_mut()
        .for_each(|file| file.bytes = std::fs::symlink_metadata(&file.abs).map_or(0, |meta| meta.len()));
    out.sort_by(|a, b| a.rel.cmp(&b.rel));
    Ok(out)
}

/// The path below `root`; the error is the path made readable when it is not UTF-8.
fn relative(root: &Path, path: &Path) -> Result<String, String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let mut rel = String::new();
    for part in below.components() {
        let Some(part) = part.as_os_str().to_str() else {
            return Err(below.to_string_lossy().into_owned());
        };
        if !rel.is_empty() {
            rel.push('/');
        }
        rel.push_str(part);
    }
    Ok(rel)
}
