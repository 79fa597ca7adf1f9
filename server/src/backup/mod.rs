//! Backups: one file with all rows, the media and the installation's key, and the way back.
//!
//! A backup is a tar archive compressed with zstd, so that `tar --zstd -tf` lists it: `header.json` first (format, version
//! of the program, applied schema files), then `tables/<table>/<number>.ndjson` with rows of one moment, `media/…`,
//! `secret.key`, and `manifest.json` last with counts and hashes. A file that was cut short has no manifest and is refused.
//!
//! Rendered sites are not in it: a deployment makes them again.

mod restore;
mod save;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use igny8_data::backup::AppliedMigration;
use serde::{Deserialize, Serialize};

pub use restore::{restore, verify};
pub use save::save;

/// The format this program writes and reads; raised when an older program could not read it.
pub const FORMAT: u32 = 1;

/// What a backup says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    pub created_at: DateTime<Utc>,
    pub migrations: Vec<AppliedMigration>,
}

/// What a backup says last: what must have been read by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub tables: BTreeMap<String, TableSum>,
    pub media_files: u64,
    pub media_bytes: u64,
}

/// How many rows a table has, and the BLAKE3 hash of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    pub rows: u64,
    pub blake3: String,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// Why a backup or a restore did not happen. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} is there already; choose another name", .0.display())]
    Exists(PathBuf),
    #[error("{} is damaged or not a backup: {what}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("the backup has format {0}, this program reads up to {FORMAT}: use the igny8 that wrote it or a later one")]
    Newer(u32),
    #[error(
        "the backup has schema file {number:04}_{name}, which this program does not know or knows otherwise: use the igny8 \
         that wrote it or a later one"
    )]
    Schema { number: i64, name: String },
    #[error("{} is not empty: a backup is restored into a new installation only. Move it away, or set data_dir to a new folder", .0.display())]
    NotEmpty(PathBuf),
    #[error("the database at {0} has rows already: a backup is restored into an empty database only")]
    DatabaseNotEmpty(String),
    #[error("the restored rows of {0} are not those of the backup")]
    Differs(String),
    #[error(transparent)]
    Db(#[from] igny8_data::DbError),
    #[error(transparent)]
    Migrate(#[from] igny8_data::MigrateError),
}

impl BackupError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// Told how far a long operation is: what is being done, and a count that grows.
pub trait Progress: Send + Sync {
    fn step(&self, what: &str);
    fn add(&self, n: u64);
}

impl Progress for () {
    fn step(&self, _: &str) {}
    fn add(&self, _: u64) {}
}

/// Adds up the lines of one table.
#[derive(Default)]
struct Sum {
    rows: u64,
    hasher: blake3::Hasher,
}

impl Sum {
    fn add(&mut self, line: &str) {
        self.rows += 1;
        self.hasher.update(line.as_bytes());
        self.hasher.update(b"\n");
    }

    fn finish(&self) -> TableSum {
        TableSum {
            rows: self.rows,
            blake3: self.hasher.finalize().to_hex().to_string(),
        }
    }
}
