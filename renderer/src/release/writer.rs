//! Writing a release: contents that are new become objects, then the manifest says what the release holds.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::manifest::{ContentHash, Entry, Files, Release, is_text, mime_of};
use super::objects::{Objects, hash_file};
use super::source::MediaSource;
use super::{ReleaseError, at, compress};
use crate::output::{FileKind, MadeFile, OutFile, Sink};
use crate::paths;
use crate::site::Media;
use crate::tables::HashMap;

/// A manifest lists everything anew when that many files differ from the one it builds on, or as many releases were written
/// since: objects that no release needs are only looked for then.
const MOST_CHANGES: usize = 2_000;
const MOST_STEPS: u32 = 64;

/// A release that was written.
#[derive(Debug)]
pub struct Written {
    pub release: Release,
    /// Files that the release before did not have.
    pub added: usize,
    /// Files with another content than in the release before.
    pub changed: usize,
    /// Files of the release before that this one does not have.
    pub removed: usize,
    /// Files that are as in the release before.
    pub shared: usize,
    /// Texts that have no compressed forms yet: see [`super::finish`].
    pub fresh: Vec<ContentHash>,
}

/// A [`Sink`] that makes a release of files.
struct ReleaseWriter<'a> {
    site_dir: &'a Path,
    version: &'a str,
    objects: Objects,
    previous: Option<&'a Release>,
    /// By place in the release before: the same file is in this one.
    kept: Vec<AtomicBool>,
    kept_count: AtomicUsize,
    /// [`Sink::keeps_all_but`] was called: media are kept.
    keeps_media: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What differs from the release before.
    files: HashMap<Box<str>, Entry>,
    fresh: Vec<ContentHash>,
    missing: Vec<String>,
    failed: Option<ReleaseError>,
}

