//! Markdown folders in and out of a site.
//!
//! Reading and writing folders is the renderer's ([`igny8_renderer::folder`]); this feature maps them to rows and back.
//!
//! **Invariants.** Importing the same folder twice changes nothing. An import never overwrites what was changed here since
//! the last one: that is reported and left. Exporting, importing that into a new site and exporting again gives the same
//! bytes.

mod address;
mod export;
mod import;

use igny8_data::{DbError, Denied};
use igny8_renderer::folder::{ExportError, FolderError, Problem};

pub use export::{export, page};
pub use import::{Options, import};

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    /// The layout that was recognised: `zola`, `hugo`, `jekyll` or `plain`.
    pub layout: &'static str,
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// Drafts among the pages.
    pub drafts: usize,
    pub terms: usize,
    pub clusters: usize,
    pub media: usize,
    pub media_unchanged: usize,
    /// The site's own settings, sections, menus or redirects were changed.
    pub settings: bool,
    /// Pages that were left alone, with the reason.
    pub conflicts: Vec<Conflict>,
    /// What could not be read or was read differently, by file and line.
    pub problems: Vec<Problem>,
}

/// A page of the folder that was not imported because the site says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Conflict {
    /// The page's file, or its id.
    pub page: String,
    pub path: String,
    pub reason: String,
}

/// Why a folder was not imported or exported at all.
#[derive(Debug, thiserror::Error)]
pub enum FoldersError {
    #[error(transparent)]
    Read(#[from] FolderError),
    #[error(transparent)]
    Write(#[from] ExportError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the site's {what} cannot be read: {source}")]
    Stored {
        what: &'static str,
        source: serde_json::Error,
    },
}
