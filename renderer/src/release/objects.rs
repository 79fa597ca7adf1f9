//! Contents of files by their hashes: `objects/<two digits>/<the others>`, with `.gz` and `.br` beside texts.
//!
//! An object is written before a manifest names it and never changed after. One that a crash left half-written is told
//! by its content when it is wanted again: it is compared, not trusted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::manifest::ContentHash;
use super::{ReleaseError, at, compress};

/// The folder of a site's objects.
pub(super) struct Objects {
    dir: PathBuf,
}

impl Objects {
    pub fn of(site_dir: &Path) -> Self {
        Self {
            dir: site_dir.join("objects"),
        }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn path(&self, hash: ContentHash) -> PathBuf {
        let hex = hash.to_string();
        self.dir.join(&hex[..2]).join(&hex[2..])
    }

    /// Makes sure that there is an object of this content.
    pub fn put(&self, hash: ContentHash, content: &[u8]) -> Result<(), ReleaseError> {
        let path = self.path(hash);
        match self.create(&path) {
            Ok(mut file) => file.write_all(content).map_err(at(&path)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if has_content(&path, content) {
                    return Ok(());
                }
                write_whole(&path, |file| file.write_all(content))
            }
            Err(e) => Err(at(&path)(e)),
        }
    }

    /// Makes sure that there is an object of what is in the file `from`, as a link to it if `link` allows that. `hash` is that of the
    /// file.
    pub fn put_file(&self, hash: ContentHash, from: &Path, link: bool) -> Result<(), ReleaseError> {
        let path = self.path(hash);
        if let Ok((there, _)) = hash_file(&path) {
            if there == hash {
                return Ok(());
            }
            fs::remove_file(&path).map_err(at(&path))?;
        }
        self.folder_of(&path)?;
        if link && fs::hard_link(from, &path).is_ok() {
            return Ok(());
        }
        // A copy, not a link to the source: what an author edits in place must not change a release.
        let mut reader = File::open(from).map_err(at(from))?;
        write_whole(&path, |file| io::copy(&mut reader, file).map(drop))
    }

    /// Takes over a file of a release that has a folder of its own, with its compressed forms.
    pub fn adopt(&self, hash: ContentHash, from: &Path) -> Result<(), ReleaseError> {
        let path = self.path(hash);
        self.folder_of(&path)?;
        for suffix in ["", "gz", "br"] {
            let (from, to) = match suffix {
                "" => (from.to_owned(), path.clone()),
                suffix => (suffixed(from, suffix), suffixed(&path, suffix)),
            };
            match fs::hard_link(&from, &to) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => {}
                Err(_) => {
                    let mut reader = File::open(&from).map_err(at(&from))?;
                    write_whole(&to, |file| io::copy(&mut reader, file).map(drop))?;
                }
            }
        }
        Ok(())
    }

    /// Writes the compressed forms of a text that are not there yet, under names for the time being: what has to be renamed to
    /// what. An object that is gone is nobody's any more.
    pub fn compress(&self, hash: ContentHash) -> Result<Vec<(PathBuf, PathBuf)>, ReleaseError> {
        let path = self.path(hash);
        let forms = ["gz", "br"].map(|suffix| suffixed(&path, suffix));
        if forms.iter().all(|form| form.exists()) {
            return Ok(Vec::new());
        }
        let content = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(at(&path))?,
        };
        let (gzip, brotli) = compress::both(&content).map_err(at(&path))?;
        let written = forms.into_iter().zip([gzip, brotli]).map(|(form, bytes)| {
            let temporary = temporary(&form);
            fs::write(&temporary, bytes).map_err(at(&temporary))?;
            Ok((temporary, form))
        });
        written.collect()
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let create = || OpenOptions::new().write(true).create_new(true).open(path);
        match create() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
                create()
            }
            other => other,
        }
    }

    fn folder_of(&self, path: &Path) -> Result<(), ReleaseError> {
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(at(folder))
    }
}

fn has_content(path: &Path, content: &[u8]) -> bool {
    let same_length = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == content.len() as u64);
    same_length && fs::read(path).is_ok_and(|there| there == content)
}

/// Ending of what is being written.
pub(super) const NEW: &str = "tmp";

/// Writes a file beside its place and moves it there, so that nobody sees half of it.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), ReleaseError> {
    let temporary = temporary(path);
    let written = File::create(&temporary).and_then(|file| {
        let mut file = BufWriter::with_capacity(64 * 1024, file);
        write(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&temporary, path)
    });
    written.map_err(|problem| {
        let _ = fs::remove_file(&temporary);
        at(path)(problem)
    })
}

/// A name beside a file that nobody else writes.
fn temporary(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    suffixed(path, &format!("{}-{n}.{NEW}", std::process::id()))
}

pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Hash and length of a file.
pub(super) fn hash_file(path: &Path) -> io::Result<(ContentHash, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 128 * 1024];
    let mut total = 0u64;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok((ContentHash(*hasher.finalize().as_bytes()), total));
        }
        total += n as u64;
        hasher.update(&buffer[..n]);
    }
}

/// Brings everything that was written below a site's folder to the disk. One call for the whole file system where there is one:
/// many times quicker than a file at a time.
pub(super) fn sync(site_dir: &Path) -> Result<(), ReleaseError> {
    let handle = File::open(site_dir).map_err(at(site_dir))?;
    #[cfg(target_os = "linux")]
    return rustix::fs::syncfs(&handle).map_err(|e| at(site_dir)(e.into()));
    #[cfg(not(target_os = "linux"))]
    {
        drop(handle);
        for entry in walkdir::WalkDir::new(site_dir).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_file() || cfg!(unix) && entry.file_type().is_dir() {
                let path = entry.path();
                File::open(path).and_then(|file| file.sync_all()).map_err(at(path))?;
            }
        }
        Ok(())
    }
}
