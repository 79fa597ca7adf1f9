//! What a release holds: every file by its path, with the hash of its content.
//!
//! A manifest lists all files of a release, or what is different from one that does. So a release after a small change is a
//! small file, whatever the size of the site, and no release hangs on more than one other.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::layout::{check_version, manifest_path};
use super::{ReleaseError, at};

/// BLAKE3 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// That of some content.
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes()))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub hash: ContentHash,
    /// Length of the content.
    pub bytes: u64,
    /// A text that is worth sending compressed: has `.gz` and `.br` beside it once the release is finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compressed: bool,
    /// The name carries a hash of the content: may be cached for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub immutable: bool,
}

pub(super) type Files<T> = IndexMap<Box<str>, T, RandomState>;

/// All files of a release, as its manifest lists them.
#[derive(Debug)]
pub(super) struct Whole {
    pub version: String,
    /// Contents are objects; releases of former versions of this program have a folder each.
    pub objects: bool,
    pub files: Files<Entry>,
}

/// The files of one release by path (without a leading slash). Cheap to clone; releases that follow each other share
/// most of it.
#[derive(Debug, Clone)]
pub struct Release {
    pub(super) whole: Arc<Whole>,
    pub(super) own: Arc<Own>,
}

/// What a release does not share with the one that lists all.
#[derive(Debug)]
pub(super) struct Own {
    pub version: String,
    /// What is different; `None` for a file that this release does not have.
    pub changes: Files<Option<Entry>>,
    /// Releases that were written since the one that lists all, this one included.
    pub steps: u32,
    pub missing: Vec<String>,
    pub count: usize,
    pub bytes: u64,
}

/// A manifest as it is stored.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    objects: bool,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    steps: u32,
    files: Files<Entry>,
    #[serde(default)]
    removed: Vec<Box<str>>,
    #[serde(default)]
    missing: Vec<String>,
}

/// The same, borrowed.
#[derive(Serialize)]
struct Storing<'a> {
    objects: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a str>,
    #[serde(skip_serializing_if = "is_nought")]
    steps: u32,
    files: Listed<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    removed: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    missing: &'a [String],
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_nought(n: &u32) -> bool {
    *n == 0
}

struct Listed<'a>(&'a Release);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Release { whole, own } = self.0;
        if self.0.is_whole() {
            return serializer.collect_map(&whole.files);
        }
        let changed = own.changes.iter();
        serializer.collect_map(changed.filter_map(|(path, entry)| Some((path, entry.as_ref()?))))
    }
}

impl Release {
    /// A release that lists all its files.
    pub(super) fn new_whole(version: &str, mut files: Files<Entry>, missing: Vec<String>) -> Self {
        files.sort_unstable_keys();
        let (count, bytes) = (files.len(), files.values().map(|entry| entry.bytes).sum());
        Self {
            whole: Arc::new(Whole {
                version: version.to_owned(),
                objects: true,
                files,
            }),
            own: Arc::new(Own {
                version: version.to_owned(),
                changes: Files::default(),
                steps: 0,
                missing,
                count,
                bytes,
            }),
        }
    }

    /// The release after `before` that differs from it in `changes` (`None`: removed).
    pub(super) fn new_after(
        before: &Self,
        version: &str,
        changes: impl IntoIterator<Item = (Box<str>, Option<Entry>)>,
        missing: Vec<String>,
    ) -> Self {
        let mut own = Own {
            version: version.to_owned(),
            changes: before.own.changes.clone(),
            steps: before.own.steps + 1,
            missing,
            count: before.own.count,
            bytes: before.own.bytes,
        };
        for (path, entry) in changes {
            if let Some(was) = before.get(&path) {
                own.count -= 1;
                own.bytes -= was.bytes;
            }
            if let Some(is) = &entry {
                own.count += 1;
                own.bytes += is.bytes;
            }
            if before.whole.files.get(&path) == entry.as_ref() {
                own.changes.swap_remove(&path);
            } else {
                own.changes.insert(path, entry);
            }
        }
        own.changes.sort_unstable_keys();
        Self {
            whole: Arc::clone(&before.whole),
            own: Arc::new(own),
        }
    }

    /// Reads a release of the site in `site_dir`. The list of all files that it builds on is not read again if `known`, another
    /// release of the same site, builds on it too.
    pub fn open(site_dir: &Path, version: &str, known: Option<&Self>) -> Result<Self, ReleaseError> {
        let stored = read(site_dir, version)?;
        let Some(base) = &stored.base else {
            return Ok(Self::of_whole(version, stored));
        };
        let whole = match known.map(|known| &known.whole).filter(|whole| whole.version == *base) {
            Some(whole) => Arc::clone(whole),
            None => {
                let base_stored = read(site_dir, base)?;
                if base_stored.base.is_some() {
                    return Err(broken(
                        site_dir,
                        version,
                        "it follows a release that lists only changes",
                    ));
                }
                Self::of_whole(base, base_stored).whole
            }
        };
        let mut changes: Files<Option<Entry>> = stored.files.into_iter().map(|(path, e)| (path, Some(e))).collect();
        changes.extend(stored.removed.into_iter().map(|path| (path, None)));
        let (mut count, mut bytes) = (whole.files.len(), whole.files.values().map(|e| e.bytes).sum::<u64>());
        for (path, entry) in &changes {
            if let Some(was) = whole.files.get(path) {
                count -= 1;
                bytes -= was.bytes;
            }
            if let Some(is) = entry {
                count += 1;
                bytes += is.bytes;
            }
        }
        let own = Own {
            version: version.to_owned(),
            changes,
            steps: stored.steps,
            missing: stored.missing,
            count,
            bytes,
        };
        Ok(Self {
            whole,
            own: Arc::new(own),
        })
    }

