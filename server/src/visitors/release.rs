//! Opening a file of the live release, and nothing else: the kernel is asked to resolve beneath the release's folder and
//! to follow no link.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::hosts::PublicSite;
use super::path::SitePath;
use super::redirects::{Cache, Redirects};

/// Name of the file in a site's folder that tells whose folder it is.
pub const OWNER_FILE: &str = ".site";
/// Longest list of redirects that is read.
const REDIRECTS_MAX: u64 = 4 << 20;

/// What an address of a site leads to.
pub enum Found {
    File(Opened),
    /// A folder with a page, asked for without the slash at the end.
    Folder,
    /// A redirect of the release.
    Moved(String),
    /// Nothing; with the site's own page for that, if it has one.
    Missing(Option<Opened>),
}

/// An open file, ready to be sent.
pub struct Opened {
    pub file: File,
    pub length: u64,
    /// Strong validator of these bytes in this encoding, with its quotes.
    pub etag: String,
    /// Path below the release, which tells type and life; without the ending of an encoding.
    pub path: String,
    pub encoding: Option<Encoding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// As in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }
}

/// Looks an address up in the live release of a site. Blocking.
///
/// # Errors
/// When the disk fails; what is missing or not allowed is [`Found::Missing`].
pub fn find(
    root: &Path,
    site: &PublicSite,
    path: &SitePath,
    encodings: &[Encoding],
    cache: &Cache,
) -> io::Result<Found> {
    let Some(live) = Live::open(root, site)? else {
        return Ok(Found::Missing(None));
    };
    if let Some(to) = live.redirects(cache)?.get(&path.plain()) {
        return Ok(Found::Moved(to.to_owned()));
    }
    let name = path.file();
    match live.open_encoded(&name, encodings)? {
        Some(Entry::File(file)) => return Ok(Found::File(file)),
        Some(Entry::Folder) if live.open_file(&format!("{name}/index.html"))?.is_some() => return Ok(Found::Folder),
        _ => {}
    }
    match live.open_encoded("404.html", encodings)? {
        Some(Entry::File(page)) => Ok(Found::Missing(Some(page))),
        _ => Ok(Found::Missing(None)),
    }
}

enum Entry {
    File(Opened),
    Folder,
}

/// The folder of the live release, held open so that a deploy or a prune meanwhile changes nothing.
struct Live {
    folder: OwnedFd,
    /// For kernels without `openat2`.
    path: PathBuf,
}

impl Live {
    fn open(root: &Path, site: &PublicSite) -> io::Result<Option<Self>> {
        let base = root.join(&site.slug);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match rustix::fs::open(&base, flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(error) => return missing(error),
        };
        // A slug can change hands; the folder of the site that had it before must not be served.
        let mut owner = String::new();
        match open_beneath(&folder, &base, OWNER_FILE)? {
            Some(file) => file.take(100).read_to_string(&mut owner)?,
            None => return Ok(None),
        };
        if owner.trim() != site.id.to_string() {
            return Ok(None);
        }
        let target = match rustix::fs::readlinkat(&folder, "current", Vec::new()) {
            Ok(target) => target,
            Err(error) => return missing(error),
        };
        let Some(target) = target.to_str().ok().filter(|target| is_release(target)) else {
            return Err(io::Error::other(format!(
                "{}/current does not name a release",
                base.display()
            )));
        };
        let path = base.join(target);
        match open_folder(&folder, &path, target) {
            Ok(folder) => Ok(Some(Self { folder, path })),
            Err(error) => missing(error),
        }
    }

    fn open_file(&self, name: &str) -> io::Result<Option<(File, std::fs::Metadata)>> {
        let Some(file) = open_beneath(&self.folder, &self.path, name)? else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        Ok(metadata.is_file().then_some((file, metadata)))
    }

