//! The files themselves: `data_dir/media/<two digits>/<hash>`, written whole or not at all.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use igny8_data::{Variables, Why};

use crate::app::App;
use crate::jobs::JobError;

/// Where media are kept. All methods block.
#[derive(Debug, Clone)]
pub struct MediaStore {
    root: PathBuf,
}

/// A file younger than this may belong to an upload whose row is about to be written.
const SETTLED: Duration = Duration::from_secs(600);

impl MediaStore {
    pub fn of(app: &App) -> Self {
        Self {
            root: app.config.data_dir.join("media"),
        }
    }

    /// The file of a hash. Only hexadecimal digits are taken for one, so nothing else can become a path.
    ///
    /// # Errors
    /// When the text is not a hash.
    pub fn path(&self, hash: &str) -> io::Result<PathBuf> {
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a hash of a file"));
        }
        Ok(self.root.join(&hash[..2]).join(hash))
    }

    /// Stores bytes and returns their hash. On return they are on the disk, also after a power cut.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let hash = blake3::hash(bytes).to_hex().to_string();
        let path = self.path(&hash)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        // Written anew even if it is there: its time keeps the purge away, and a damaged file is mended.
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|e| e.error)?;
        File::open(folder)?.sync_all()?;
        if let Ok(root) = File::open(&self.root) {
            root.sync_all()?;
        }
        Ok(hash)
    }

    /// Opens the file of a hash.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn open(&self, hash: &str) -> io::Result<File> {
        File::open(self.path(hash)?)
    }

    fn folders(&self) -> io::Result<Vec<PathBuf>> {
        if !self.root.is_dir() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.root)?.filter_map(Result::ok);
        Ok(entries.map(|e| e.path()).filter(|path| path.is_dir()).collect())
    }
}

/// Removes files that no row of any account uses any more, and what broken-off uploads left.
///
/// # Errors
/// When the database or the disk fails; the next run goes on.
pub async fn purge_files(app: App) -> Result<u64, JobError> {
    let store = MediaStore::of(&app);
    let disk = |error: io::Error| JobError::Retry(format!("cannot tidy the media folder: {error}"));
    let folders = blocking(move || store.folders()).await.map_err(disk)?;
    let mut removed = 0;
    for folder in folders {
        let listed = folder.clone();
        let (rubbish, settled) = blocking(move || list(&listed)).await.map_err(disk)?;
        for path in rubbish {
            if blocking(move || fs::remove_file(path)).await.is_ok() {
                removed += 1;
            }
        }
        for hashes in settled.chunks(500) {
            let mut binds = Variables::new();
            binds.insert("hashes", hashes.to_vec());
            let sql = "SELECT VALUE hash FROM media WHERE hash INSIDE $hashes;";
            let mut answer = app
                .db
                .platform(Why::Schedule)
                .query(sql, binds, "looking for used files")
                .await?;
            let used: HashSet<String> = answer.rows::<String>(0)?.into_iter().collect();
            for hash in hashes.iter().filter(|hash| !used.contains(*hash)) {
                let path = folder.join(hash);
                // An upload of the same bytes since the question has made the file young again.
                let remove = move || {
                    if is_settled(&path)? {
                        fs::remove_file(&path)
                    } else {
                        Ok(())
                    }
                };
                if blocking(remove).await.is_ok() {
                    removed += 1;
                }
            }
        }
    }
    Ok(removed)
}

/// Settled left-overs of uploads, and the names of settled files.
fn list(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<String>)> {
    let (mut rubbish, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_settled(&path)? {
            continue;
        }
        match path.file_name().and_then(|name| name.to_str()) {
            Some(name) if name.len() == 64 => files.push(name.to_owned()),
            _ => rubbish.push(path),
        }
    }
    Ok((rubbish, files))
}

fn is_settled(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.modified()?.elapsed().is_ok_and(|age| age > SETTLED))
}

/// Work on the disk, off the threads that answer requests.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
