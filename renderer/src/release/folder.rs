//! Writing a site into a plain folder, for the command line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::manifest::{ContentHash, is_text, mime_of};
use super::objects::{hash_file, suffixed, write_whole};
use super::source::MediaSource;
use super::{ReleaseError, at, compress};
use crate::output::{MadeFile, OutFile, Sink};
use crate::paths;
use crate::site::Media;
use crate::tables::{HashMap, HashSet};

/// Name of the file that marks a folder as made here; only such folders are replaced.
const MARKER: &str = ".igny8-render";

/// How a folder is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct FolderOptions<'a> {
    /// Adds `.gz` and `.br` beside texts.
    pub compress: bool,
    /// A file that remembers what the folder holds, so that the next call writes only what is different.
    pub remember: Option<&'a Path>,
}

/// What a folder holds after it was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderWritten {
    pub files: usize,
    /// Bytes of all files, compressed forms not counted.
    pub bytes: u64,
    /// Files that were written; the others were as they should be.
    pub written: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// A file of the folder, and how it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Left {
    hash: ContentHash,
    bytes: u64,
    /// Nanoseconds since 1970, which tell whether somebody else wrote it since.
    modified: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    /// The folder and whether it has compressed forms.
    folder: PathBuf,
    compress: bool,
    files: BTreeMap<String, Left>,
}

struct FolderWriter<'a> {
    dir: &'a Path,
    compress: bool,
    /// What is in the folder; empty for a new one.
    before: BTreeMap<String, Left>,
    /// Contents are told by their hashes.
    hash: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: HashMap<String, Left>,
    folders: HashSet<String>,
    written: usize,
    failed: Option<ReleaseError>,
}