    /// The file in the first encoding there is, else as it is.
    fn open_encoded(&self, name: &str, encodings: &[Encoding]) -> io::Result<Option<Entry>> {
        let Some(file) = open_beneath(&self.folder, &self.path, name)? else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Ok(Some(Entry::Folder));
        }
        if !metadata.is_file() {
            return Ok(None);
        }
        for encoding in encodings {
            if let Some((encoded, metadata)) = self.open_file(&format!("{name}.{}", encoding.ending()))? {
                return Ok(Some(Entry::File(Opened::new(
                    encoded,
                    &metadata,
                    name,
                    Some(*encoding),
                ))));
            }
        }
        Ok(Some(Entry::File(Opened::new(file, &metadata, name, None))))
    }

    fn redirects(&self, cache: &Cache) -> io::Result<std::sync::Arc<Redirects>> {
        let Some((file, metadata)) = self.open_file("_redirects")? else {
            return Ok(Default::default());
        };
        let key = (metadata.dev(), metadata.ino(), metadata.mtime(), metadata.mtime_nsec());
        if let Some(known) = cache.get(key) {
            return Ok(known);
        }
        let mut text = String::new();
        file.take(REDIRECTS_MAX).read_to_string(&mut text)?;
        Ok(cache.keep(key, Redirects::parse(&text)))
    }
}

impl Opened {
    pub(super) fn new(file: File, metadata: &std::fs::Metadata, name: &str, encoding: Option<Encoding>) -> Self {
        // A file of a release is never written again, so these name its bytes; hashed to tell nothing of the disk.
        let identity = format!(
            "{}/{}/{}.{}/{}",
            metadata.dev(),
            metadata.ino(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.len()
        );
        let hash = blake3::hash(identity.as_bytes()).to_hex();
        let suffix = encoding.map_or("", Encoding::ending);
        Self {
            file,
            length: metadata.len(),
            etag: format!("\"{}{suffix}\"", &hash[..20]),
            path: name.to_owned(),
            encoding,
        }
    }
}

/// `releases/<name>` and nothing cleverer.
fn is_release(target: &str) -> bool {
    target.strip_prefix("releases/").is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 100
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

fn missing<T>(error: Errno) -> io::Result<Option<T>> {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::NAMETOOLONG | Errno::ACCESS => Ok(None),
        error => Err(error.into()),
    }
}

const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS);

fn open_folder(base: &OwnedFd, whole: &Path, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::openat2(base, name, flags, Mode::empty(), BENEATH) {
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::open(whole, flags | OFlags::NOFOLLOW, Mode::empty()),
        other => other,
    }
}

/// Opens a file or folder beneath a folder. Without blocking: a pipe put there by mistake must not hang a thread.
fn open_beneath(base: &OwnedFd, base_path: &Path, name: &str) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat2(base, name, flags, Mode::empty(), BENEATH) {
        Ok(fd) => Ok(Some(fd.into())),
        Err(Errno::NOSYS | Errno::PERM) => open_canonical(base_path, name),
        Err(error) => missing(error),
    }
}

/// For kernels and sandboxes without `openat2`: the real path must be the one asked for.
fn open_canonical(base: &Path, name: &str) -> io::Result<Option<File>> {
    let (Ok(base), Ok(real)) = (base.canonicalize(), base.join(name).canonicalize()) else {
        return Ok(None);
    };
    if !name.starts_with('/') && real == base.join(name) {
        File::open(real).map(Some)
    } else {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_are_live() {
        for good in ["releases/000012", "releases/2026-01-01-a"] {
            assert!(is_release(good), "{good}");
        }
        for bad in [
            "",
            "releases/",
            "releases/..",
            "../x",
            "/etc",
            "releases/a/b",
            "releases/a.tmp",
            "other/1",
        ] {
            assert!(!is_release(bad), "{bad}");
        }
    }

    #[test]
    fn both_ways_of_opening_stay_beneath() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        std::fs::create_dir_all(base.join("in")).unwrap();
        std::fs::write(base.join("in/file"), "x").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", base.join("out")).unwrap();
        std::os::unix::fs::symlink("in/file", base.join("link")).unwrap();
        std::os::unix::fs::symlink("..", base.join("up")).unwrap();
        let fd: OwnedFd = File::open(&base).unwrap().into();
        for (name, there) in [
            ("in/file", true),
            ("in", true),
            ("none", false),
            ("out", false),
            ("link", false),
            ("up/secret", false),
            ("../secret", false),
            ("/etc/passwd", false),
        ] {
            assert_eq!(open_beneath(&fd, &base, name).unwrap().is_some(), there, "{name}");
            assert_eq!(
                open_canonical(&base, name).unwrap().is_some(),
                there,
                "canonical {name}"
            );
        }
    }
}
