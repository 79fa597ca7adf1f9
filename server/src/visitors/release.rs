//! Finding a file of the live release: by its path in the release's list of files, which is held in memory, then by the hash of
//! its content. What visitors send never becomes a path on the disk.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use igny8_renderer::release::{ContentHash, Entry, LiveReleases, Release};

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
    releases: &LiveReleases,
    redirects: &Cache,
) -> io::Result<Found> {
    let folder = root.join(&site.slug);
    // A slug can change hands; the folder of the site that had it before must not be served.
    if !is_of(&folder, site)? {
        return Ok(Found::Missing(None));
    }
    let Some(release) = releases.get(&folder).map_err(io::Error::other)? else {
        return Ok(Found::Missing(None));
    };
    let live = Live { folder, release };
    if let Some(to) = live.redirects(redirects)?.get(&path.plain()) {
        return Ok(Found::Moved(to.to_owned()));
    }
    let name = path.file();
    if let Some(file) = live.open(&name, encodings)? {
        return Ok(Found::File(file));
    }
    if live.release.get(&format!("{name}/index.html")).is_some() {
        return Ok(Found::Folder);
    }
    for name in path.missing() {
        if let Some(page) = live.open(&name, encodings)? {
            return Ok(Found::Missing(Some(page)));
        }
    }
    Ok(Found::Missing(None))
}

fn is_of(folder: &Path, site: &PublicSite) -> io::Result<bool> {
    match File::open(folder.join(OWNER_FILE)) {
        Ok(file) => {
            let mut owner = String::new();
            file.take(100).read_to_string(&mut owner)?;
            Ok(owner.trim() == site.id.to_string())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

struct Live {
    folder: PathBuf,
    release: Release,
}

impl Live {
    /// The file in the first encoding there is, else as it is. It is held open, so that a deploy meanwhile changes nothing.
    fn open(&self, name: &str, encodings: &[Encoding]) -> io::Result<Option<Opened>> {
        let Some(entry) = self.release.get(name) else {
            return Ok(None);
        };
        let content = self.release.content(&self.folder, name, entry);
        let encodings = if entry.compressed { encodings } else { &[] };
        for encoding in encodings {
            let mut path = content.clone().into_os_string();
            path.push(".");
            path.push(encoding.ending());
            match File::open(path) {
                Ok(file) => return Opened::released(file, name, entry, Some(*encoding)).map(Some),
                // Not made yet.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Opened::released(File::open(content)?, name, entry, None).map(Some)
    }

    fn redirects(&self, cache: &Cache) -> io::Result<std::sync::Arc<Redirects>> {
        let Some(entry) = self.release.get("_redirects") else {
            return Ok(Default::default());
        };
        if let Some(known) = cache.get(entry.hash) {
            return Ok(known);
        }
        let mut text = String::new();
        let file = File::open(self.release.content(&self.folder, "_redirects", entry))?;
        file.take(REDIRECTS_MAX).read_to_string(&mut text)?;
        Ok(cache.keep(entry.hash, Redirects::parse(&text)))
    }
}

impl Opened {
    fn released(file: File, name: &str, entry: &Entry, encoding: Option<Encoding>) -> io::Result<Self> {
        let length = match encoding {
            Some(_) => file.metadata()?.len(),
            None => entry.bytes,
        };
        Ok(Self::named(file, length, entry.hash, name, encoding))
    }

    /// A file that is not one of a release.
    pub(super) fn new(file: File, metadata: &std::fs::Metadata, name: &str) -> Self {
        // The store never writes a file again, so these name its bytes; hashed to tell nothing of the disk.
        let identity = format!(
            "{}/{}/{}.{}/{}",
            metadata.dev(),
            metadata.ino(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            metadata.len()
        );
        let hash = ContentHash::of(identity.as_bytes());
        Self::named(file, metadata.len(), hash, name, None)
    }

    fn named(file: File, length: u64, hash: ContentHash, name: &str, encoding: Option<Encoding>) -> Self {
        let suffix = encoding.map_or("", Encoding::ending);
        Self {
            file,
            length,
            etag: format!("\"{}{suffix}\"", &hash.to_string()[..20]),
            path: name.to_owned(),
            encoding,
        }
    }
}
