//! Taking a file in: its bytes onto the disk, and a row of the site for them. Whoever has a file does it here.

use std::io;

use igny8_data::{Access, DbError, Select, SiteDb, SiteScope, Write};

use super::inspect::Inspected;
use super::{Label, Media, MediaStore, blocking};
use crate::api::Error;
use crate::app::App;
use crate::jobs::JobError;

/// A file whose bytes are stored.
#[derive(Debug)]
pub enum Kept {
    /// The site has it already: its row, as it is.
    Known(Media),
    /// A row to create in the unit of work that names it.
    New(Media),
}

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error("A file cannot be stored: {0}.")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<NotKept> for Error {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::Db(error) => error.into(),
            error @ NotKept::Disk(_) => Self::internal(error),
        }
    }
}

impl From<NotKept> for JobError {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::Db(error) => error.into(),
            error @ NotKept::Disk(_) => Self::Retry(error.to_string()),
        }
    }
}

/// Stores a file and finds its row, or makes one.
///
/// # Errors
/// When the disk or the database fails.
pub async fn keep(app: &App, scope: &SiteScope<Write>, file: Inspected, label: Label<'_>) -> Result<Kept, NotKept> {
    let store = MediaStore::of(app);
    let (hash, file) = blocking(move || Ok((store.put(&file.bytes)?, file))).await?;
    if let Some(row) = known(&app.db.site(scope), &hash).await? {
        return Ok(Kept::Known(row));
    }
    let now = app.db.clock().now();
    Ok(Kept::New(Media::new(
        app.db.ids().make(),
        scope,
        hash,
        &file,
        label,
        now,
    )))
}

/// The site's row of the file with a hash, unless it is deleted.
///
/// # Errors
/// When the database fails.
pub async fn known<A: Access>(db: &SiteDb<'_, A>, hash: &str) -> Result<Option<Media>, DbError> {
    let select = Select::new().equals("live_hash", hash.to_owned()).limit(1);
    Ok(db.list::<Media>(select).await?.pop())
}
