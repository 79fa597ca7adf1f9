//! Writing a release: new files written, unchanged ones linked to the release before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::manifest::{Entry, Manifest, is_text, mime_of};
use super::{ReleaseError, at, compress};
use crate::output::{FileKind, MadeFile, OutFile, Sink};
use crate::paths;
use crate::site::Media;

/// Where the bytes of media files are.
pub trait MediaSource: Send + Sync {
    /// The file that holds the bytes of `media`.
    fn path(&self, media: &Media) -> io::Result<PathBuf>;

    /// True if that file is never changed, so that a release may link it instead of copying.
    fn may_link(&self, media: &Media) -> bool {
        let _ = media;
        false
    }
}

/// Media below a folder: [`Media::source`] is a path relative to it.
#[derive(Debug, Clone)]
pub struct FolderMedia(pub PathBuf);

impl MediaSource for FolderMedia {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        let relative = Path::new(&media.source);
        let plain = relative
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
        if !plain {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the media source {:?} leads out of the folder", media.source),
            ));
        }
        Ok(self.0.join(relative))
    }
}

/// Media wherever they are: the path of each [`Media::source`].
#[derive(Debug, Clone, Default)]
pub struct MappedMedia(pub BTreeMap<String, PathBuf>);

impl MediaSource for MappedMedia {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        let missing = || {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("nothing is known of the media source {:?}", media.source),
            )
        };
        self.0.get(&media.source).cloned().ok_or_else(missing)
    }
}

/// How a writer treats what it writes.
#[derive(Debug, Clone, Copy)]
struct Policy {
    compress: bool,
    sync: bool,
    /// Contents are told by their hashes: for releases, whose unchanged files are linked, and where compressed forms are shared.
    hash: bool,
}

/// The release before: its folder and files, and by content hash a file that has it and whether compressed forms are beside it.
struct Previous {
    dir: PathBuf,
    files: BTreeMap<String, Entry>,
    by_hash: HashMap<String, (String, bool)>,
}

/// A [`Sink`] that writes files below a new folder.
pub struct ReleaseWriter {
    dir: PathBuf,
    policy: Policy,
    previous: Option<Previous>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    manifest: Manifest,
    /// Made already, by their names below the release.
    folders: HashSet<String>,
    /// Files with content of their own, where they must reach the disk.
    written: Vec<PathBuf>,
    /// Hashes being compressed or already done in this release, with the first path that has them.
    contents: HashMap<String, String>,
    failed: Option<ReleaseError>,
}

