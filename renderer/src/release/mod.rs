//! The disk edge: releases, written whole beside the live one and switched by one rename.
//!
//! ```text
//! sites-data/<site>/
//!   releases/<version>/        what visitors get, with .gz and .br beside texts
//!   releases/<version>.json    manifest; written last, so a release without one is not complete
//!   current -> releases/<version>
//! ```
//!
//! A crash at any point leaves `current` where it was; [`sweep`] takes away what the crash left behind.

mod compress;
mod layout;
mod manifest;
mod writer;

pub use layout::{current, prune, publish, releases, sweep};
pub use manifest::{Entry, Manifest};
pub use writer::{FolderMedia, MappedMedia, MediaSource, ReleaseWriter, write_folder, write_release};

use std::path::{Path, PathBuf};

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