impl FolderWriter<'_> {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// True if the folder has the file with this content.
    fn is_there(&self, name: &str, hash: ContentHash) -> Option<Left> {
        let left = self.before.get(name).filter(|left| left.hash == hash)?;
        let meta = fs::metadata(self.dir.join(name)).ok()?;
        (meta.is_file() && meta.len() == left.bytes && modified(&meta) == left.modified).then_some(*left)
    }

    fn add(&self, name: &str, left: Left, is_new: bool) -> Result<(), ReleaseError> {
        let mut state = self.state();
        state.written += usize::from(is_new);
        if state.files.insert(name.to_owned(), left).is_some() {
            return Err(ReleaseError::Twice(name.to_owned()));
        }
        Ok(())
    }

    /// Makes the folder of a file and remembers it, so that ten thousand pages do not ask for it ten thousand times.
    fn folder(&self, name: &str) -> Result<(), ReleaseError> {
        let Some((folder, _)) = name.rsplit_once('/') else {
            return Ok(());
        };
        if self.state().folders.contains(folder) {
            return Ok(());
        }
        let path = self.dir.join(folder);
        fs::create_dir_all(&path).map_err(at(&path))?;
        self.state().folders.insert(folder.to_owned());
        Ok(())
    }

    fn put(&self, file: &OutFile) -> Result<(), ReleaseError> {
        let name = &file.path;
        let path = self.checked(name)?;
        let hash = match file.hash {
            Some(hash) => ContentHash(hash),
            None if self.hash => ContentHash::of(&file.bytes),
            None => ContentHash([0; 32]),
        };
        if self.hash
            && let Some(left) = self.is_there(name, hash)
        {
            return self.add(name, left, false);
        }
        self.folder(name)?;
        let meta = self.write(&path, &file.bytes)?;
        if self.compress && file.bytes.len() > compress::MIN_BYTES && is_text(mime_of(name)) {
            self.write_compressed(&path, &file.bytes)?;
        }
        self.add(name, left(&meta, hash), true)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<fs::Metadata, ReleaseError> {
        if self.before.is_empty() {
            // In a folder of its own, which nobody looks at yet.
            let written = File::create_new(path).and_then(|mut file| {
                file.write_all(bytes)?;
                file.metadata()
            });
            return written.map_err(at(path));
        }
        write_whole(path, |file| file.write_all(bytes))?;
        fs::metadata(path).map_err(at(path))
    }

    fn write_compressed(&self, path: &Path, bytes: &[u8]) -> Result<(), ReleaseError> {
        let (gzip, brotli) = compress::both(bytes).map_err(at(path))?;
        self.write(&suffixed(path, "gz"), &gzip)?;
        self.write(&suffixed(path, "br"), &brotli).map(drop)
    }

    fn checked(&self, name: &str) -> Result<PathBuf, ReleaseError> {
        paths::check_file(name).map_err(|problem| ReleaseError::Name {
            path: name.to_owned(),
            problem,
        })?;
        Ok(self.dir.join(name))
    }

    fn put_media(&self, media: &Media, source: &dyn MediaSource) -> Result<(), ReleaseError> {
        let name = media.path.trim_start_matches('/');
        let path = self.checked(name)?;
        let looked_at = source.path(media).and_then(|from| {
            let hash = if self.hash {
                hash_file(&from)?.0
            } else {
                ContentHash([0; 32])
            };
            File::open(&from).map(|file| (hash, from, file))
        });
        let (hash, from, mut file) = match looked_at {
            Ok(found) => found,
            // A source that must not be looked at is no matter of one file.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput => return Err(at(&path)(e)),
            // The render has said so, or the file went since; the site goes out without it.
            Err(_) => return Ok(()),
        };
        let mime = match media.mime.as_str() {
            "" => mime_of(name),
            mime => mime,
        };
        if mime == "image/svg+xml" && !source.is_clean(media) {
            // One that cannot be cleaned is left out, which the render has said.
            return match crate::images::svg::sanitise(&fs::read(&from).map_err(at(&from))?) {
                Ok(clean) => self.put(&OutFile {
                    path: name.to_owned(),
                    bytes: clean.text.into_bytes(),
                    kind: crate::output::FileKind::Text,
                    hash: None,
                }),
                Err(_) => Ok(()),
            };
        }
        if self.hash
            && let Some(left) = self.is_there(name, hash)
        {
            return self.add(name, left, false);
        }
        self.folder(name)?;
        if self.compress && is_text(mime) {
            let content = fs::read(&from).map_err(at(&from))?;
            self.write(&path, &content)?;
            if content.len() > compress::MIN_BYTES {
                self.write_compressed(&path, &content)?;
            }
        } else {
            write_whole(&path, |to| io::copy(&mut file, to).map(drop))?;
        }
        let meta = fs::metadata(&path).map_err(at(&path))?;
        self.add(name, left(&meta, hash), true)
    }
}

fn left(meta: &fs::Metadata, hash: ContentHash) -> Left {
    Left {
        hash,
        bytes: meta.len(),
        modified: modified(meta),
    }
}

impl Sink for FolderWriter<'_> {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        match self.put(&file) {
            Ok(()) => ControlFlow::Continue(()),
            Err(problem) => {
                self.state().failed.get_or_insert(problem);
                ControlFlow::Break(())
            }
        }
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let there: Option<Vec<Left>> = files
            .iter()
            .map(|file| self.is_there(&file.path, ContentHash(file.hash)))
            .collect();
        let Some(there) = there else { return false };
        for (file, left) in files.iter().zip(there) {
            if let Err(problem) = self.add(&file.path, left, false) {
                self.state().failed.get_or_insert(problem);
                break;
            }
        }
        true
    }

    fn has(&self, path: &str) -> bool {
        let before = self.before.get(path).map(|left| left.hash);
        let there = before.and_then(|hash| self.is_there(path, hash));
        there.is_some_and(|left| self.add(path, left, false).is_ok())
    }
}