impl ReleaseWriter {
    fn new(dir: &Path, policy: Policy, previous: Option<(&Path, &Manifest)>) -> Result<Self, ReleaseError> {
        if fs::symlink_metadata(dir).is_ok() {
            return Err(ReleaseError::Exists(dir.to_owned()));
        }
        fs::create_dir_all(dir).map_err(at(dir))?;
        let previous = previous.map(|(path, manifest)| {
            let by_hash = manifest
                .files
                .iter()
                .map(|(name, entry)| (entry.hash.clone(), (name.clone(), entry.compressed)))
                .collect();
            Previous {
                dir: path.to_owned(),
                files: manifest.files.clone(),
                by_hash,
            }
        });
        Ok(Self {
            dir: dir.to_owned(),
            policy,
            previous,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Makes the folder of the file `name` and remembers it, so that ten thousand pages do not ask for it ten thousand times.
    fn folder(&self, name: &str) -> Result<(), ReleaseError> {
        let folder = parent(name);
        if folder.is_empty() || self.state().folders.contains(folder) {
            return Ok(());
        }
        let path = self.dir.join(folder);
        fs::create_dir_all(&path).map_err(at(&path))?;
        let mut state = self.state();
        let mut folder = folder;
        while !folder.is_empty() && !state.folders.contains(folder) {
            state.folders.insert(folder.to_owned());
            folder = parent(folder);
        }
        Ok(())
    }

    fn put(&self, file: &OutFile) -> Result<(), ReleaseError> {
        let path = self.checked(&file.path)?;
        let hash = match file.hash {
            Some(hash) => blake3::Hash::from_bytes(hash).to_hex().to_string(),
            None if self.policy.hash => blake3::hash(&file.bytes).to_hex().to_string(),
            None => String::new(),
        };
        let mime = mime_of(&file.path).to_owned();
        let compressed = self.policy.compress && file.bytes.len() > compress::MIN_BYTES && is_text(&mime);
        let entry = Entry {
            hash: hash.clone(),
            bytes: file.bytes.len() as u64,
            mime,
            compressed,
            immutable: file.kind == FileKind::Asset,
        };
        let twin = {
            let mut state = self.state();
            if state.manifest.files.insert(file.path.clone(), entry).is_some() {
                return Err(ReleaseError::Twice(file.path.clone()));
            }
            // Only what is compressed is worth sharing within a release.
            match state.contents.get(&hash).filter(|_| compressed) {
                Some(first) => Some(first.clone()),
                None => {
                    if compressed {
                        state.contents.insert(hash.clone(), file.path.clone());
                    }
                    None
                }
            }
        };
        self.folder(&file.path)?;
        if self.link_previous(&hash, &path, compressed) {
            self.state().manifest.linked += 1;
            return Ok(());
        }
        self.write(&path, &file.bytes)?;
        // A second file with the same content waits for nobody: where the first is not there yet, it is compressed again.
        if compressed && !twin.is_some_and(|first| self.link_compressed(&self.dir.join(first), &path)) {
            let (gzip, brotli) = compress::both(&file.bytes).map_err(at(&path))?;
            self.write(&suffixed(&path, "gz"), &gzip)?;
            self.write(&suffixed(&path, "br"), &brotli)?;
        }
        Ok(())
    }

    fn checked(&self, name: &str) -> Result<PathBuf, ReleaseError> {
        paths::check_file(name).map_err(|problem| ReleaseError::Name {
            path: name.to_owned(),
            problem,
        })?;
        Ok(self.dir.join(name))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), ReleaseError> {
        // A folder may have been made by another thread that has not noted it yet; create_new guards against two writers of one name.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(at(path))?;
        file.write_all(bytes).map_err(at(path))?;
        self.written(path);
        Ok(())
    }

    fn written(&self, path: &Path) {
        if self.policy.sync {
            self.state().written.push(path.to_owned());
        }
    }

    /// Links a file of the release before that has this content; false if there is none or it cannot be linked.
    fn link_previous(&self, hash: &str, path: &Path, compressed: bool) -> bool {
        let Some(Previous { dir, by_hash, .. }) = &self.previous else {
            return false;
        };
        let Some((name, was_compressed)) = by_hash.get(hash) else {
            return false;
        };
        let source = dir.join(name);
        if compressed && !(*was_compressed && self.link_compressed(&source, path)) {
            return false;
        }
        if fs::hard_link(&source, path).is_ok() {
            return true;
        }
        for suffix in ["gz", "br"] {
            let _ = fs::remove_file(suffixed(path, suffix));
        }
        false
    }

    fn link_compressed(&self, source: &Path, path: &Path) -> bool {
        for suffix in ["gz", "br"] {
            if fs::hard_link(suffixed(source, suffix), suffixed(path, suffix)).is_err() {
                for suffix in ["gz", "br"] {
                    let _ = fs::remove_file(suffixed(path, suffix));
                }
                return false;
            }
        }
        true
    }

    fn put_media(&self, media: &Media, source: &dyn MediaSource) -> Result<(), ReleaseError> {
        let name = media.path.trim_start_matches('/');
        let path = self.checked(name)?;
        let looked_at = source.path(media).and_then(|from| Ok((hash_file(&from)?, from)));
        let ((hash, bytes), from) = match looked_at {
            Ok(found) => found,
            // A source that must not be looked at is no matter of one file.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => return Err(at(&path)(e)),
            // The render has said so, or the file went since; the site goes out without it.
            Err(_) => {
                self.state().manifest.missing.push(name.to_owned());
                return Ok(());
            }
        };
        let mime = if media.mime.is_empty() {
            mime_of(name).to_owned()
        } else {
            media.mime.clone()
        };
        if mime == "image/svg+xml" {
            return self.put_svg(name, &fs::read(&from).map_err(at(&from))?);
        }
        let own = source.may_link(media);
        let text = self.policy.compress && is_text(&mime) && bytes > compress::MIN_BYTES as u64;
        {
            let entry = Entry {
                hash: hash.clone(),
                bytes,
                mime,
                compressed: text,
                immutable: own,
            };
            if self.state().manifest.files.insert(name.to_owned(), entry).is_some() {
                return Err(ReleaseError::Twice(name.to_owned()));
            }
        }
        self.folder(name)?;
        if self.link_previous(&hash, &path, text) {
            self.state().manifest.linked += 1;
            return Ok(());
        }
        if text {
            let content = fs::read(&from).map_err(at(&from))?;
            self.write(&path, &content)?;
            let (gzip, brotli) = compress::both(&content).map_err(at(&from))?;
            self.write(&suffixed(&path, "gz"), &gzip)?;
            return self.write(&suffixed(&path, "br"), &brotli);
        }
        // Releases are not edited; what a user finds in a folder is.
        if own && self.policy.sync && fs::hard_link(&from, &path).is_ok() {
            self.written(&path);
            return Ok(());
        }
        // A copy, not a link to the source: what an author edits in place must not change a release.
        let mut reader = File::open(&from).map_err(at(&from))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(at(&path))?;
        io::copy(&mut reader, &mut file).map_err(at(&path))?;
        self.written(&path);
        Ok(())
    }

    /// Drawings go out without what could act in them; one that cannot be read is left out, which the render has said.
    fn put_svg(&self, name: &str, bytes: &[u8]) -> Result<(), ReleaseError> {
        match crate::images::svg::sanitise(bytes) {
            Ok(clean) => self.put(&OutFile {
                path: name.to_owned(),
                bytes: clean.text.into_bytes(),
                kind: FileKind::Text,
                hash: None,
            }),
            Err(_) => {
                self.state().manifest.missing.push(name.to_owned());
                Ok(())
            }
        }
    }

    /// Ends writing: folders reach the disk, and the manifest is what was written.
    fn finish(self) -> Result<Manifest, ReleaseError> {
        let state = self.state.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(failed) = state.failed {
            return Err(failed);
        }
        if self.policy.sync {
            let mut paths = state.written;
            paths.extend(state.folders.iter().map(|folder| self.dir.join(folder)));
            paths.push(self.dir.clone());
            sync_all(&self.dir, &paths)?;
        }
        let mut manifest = state.manifest;
        manifest.missing.sort();
        Ok(manifest)
    }
}

impl ReleaseWriter {
    /// Links a file of the release before under the same name.
    fn keep(&self, name: &str, entry: &Entry, dir: &Path) -> Result<(), ReleaseError> {
        let path = self.checked(name)?;
        {
            let mut state = self.state();
            if state.manifest.files.insert(name.to_owned(), entry.clone()).is_some() {
                return Err(ReleaseError::Twice(name.to_owned()));
            }
            state.manifest.linked += 1;
        }
        self.folder(name)?;
        let link = |from: &Path, to: &Path| match fs::hard_link(from, to) {
            // Some file systems have no links, or not so many of one file.
            Err(_) => {
                fs::copy(from, to).map_err(at(to))?;
                self.written(to);
                Ok(())
            }
            Ok(()) => Ok(()),
        };
        let source = dir.join(name);
        link(&source, &path)?;
        if entry.compressed {
            for suffix in ["gz", "br"] {
                link(&suffixed(&source, suffix), &suffixed(&path, suffix))?;
            }
        }
        Ok(())
    }
}

impl Sink for ReleaseWriter {
    fn keeps(&self, files: &[MadeFile]) -> bool {
        let Some(previous) = &self.previous else {
            return false;
        };
        let entries: Option<Vec<&Entry>> = files
            .iter()
            .map(|file| {
                let entry = previous.files.get(&file.path)?;
                let hash = blake3::Hash::from_bytes(file.hash).to_hex();
                (entry.hash == hash.as_str()).then_some(entry)
            })
            .collect();
        let Some(entries) = entries else { return false };
        for (file, entry) in files.iter().zip(entries) {
            if let Err(problem) = self.keep(&file.path, entry, &previous.dir) {
                self.state().failed.get_or_insert(problem);
                break;
            }
        }
        true
    }

    fn file(&self, file: OutFile) -> ControlFlow<()> {
        match self.put(&file) {
            Ok(()) => ControlFlow::Continue(()),
            Err(problem) => {
                let mut state = self.state();
                state.failed.get_or_insert(problem);
                ControlFlow::Break(())
            }
        }
    }
}

/// Writes the release `version` of the site in `site_dir` and returns what it holds.
///
/// `render` is called with the sink to fill and returns the media to put beside the files, or `None` to give the release up (which
/// leaves nothing behind and returns `Ok(None)`). Unchanged files are linked to those of the live release. Everything is on the disk when this
/// returns, and nothing is live yet: that is [`super::publish`].
pub fn write_release(
    site_dir: &Path,
    version: &str,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<Manifest>, ReleaseError> {
    super::layout::check_version(version)?;
    let releases = site_dir.join("releases");
    fs::create_dir_all(&releases).map_err(at(&releases))?;
    let target = releases.join(version);
    let manifest_path = releases.join(format!("{version}.json"));
    if fs::symlink_metadata(&target).is_ok() || manifest_path.exists() {
        return Err(ReleaseError::Exists(target));
    }
    let live = super::layout::current(site_dir)?;
    // A live release whose manifest is damaged still serves; it only cannot be linked to.
    let previous = live.and_then(|v| {
        Some((
            releases.join(&v),
            Manifest::read(&releases.join(format!("{v}.json"))).ok()?,
        ))
    });

    let temporary = releases.join(format!("{version}.tmp"));
    if fs::symlink_metadata(&temporary).is_ok() {
        fs::remove_dir_all(&temporary).map_err(at(&temporary))?;
    }
    let written = fill(
        &temporary,
        Policy {
            compress: true,
            sync: true,
            hash: true,
        },
        previous.as_ref().map(|(p, m)| (p.as_path(), m)),
        media_source,
        render,
    );
    let manifest = match written {
        Ok(Some(manifest)) => manifest,
        other => {
            let _ = fs::remove_dir_all(&temporary);
            return other;
        }
    };
    fs::rename(&temporary, &target).map_err(at(&target))?;
    sync_dir(&releases)?;
    let json = serde_json::to_vec(&manifest).map_err(|e| ReleaseError::Manifest {
        path: manifest_path.clone(),
        problem: e.to_string(),
    })?;
    write_atomically(&manifest_path, &json)?;
    Ok(Some(manifest))
}

fn fill(
    dir: &Path,
    policy: Policy,
    previous: Option<(&Path, &Manifest)>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<Manifest>, ReleaseError> {
    let writer = ReleaseWriter::new(dir, policy, previous)?;
    let media = render(&writer);
    let failed = writer.state().failed.take();
    if let Some(problem) = failed {
        return Err(problem);
    }
    let Some(media) = media else { return Ok(None) };
    media
        .par_iter()
        .try_for_each(|file| writer.put_media(file, media_source))?;
    writer.finish().map(Some)
}

/// Name of the file that marks a folder as made here; only such folders are replaced.
const MARKER: &str = ".igny8-render";

/// Writes plain files into `out`, replacing what an earlier call wrote there. `compress` adds `.gz` and `.br`.
///
/// The files are written beside `out` and swapped in at the end; a folder that has other files in it is refused. Without
/// `compress` the entries of the manifest have no hashes.
pub fn write_folder(
    out: &Path,
    compress: bool,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<Manifest>, ReleaseError> {
    let existing = match fs::read_dir(out) {
        Ok(mut entries) => {
            let empty = entries.next().is_none();
            if !empty && !out.join(MARKER).is_file() {
                return Err(ReleaseError::Foreign(out.to_owned()));
            }
            true
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(at(out)(e)),
    };
    let name = out
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_else(|| "out".into());
    let parent = out
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(parent).map_err(at(parent))?;
    let beside = |what: &str| parent.join(format!(".{name}.{}.{what}", std::process::id()));
    let (fresh, old) = (beside("new"), beside("old"));
    let policy = Policy {
        compress,
        sync: false,
        hash: compress,
    };
    let result = fill(&fresh, policy, None, media_source, render).and_then(|manifest| {
        if manifest.is_some() {
            let marker = fresh.join(MARKER);
            fs::write(&marker, "Made by igny8-render, which may replace this folder.\n").map_err(at(&marker))?;
            if existing {
                fs::rename(out, &old).map_err(at(out))?;
            }
            if let Err(problem) = fs::rename(&fresh, out) {
                if existing {
                    let _ = fs::rename(&old, out);
                }
                return Err(at(out)(problem));
            }
        }
        Ok(manifest)
    });
    let _ = fs::remove_dir_all(&fresh);
    let _ = fs::remove_dir_all(&old);
    result
}

/// Writes a file so that it is either whole or not there.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ReleaseError> {
    let temporary = suffixed(path, "tmp");
    let mut file = File::create(&temporary).map_err(at(&temporary))?;
    file.write_all(bytes).map_err(at(&temporary))?;
    file.sync_all().map_err(at(&temporary))?;
    drop(file);
    fs::rename(&temporary, path).map_err(at(path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// More files than this are brought to the disk by one call for the whole file system, which is then quicker.
const SYNC_ONE_BY_ONE: usize = 256;

/// Makes files and folders below `dir` durable.
fn sync_all(dir: &Path, paths: &[PathBuf]) -> Result<(), ReleaseError> {
    #[cfg(target_os = "linux")]
    if paths.len() > SYNC_ONE_BY_ONE {
        let handle = File::open(dir).map_err(at(dir))?;
        return rustix::fs::syncfs(&handle).map_err(|e| at(dir)(e.into()));
    }
    let _ = dir;
    for path in paths {
        File::open(path).and_then(|file| file.sync_all()).map_err(at(path))?;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), ReleaseError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(at(path))
}

/// The folder part of a file's name, empty at the top.
fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn hash_file(path: &Path) -> io::Result<(String, u64)> {
    let mut reader = BufReader::with_capacity(128 * 1024, File::open(path)?);
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 128 * 1024];
    let mut total = 0u64;
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), total));
        }
        total += n as u64;
        hasher.update(&buffer[..n]);
    }
}