impl<'a> ReleaseWriter<'a> {
    fn new(site_dir: &'a Path, version: &'a str, previous: Option<&'a Release>) -> Self {
        let places = previous.map_or(0, Release::places);
        Self {
            site_dir,
            version,
            objects: Objects::of(site_dir),
            previous,
            kept: std::iter::repeat_with(AtomicBool::default).take(places).collect(),
            kept_count: AtomicUsize::new(0),
            keeps_media: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes the file at `path` over from the release before if it has this content there; false if it has not.
    fn keep(&self, path: &str, hash: ContentHash) -> Result<bool, ReleaseError> {
        let Some(previous) = self.previous else {
            return Ok(false);
        };
        let Some((place, entry)) = previous.find(path).filter(|(_, entry)| entry.hash == hash) else {
            return Ok(false);
        };
        if self.kept[place].swap(true, Ordering::Relaxed) {
            return Err(ReleaseError::Twice(path.to_owned()));
        }
        if !previous.whole.objects {
            let from = super::layout::old_folder(self.site_dir, previous.version()).join(path);
            self.objects.adopt(entry.hash, &from)?;
        }
        self.kept_count.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// Adds a file that is not as in the release before.
    fn add(&self, path: &str, entry: Entry) -> Result<(), ReleaseError> {
        let mut state = self.state();
        // What was there already may be from an attempt that did not come to its end.
        if entry.compressed {
            state.fresh.push(entry.hash);
        }
        if state.files.insert(path.into(), entry).is_some() {
            return Err(ReleaseError::Twice(path.to_owned()));
        }
        Ok(())
    }

    fn put(&self, file: &OutFile) -> Result<(), ReleaseError> {
        check(&file.path)?;
        let hash = file.hash.map_or_else(|| ContentHash::of(&file.bytes), ContentHash);
        if self.keep(&file.path, hash)? {
            return Ok(());
        }
        let entry = Entry {
            hash,
            bytes: file.bytes.len() as u64,
            compressed: is_compressed(mime_of(&file.path), file.bytes.len() as u64),
            immutable: file.kind == FileKind::Asset,
        };
        self.objects.put(hash, &file.bytes)?;
        self.add(&file.path, entry)
    }

    fn put_media(&self, media: &Media, source: &dyn MediaSource) -> Result<(), ReleaseError> {
        let name = media.path.trim_start_matches('/');
        check(name)?;
        let mime = match media.mime.as_str() {
            "" => mime_of(name),
            mime => mime,
        };
        let is_drawing = mime == "image/svg+xml";
        if !is_drawing
            && let Some(hash) = source.hash(media)
            && self.keep(name, hash)?
        {
            return Ok(());
        }
        let looked_at = source.path(media).and_then(|from| Ok((hash_file(&from)?, from)));
        let ((hash, bytes), from) = match looked_at {
            Ok(found) => found,
            // A source that must not be looked at is no matter of one file.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => return Err(at(Path::new(name))(e)),
            // The render has said so, or the file went since; the site goes out without it.
            Err(_) => {
                self.state().missing.push(name.to_owned());
                return Ok(());
            }
        };
        if is_drawing {
            return self.put_drawing(name, &from);
        }
        if self.keep(name, hash)? {
            return Ok(());
        }
        let immutable = source.may_link(media);
        self.objects.put_file(hash, &from, immutable)?;
        let entry = Entry {
            hash,
            bytes,
            compressed: is_compressed(mime, bytes),
            immutable,
        };
        self.add(name, entry)
    }

    /// Drawings go out without what could act in them; one that cannot be read is left out, which the render has said.
    fn put_drawing(&self, name: &str, from: &Path) -> Result<(), ReleaseError> {
        let bytes = fs::read(from).map_err(at(from))?;
        match crate::images::svg::sanitise(&bytes) {
            Ok(clean) => self.put(&OutFile {
                path: name.to_owned(),
                bytes: clean.text.into_bytes(),
                kind: FileKind::Text,
                hash: None,
            }),
            Err(_) => {
                self.state().missing.push(name.to_owned());
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<Written, ReleaseError> {
        let version = self.version;
        let state = self.state.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        let kept = self.kept_count.into_inner();
        let has = |path: &str| self.previous.is_some_and(|previous| previous.get(path).is_some());
        let changed = state.files.keys().filter(|path| has(path)).count();
        let added = state.files.len() - changed;
        let removed = self.previous.map_or(0, Release::len) - kept - changed;
        let mut missing = state.missing;
        missing.sort();
        let release = match self.previous {
            Some(before) if follows(before, state.files.len() + removed) => {
                let mut changes: Vec<(Box<str>, Option<Entry>)> = Vec::with_capacity(state.files.len() + removed);
                if removed > 0 {
                    let gone = before.placed().filter(|(place, path, _)| {
                        !self.kept[*place].load(Ordering::Relaxed) && !state.files.contains_key(*path)
                    });
                    changes.extend(gone.map(|(_, path, _)| (path.into(), None)));
                }
                changes.extend(state.files.into_iter().map(|(path, entry)| (path, Some(entry))));
                Release::new_after(before, version, changes, missing)
            }
            before => {
                let mut files = Files::with_capacity_and_hasher(kept + state.files.len(), Default::default());
                if let Some(before) = before {
                    let kept = before
                        .placed()
                        .filter(|(place, ..)| self.kept[*place].load(Ordering::Relaxed));
                    files.extend(kept.map(|(_, path, entry)| (path.into(), entry.clone())));
                }
                files.extend(state.files);
                Release::new_whole(version, files, missing)
            }
        };
        release.store(self.site_dir)?;
        let mut fresh = state.fresh;
        fresh.sort_unstable();
        fresh.dedup();
        Ok(Written {
            release,
            added,
            changed,
            removed,
            shared: kept,
            fresh,
        })
    }
}

/// Whether a release with so many changes is stored as what it changes in the one before.
fn follows(before: &Release, changes: usize) -> bool {
    let all = before.own.changes.len() + changes;
    before.whole.objects && before.own.steps < MOST_STEPS && all <= MOST_CHANGES && all * 2 <= before.len().max(64)
}

/// Refuses what cannot be a file, also with the ending of a compressed form.
fn check(name: &str) -> Result<(), ReleaseError> {
    paths::check_file(name).map_err(|problem| ReleaseError::Name {
        path: name.to_owned(),
        problem,
    })
}

fn is_compressed(mime: &str, bytes: u64) -> bool {
    bytes > compress::MIN_BYTES as u64 && is_text(mime)
}

impl Sink for ReleaseWriter<'_> {
    fn names(&self) -> Option<&str> {
        Some(self.version)
    }

    fn follows(&self) -> Option<&str> {
        self.previous.map(Release::version)
    }

    fn keeps_all_but(&self, files: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        let Some(previous) = self.previous.filter(|previous| previous.whole.objects) else {
            return false;
        };
        let mut without = Vec::new();
        for file in files {
            match previous.find(&file.path) {
                Some((place, entry)) if entry.hash.0 == file.hash => without.push(place),
                // Somebody else made it what it is.
                _ => return false,
            }
        }
        self.kept.iter().for_each(|kept| kept.store(true, Ordering::Relaxed));
        for place in &without {
            self.kept[*place].store(false, Ordering::Relaxed);
        }
        self.kept_count.store(previous.len() - without.len(), Ordering::Relaxed);
        self.state().missing = previous.missing().to_vec();
        self.keeps_media.store(true, Ordering::Relaxed);
        true
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let Some(previous) = self.previous else {
            return false;
        };
        let has = |file: &MadeFile| previous.get(&file.path).is_some_and(|entry| entry.hash.0 == file.hash);
        if !files.iter().all(has) {
            return false;
        }
        for file in files {
            if let Err(problem) = self.keep(&file.path, ContentHash(file.hash)) {
                self.state().failed.get_or_insert(problem);
                break;
            }
        }
        true
    }

    fn has(&self, path: &str) -> bool {
        let Some(entry) = self.previous.and_then(|previous| previous.get(path)) else {
            return false;
        };
        match self.keep(path, entry.hash) {
            Ok(kept) => kept,
            Err(problem) => {
                self.state().failed.get_or_insert(problem);
                true
            }
        }
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

/// Writes the release `version` of the site in `site_dir`.
///
/// `previous` is a release whose files are on the disk for certain, mostly the live one: what has not changed since is taken
/// over. `render` is called with the sink to fill and returns the media to put beside the files, or `None` to give the release
/// up (then `Ok(None)` is returned). Nothing is live when this returns, that is [`super::publish`]; nothing is sure to
/// outlive the machine's crash, that is [`super::settle`]; texts lack their compressed forms, that is [`super::finish`].
///
/// Must not run beside another of these, or [`super::sweep`], for one site.
pub fn write_release(
    site_dir: &Path,
    version: &str,
    previous: Option<&Release>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<Written>, ReleaseError> {
    super::layout::check_version(version)?;
    let manifest = super::layout::manifest_path(site_dir, version);
    if manifest.exists() {
        return Err(ReleaseError::Exists(manifest));
    }
    let folders: [PathBuf; 2] = [site_dir.join("releases"), Objects::of(site_dir).dir().to_owned()];
    for folder in folders {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
    }
    let writer = ReleaseWriter::new(site_dir, version, previous);
    let media = render(&writer);
    let failed = writer.state().failed.take();
    if let Some(problem) = failed {
        return Err(problem);
    }
    let Some(media) = media else { return Ok(None) };
    if !writer.keeps_media.load(Ordering::Relaxed) {
        media
            .par_iter()
            .try_for_each(|file| writer.put_media(file, media_source))?;
    }
    writer.finish().map(Some)
}
