//! The disk edge: releases that share what they have in common, and a pointer to the live one.
//!
//! ```text
//! sites-data/<site>/
//!   objects/ab/cdef…        contents by hash, with .gz and .br beside texts
//!   releases/<version>.json the files of a release, or what differs from one that lists all
//!   live -> releases/<version>.json
//!   trees/a, trees/b        the files of a release as links to objects, for other servers
//!   current -> trees/a
//! ```
//!
//! In the order of a deployment: [`write_release`], [`publish`], [`settle`], [`finish`], [`prune`]. Objects come before the
//! manifest that names them, the manifest before the pointer, so a process that is killed at any point leaves `live` where it
//! was or where it should be. After a crash of the machine only releases that were settled can be trusted: whoever keeps
//! record of them points `live` at the last of these. [`sweep`] takes away what was left behind.
//!
//! Former versions wrote a folder for each release (`releases/<version>/`) and used `current` as the pointer. Such releases
//! are served and gone back to like others; the first new release takes their files over.

mod compress;
mod folder;
mod layout;
mod live;
mod manifest;
mod objects;
mod source;
mod tree;
mod writer;

pub use folder::{FolderOptions, FolderWritten, write_folder};
pub use layout::{collect, current, discard, prune, publish, releases, settle, sweep};
pub use live::LiveReleases;
pub use manifest::{ContentHash, Entry, Release};
pub use source::{FolderMedia, MappedMedia, MediaSource};
pub use tree::unfold;
pub use writer::{Written, write_release};

use std::path::{Path, PathBuf};

use rayon::prelude::*;

/// Why a release could not be written or switched to.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the file name {path:?} cannot be used: {problem}")]
    Name {
        path: String,
        problem: crate::paths::PathProblem,
    },
    #[error("two files have the name {0:?}")]
    Twice(String),
    #[error("the release {0} exists already; releases are never changed")]
    Exists(PathBuf),
    #[error("the release {0} is not complete, or does not exist")]
    Incomplete(String),
    #[error("{0:?} is no name for a release; use letters, digits, dashes and underscores")]
    Version(String),
    #[error("the manifest {path} cannot be read: {problem}")]
    Manifest { path: PathBuf, problem: String },
    #[error("{0} is not empty and was not made by igny8-render; choose another folder or empty it yourself")]
    Foreign(PathBuf),
}

/// Names the path in an IO error.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ReleaseError + '_ {
    move |source| ReleaseError::Io {
        path: path.to_owned(),
        source,
    }
}

impl Release {
    /// The file that holds the content of one of this release's files. Its name with `.gz` or `.br` behind it is that of a
    /// compressed form, if there is one.
    pub fn content(&self, site_dir: &Path, path: &str, entry: &Entry) -> PathBuf {
        if self.whole.objects {
            objects::Objects::of(site_dir).path(entry.hash)
        } else {
            layout::old_folder(site_dir, self.version()).join(path)
        }
    }

    /// Texts of the release whose compressed forms are not all there: what [`finish`] has to do when it is not known from
    /// [`Written::fresh`].
    pub fn uncompressed(&self, site_dir: &Path) -> Vec<ContentHash> {
        if !self.whole.objects {
            return Vec::new();
        }
        let objects = objects::Objects::of(site_dir);
        let is_whole = |hash| {
            let path = objects.path(hash);
            ["gz", "br"]
                .iter()
                .all(|suffix| objects::suffixed(&path, suffix).exists())
        };
        let mut texts: Vec<ContentHash> = self
            .files()
            .filter(|(_, e)| e.compressed)
            .map(|(_, e)| e.hash)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts.into_par_iter().filter(|&hash| !is_whole(hash)).collect()
    }
}

/// Keeps a site's folder to its holder, among all processes, until it is dropped or the process ends. For whatever must not
/// run beside the writing of a release.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not used")] std::fs::File);

/// Waits until nobody else holds the lock of a site's folder, and takes it.
pub fn lock(site_dir: &Path) -> Result<Lock, ReleaseError> {
    let path = site_dir.join(".lock");
    let file = std::fs::File::create(&path).and_then(|file| {
        file.lock()?;
        Ok(file)
    });
    file.map(Lock).map_err(at(&path))
}

/// Texts compressed before their forms get their names.
const TOGETHER: usize = 1024;

/// Compresses texts of a release, on the current rayon pool. Visitors get them as they are until it is done; it can be
/// repeated, and may run while another release is written.
pub fn finish(site_dir: &Path, fresh: &[ContentHash]) -> Result<(), ReleaseError> {
    let objects = objects::Objects::of(site_dir);
    for some in fresh.chunks(TOGETHER) {
        let written: Vec<Vec<(PathBuf, PathBuf)>> = some
            .par_iter()
            .map(|&hash| objects.compress(hash))
            .collect::<Result<_, _>>()?;
        if written.iter().all(Vec::is_empty) {
            continue;
        }
        // A form that has its name is taken for whole, also after a crash of the machine.
        settle(site_dir)?;
        for (temporary, form) in written.iter().flatten() {
            std::fs::rename(temporary, form).map_err(at(form))?;
        }
    }
    Ok(())
}