    fn of_whole(version: &str, stored: Stored) -> Self {
        let mut release = Self::new_whole(version, stored.files, stored.missing);
        if let Some(whole) = Arc::get_mut(&mut release.whole) {
            whole.objects = stored.objects;
        }
        release
    }

    /// Writes the manifest, whole or not at all. It is on the disk when [`super::settle`] was called.
    pub(super) fn store(&self, site_dir: &Path) -> Result<(), ReleaseError> {
        let own = &self.own;
        let gone = own.changes.iter().filter(|(_, entry)| entry.is_none());
        let storing = Storing {
            objects: self.whole.objects,
            base: (!self.is_whole()).then_some(self.whole.version.as_str()),
            steps: own.steps,
            files: Listed(self),
            removed: gone.map(|(path, _)| &**path).collect(),
            missing: &own.missing,
        };
        let path = manifest_path(site_dir, &own.version);
        super::objects::write_whole(&path, |file| {
            serde_json::to_writer(&mut *file, &storing)?;
            file.flush()
        })
    }

    /// Its name.
    pub fn version(&self) -> &str {
        &self.own.version
    }

    /// The release that its manifest builds on; itself if it lists all files.
    pub fn base(&self) -> &str {
        &self.whole.version
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole.version == self.own.version
    }

    /// The file at `path`, if there is one.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        match self.own.changes.get(path) {
            Some(entry) => entry.as_ref(),
            None => self.whole.files.get(path),
        }
    }

    /// The same with a number below [`Release::places`] that no other path of the release has.
    pub(super) fn find(&self, path: &str) -> Option<(usize, &Entry)> {
        match self.own.changes.get_full(path) {
            Some((place, _, entry)) => Some((self.whole.files.len() + place, entry.as_ref()?)),
            None => self.whole.files.get_full(path).map(|(place, _, entry)| (place, entry)),
        }
    }

    pub(super) fn places(&self) -> usize {
        self.whole.files.len() + self.own.changes.len()
    }

    /// All files with their paths and places, in no particular order.
    pub(super) fn placed(&self) -> impl Iterator<Item = (usize, &str, &Entry)> {
        let changes = &self.own.changes;
        let kept = self.whole.files.iter().enumerate();
        let kept = kept.filter(|(_, (path, _))| changes.is_empty() || !changes.contains_key(*path));
        let kept = kept.map(|(place, (path, entry))| (place, &**path, entry));
        let first = self.whole.files.len();
        let own = changes.iter().enumerate();
        kept.chain(own.filter_map(move |(place, (path, entry))| Some((first + place, &**path, entry.as_ref()?))))
    }

    /// All files with their paths, in no particular order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.placed().map(|(_, path, entry)| (path, entry))
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.own.count
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.own.count == 0
    }

    /// Bytes of all files, compressed forms not counted.
    pub fn bytes(&self) -> u64 {
        self.own.bytes
    }

    /// Media that could not be put in, since their files are not there or cannot be read.
    pub fn missing(&self) -> &[String] {
        &self.own.missing
    }

    /// What makes this release of `before`: paths with what is there now, `None` for those that go.
    pub fn since<'r>(&'r self, before: &'r Self) -> Vec<(&'r str, Option<&'r Entry>)> {
        let mut changes = Vec::new();
        if Arc::ptr_eq(&self.whole, &before.whole) {
            let paths = self.own.changes.keys();
            let others = before
                .own
                .changes
                .keys()
                .filter(|path| !self.own.changes.contains_key(*path));
            for path in paths.chain(others) {
                if self.get(path) != before.get(path) {
                    changes.push((&**path, self.get(path)));
                }
            }
            return changes;
        }
        for (path, entry) in self.files() {
            if before.get(path) != Some(entry) {
                changes.push((path, Some(entry)));
            }
        }
        let gone = before.files().filter(|(path, _)| self.get(path).is_none());
        changes.extend(gone.map(|(path, _)| (path, None)));
        changes
    }
}

fn read(site_dir: &Path, version: &str) -> Result<Stored, ReleaseError> {
    check_version(version)?;
    let path = manifest_path(site_dir, version);
    let bytes = match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(ReleaseError::Incomplete(version.to_owned()));
        }
        other => other.map_err(at(&path))?,
    };
    serde_json::from_slice(&bytes).map_err(|e| broken(site_dir, version, &e.to_string()))
}

fn broken(site_dir: &Path, version: &str, problem: &str) -> ReleaseError {
    ReleaseError::Manifest {
        path: manifest_path(site_dir, version),
        problem: problem.to_owned(),
    }
}

/// The MIME type that a file's name stands for.
pub(crate) fn mime_of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "xml" if name == "atom.xml" => "application/atom+xml; charset=utf-8",
        "xml" => "application/xml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        _ if name == "_redirects" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// True for types that shrink when compressed.
pub(crate) fn is_text(mime: &str) -> bool {
    mime.starts_with("text/")
        || mime.contains("json")
        || mime.contains("xml")
        || mime.starts_with("image/svg")
        || mime.contains("wasm")
}