/// Writes plain files into `out`, replacing what an earlier call wrote there.
///
/// The files are written beside `out` and swapped in at the end; where the folder is remembered, only those that differ are
/// written, each in one step, and those that went are removed. A folder that has other files in it is refused. `render` is called
/// with the sink to fill and returns the media to put beside the files; with `None` what is there stays.
pub fn write_folder(
    out: &Path,
    options: FolderOptions<'_>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<FolderWritten>, ReleaseError> {
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
    let remembered = options.remember.filter(|_| existing).and_then(|file| {
        let remembered: Remembered = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let same = remembered.folder == absolute(out) && remembered.compress == options.compress;
        (same && !remembered.files.is_empty()).then_some(remembered.files)
    });
    // Forgotten while the folder is changed: what breaks off in between is written whole next time.
    if let Some(file) = options.remember {
        super::layout::remove_if_there(file)?;
    }
    match remembered {
        Some(before) => update(out, options, before, media_source, render),
        None => replace(out, existing, options, media_source, render),
    }
}

fn update(
    out: &Path,
    options: FolderOptions<'_>,
    before: BTreeMap<String, Left>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<FolderWritten>, ReleaseError> {
    let Some((mut written, files, before)) = fill(out, options, before, media_source, render)? else {
        return Ok(None);
    };
    for name in before.keys().filter(|name| !files.contains_key(*name)) {
        let path = out.join(name);
        written.removed += usize::from(super::layout::remove_if_there(&path)?);
        for suffix in ["gz", "br"] {
            super::layout::remove_if_there(&suffixed(&path, suffix))?;
        }
        let mut folder = path.parent();
        // Not empty means in use.
        while let Some(empty) = folder.filter(|folder| *folder != out)
            && fs::remove_dir(empty).is_ok()
        {
            folder = empty.parent();
        }
    }
    remember(out, options, files)?;
    Ok(Some(written))
}

fn replace(
    out: &Path,
    existing: bool,
    options: FolderOptions<'_>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<FolderWritten>, ReleaseError> {
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
    let result = fs::create_dir(&fresh)
        .map_err(at(&fresh))
        .and_then(|()| fill(&fresh, options, BTreeMap::new(), media_source, render))
        .and_then(|filled| {
            let Some((written, files, _)) = filled else {
                return Ok(None);
            };
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
            remember(out, options, files)?;
            Ok(Some(written))
        });
    let _ = fs::remove_dir_all(&fresh);
    let _ = fs::remove_dir_all(&old);
    result
}

type Filled = (FolderWritten, HashMap<String, Left>, BTreeMap<String, Left>);

fn fill(
    dir: &Path,
    options: FolderOptions<'_>,
    before: BTreeMap<String, Left>,
    media_source: &dyn MediaSource,
    render: impl FnOnce(&dyn Sink) -> Option<Vec<Media>>,
) -> Result<Option<Filled>, ReleaseError> {
    let writer = FolderWriter {
        dir,
        compress: options.compress,
        before,
        hash: options.remember.is_some(),
        state: Mutex::default(),
    };
    let media = render(&writer);
    let failed = writer.state().failed.take();
    if let Some(problem) = failed {
        return Err(problem);
    }
    let Some(media) = media else { return Ok(None) };
    media
        .par_iter()
        .try_for_each(|file| writer.put_media(file, media_source))?;
    let state = writer
        .state
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let written = FolderWritten {
        files: state.files.len(),
        bytes: state.files.values().map(|left| left.bytes).sum(),
        written: state.written,
        removed: 0,
    };
    Ok(Some((written, state.files, writer.before)))
}

fn remember(out: &Path, options: FolderOptions<'_>, files: HashMap<String, Left>) -> Result<(), ReleaseError> {
    let Some(file) = options.remember else { return Ok(()) };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    let remembered = Remembered {
        folder: absolute(out),
        compress: options.compress,
        files: files.into_iter().collect(),
    };
    write_whole(file, |to| Ok(serde_json::to_writer(to, &remembered)?))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn modified(meta: &fs::Metadata) -> u64 {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let nanoseconds = meta.modified().ok().and_then(since).map(|since| since.as_nanos());
    nanoseconds.and_then(|n| u64::try_from(n).ok()).unwrap_or_default()
}
