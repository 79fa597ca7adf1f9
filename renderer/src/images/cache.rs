//! Variants and share images by the hash of what they were made from, in a folder of one site.
//!
//! ```text
//! <cache>/
//!   img/<key>/facts.json, 640.webp, 640.jpg, …
//!   share/<key>.png
//!   idle.json          how many releases in a row did not use an entry
//! ```
//!
//! A cache belongs to one site: what one account uploads can never show in, or be guessed from, the releases of another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use rayon::prelude::*;

use super::encode::{self, MAX_BYTES, MAX_PIXELS, Made, Refusal};
use super::facts::{Fact, Facts, key};
use super::{FOLDER, ImageFormat, MediaProblem, Variant, mentioned, svg};
use crate::bodies::{Bodies, InPages};
use crate::output::{FileKind, MadeFile, OutFile, Report, Sink};
use crate::release::{ContentHash, MediaSource};
use crate::share_image::ShareImage;
use crate::site::{Media, Site};

/// What sources of cached files begin with. No hash does, and no path that a folder's reader gives.
pub(super) const OWN: &str = "igny8-cache:";
/// Releases in a row that may go by without an entry before it is swept, so that taking an edit back costs nothing.
const PATIENCE: u32 = 5;

/// Made from the renderer, not lent by whoever owns the media.
pub(super) fn is_own(media: &Media) -> bool {
    media.source.starts_with(OWN)
}

/// A folder of variants and share images.
#[derive(Debug, Clone)]
pub struct ImageCache {
    dir: PathBuf,
}

/// What [`ImageCache::prepare`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Images that the site mentions and that variants can be made of.
    pub images: usize,
    /// Those that were not in the cache.
    pub encoded: usize,
}

impl ImageCache {
    /// The cache in `dir`, which is made when it is first written to.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Looks at the site's media files, makes what variants are missing on the current rayon pool, and notes in each
    /// [`Media`] what there is or what is wrong. `bodies` are the texts that are kept outside of the site, if any. Nothing here fails a release: the render turns problems into diagnostics.
    pub fn prepare(&self, site: &mut Site, bodies: Option<&dyn Bodies>, source: &dyn MediaSource) -> Prepared {
        let bodies = bodies.unwrap_or(&InPages);
        let wanted: HashSet<usize> = mentioned::images(site, bodies).into_iter().collect();
        self.prepare_those(site, &|i| wanted.contains(&i), source)
    }

    /// [`ImageCache::prepare`] for a site of which it is known that it mentions all its media.
    pub fn prepare_all(&self, site: &mut Site, source: &dyn MediaSource) -> Prepared {
        self.prepare_those(site, &|_| true, source)
    }

    fn prepare_those(
        &self,
        site: &mut Site,
        wanted: &(dyn Fn(usize) -> bool + Sync),
        source: &dyn MediaSource,
    ) -> Prepared {
        let budget = Budget::new(MAX_PIXELS);
        let (images, encoded) = (AtomicUsize::new(0), AtomicUsize::new(0));
        site.media.par_iter_mut().enumerate().for_each(|(i, media)| {
            (media.variants, media.problem) = (Vec::new(), None);
            let opened = source.path(media).and_then(|path| Ok((File::open(&path)?, path)));
            let (mut file, path) = match opened {
                Ok((file, path)) if file.metadata().is_ok_and(|m| m.is_file()) => (file, path),
                Ok((_, path)) => {
                    media.problem = Some(MediaProblem::Missing(format!("{} is no file", name_of(&path))));
                    return;
                }
                Err(e) => {
                    media.problem = Some(MediaProblem::Missing(e.kind().to_string()));
                    return;
                }
            };
            if media.mime == "image/svg+xml" {
                media.problem = svg_problem(&mut file);
            } else if ImageFormat::of_mime(&media.mime).is_some() && wanted(i) {
                images.fetch_add(1, Ordering::Relaxed);
                match self.image(&path, source.hash(media), &budget) {
                    Ok((key, facts, made)) => {
                        encoded.fetch_add(usize::from(made), Ordering::Relaxed);
                        note(media, &key, facts);
                    }
                    Err(e) => {
                        let why = format!("its smaller forms cannot be kept: {e}");
                        media.problem = Some(MediaProblem::Untouched(why));
                    }
                }
            }
        });
        Prepared {
            images: images.into_inner(),
            encoded: encoded.into_inner(),
        }
    }

    /// Media from `inner`, and what is in this cache.
    pub fn source<'a>(&'a self, inner: &'a dyn MediaSource) -> CachedMedia<'a> {
        CachedMedia { inner, cache: self }
    }

    /// Passes files on to `inner`, and draws only those share images that are not in this cache.
    pub fn sink<'a>(&'a self, inner: &'a dyn Sink) -> ShareSink<'a> {
        ShareSink {
            inner,
            cache: self,
            drawn: AtomicUsize::new(0),
        }
    }

    /// Forgets what has not been used for some releases; `report` is that of the release just written. Must not run while
    /// another release of the same site is being made. Returns how many entries were removed.
    pub fn sweep(&self, report: &Report) -> io::Result<usize> {
        let mut used: HashSet<String> = report
            .share_images
            .iter()
            .map(|name| format!("share/{name}.png"))
            .collect();
        for media in report.media.iter().filter(|m| is_own(m)) {
            if let Some((entry, _)) = media.source[OWN.len()..].rsplit_once('/') {
                used.insert(entry.to_owned());
            }
        }
        let idle_file = self.dir.join("idle.json");
        let before: HashMap<String, u32> = fs::read(&idle_file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let mut idle: BTreeMap<String, u32> = BTreeMap::new();
        let mut removed = 0;
        for folder in ["img", "share"] {
            for name in names(&self.dir.join(folder))? {
                let entry = format!("{folder}/{name}");
                if used.contains(&entry) {
                    continue;
                }
                let path = self.dir.join(&entry);
                let waited = before.get(&entry).copied().unwrap_or(0) + 1;
                // Those that begin with a dot are what a crash left half-made.
                if waited < PATIENCE && !name.starts_with('.') {
                    idle.insert(entry, waited);
                    continue;
                }
                if fs::symlink_metadata(&path)?.is_dir() {
                    fs::remove_dir_all(&path)?;
                } else {
                    fs::remove_file(&path)?;
                }
                removed += 1;
            }
        }
        if self.dir.is_dir() {
            write_whole(&idle_file, &serde_json::to_vec(&idle).map_err(io::Error::other)?)?;
        }
        Ok(removed)
    }

    /// What there is of an image, made now if it is not in the cache. True if it was.
    fn image(&self, path: &Path, hash: Option<ContentHash>, budget: &Budget) -> io::Result<(String, Facts, bool)> {
        if let Some(hash) = hash {
            let key = key(&blake3::Hash::from_bytes(hash.0));
            if let Some(facts) = kept(&self.dir.join("img").join(&key)) {
                return Ok((key, facts, false));
            }
        }
        let length = fs::metadata(path)?.len();
        if length > MAX_BYTES {
            let why = Some(format!("it is larger than {} MB", MAX_BYTES >> 20));
            return Ok((String::new(), Facts::Untouched { why }, false));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        let key = key(&blake3::hash(&bytes));
        let entry = self.dir.join("img").join(&key);
        if let Some(facts) = kept(&entry) {
            return Ok((key, facts, false));
        }
        let pixels = encode::header_size(&bytes).map_or(1, |(w, h)| u64::from(w) * u64::from(h));
        let made = {
            let _permit = budget.take(pixels);
            encode::make(&bytes)
        };
        drop(bytes);
        let facts = Facts::from(&made);
        keep(&entry, &facts, &made)?;
        Ok((key, facts, true))
    }
}

/// The facts of an entry that is whole.
fn kept(entry: &Path) -> Option<Facts> {
    let facts: Facts = serde_json::from_slice(&fs::read(entry.join("facts.json")).ok()?).ok()?;
    if let Facts::Made { variants, .. } = &facts {
        let whole =
            |fact: &Fact| fs::metadata(entry.join(fact.file())).is_ok_and(|m| m.is_file() && m.len() == fact.bytes);
        if !variants.iter().all(whole) {
            return None;
        }
    }
    Some(facts)
}

/// Writes an entry beside its place and moves it there whole.
fn keep(entry: &Path, facts: &Facts, made: &Result<Made, Refusal>) -> io::Result<()> {
    let folder = entry.parent().unwrap_or(entry);
    fs::create_dir_all(folder)?;
    let temporary = tempfile::Builder::new().prefix(".new-").tempdir_in(folder)?;
    if let Ok(made) = made {
        for variant in &made.variants {
            fs::write(temporary.path().join(Fact::from(variant).file()), &variant.bytes)?;
        }
    }
    let json = serde_json::to_vec(facts).map_err(io::Error::other)?;
    fs::write(temporary.path().join("facts.json"), json)?;
    // What is there is damaged, or the same from another thread; links that releases have to it stay whole.
    match fs::remove_dir_all(entry) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    match fs::rename(temporary.path(), entry) {
        Ok(()) => {
            let _ = temporary.keep();
            Ok(())
        }
        // Another thread was quicker with the same content.
        Err(_) if kept(entry).is_some() => Ok(()),
        Err(e) => Err(e),
    }
}

/// Writes what is known of an image into its media entry.
fn note(media: &mut Media, key: &str, facts: Facts) {
    match facts {
        Facts::Made {
            width,
            height,
            variants,
        } => {
            // The camera's turn is in it, which the header's numbers leave out.
            (media.width, media.height) = (Some(width), Some(height));
            let stem = stem(&media.path);
            let variant = |fact: Fact| Variant {
                path: format!(
                    "{FOLDER}{stem}{}.{}.{}",
                    fact.width,
                    &key[..16],
                    fact.format.extension()
                ),
                source: fact.source(key),
                format: fact.format,
                width: fact.width,
                height: fact.height,
                bytes: fact.bytes,
            };
            media.variants = variants.into_iter().map(variant).collect();
        }
        Facts::Broken { why } => media.problem = Some(MediaProblem::Broken(why)),
        Facts::Untouched { why } => media.problem = why.map(MediaProblem::Untouched),
    }
}

/// The readable part of a variant's name, with a dash after it; none where the file is named by a hash.
fn stem(path: &str) -> String {
    const LONGEST: usize = 48;
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_hash = name.len() >= 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let slug = if is_hash { String::new() } else { slug::slugify(name) };
    // Slugs are ASCII.
    let cut = slug[..slug.len().min(LONGEST)].trim_matches('-');
    if cut.is_empty() {
        String::new()
    } else {
        format!("{cut}-")
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn svg_problem(file: &mut File) -> Option<MediaProblem> {
    let mut bytes = Vec::new();
    match file.take(MAX_BYTES).read_to_end(&mut bytes) {
        Err(e) => Some(MediaProblem::Missing(e.kind().to_string())),
        Ok(_) => svg::sanitise(&bytes).err().map(MediaProblem::Missing),
    }
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// The media of a site and the variants made of them.
pub struct CachedMedia<'a> {
    inner: &'a dyn MediaSource,
    cache: &'a ImageCache,
}

impl MediaSource for CachedMedia<'_> {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        let Some(name) = media.source.strip_prefix(OWN) else {
            return self.inner.path(media);
        };
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if !name.split('/').all(|part| plain(part) && !part.starts_with('.')) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(self.cache.dir.join(name))
    }

    fn may_link(&self, media: &Media) -> bool {
        is_own(media) || self.inner.may_link(media)
    }

    fn hash(&self, media: &Media) -> Option<ContentHash> {
        if is_own(media) { None } else { self.inner.hash(media) }
    }
}

/// A [`Sink`] that takes share images from a cache.
pub struct ShareSink<'a> {
    inner: &'a dyn Sink,
    cache: &'a ImageCache,
    drawn: AtomicUsize,
}

impl ShareSink<'_> {
    /// Share images that were not in the cache.
    pub fn drawn(&self) -> usize {
        self.drawn.load(Ordering::Relaxed)
    }
}

/// The end of every whole PNG.
const PNG_END: &[u8] = b"IEND\xaeB`\x82";

impl Sink for ShareSink<'_> {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        self.inner.file(file)
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        self.inner.keeps(files)
    }

    fn names(&self) -> Option<&str> {
        self.inner.names()
    }

    fn follows(&self) -> Option<&str> {
        self.inner.follows()
    }

    fn keeps_all_but(&self, files: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        self.inner.keeps_all_but(files)
    }

    fn has(&self, path: &str) -> bool {
        self.inner.has(path)
    }

    fn share(&self, image: &ShareImage) -> ControlFlow<()> {
        if self.inner.has(&image.file()) {
            return ControlFlow::Continue(());
        }
        let folder = self.cache.dir.join("share");
        let path = folder.join(format!("{}.png", image.key()));
        let bytes = match fs::read(&path) {
            Ok(bytes) if bytes.ends_with(PNG_END) => bytes,
            _ => {
                self.drawn.fetch_add(1, Ordering::Relaxed);
                let bytes = image.draw();
                // Without a cache it is only drawn again next time.
                let _ = fs::create_dir_all(&folder).and_then(|()| write_whole(&path, &bytes));
                bytes
            }
        };
        self.inner.file(OutFile {
            path: image.file(),
            bytes,
            kind: FileKind::Asset,
            hash: None,
        })
    }
}

/// Keeps the images that are decoded at once within a number of pixels.
struct Budget {
    most: u64,
    free: Mutex<u64>,
    freed: Condvar,
}

struct Permit<'a>(&'a Budget, u64);

impl Budget {
    fn new(most: u64) -> Self {
        Self {
            most,
            free: Mutex::new(most),
            freed: Condvar::new(),
        }
    }

    /// Waits for its turn. Nothing is awaited while a permit is held, so this always comes to an end.
    fn take(&self, pixels: u64) -> Permit<'_> {
        let pixels = pixels.min(self.most);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free < pixels)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= pixels;
        Permit(self, pixels)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += self.1;
        self.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variants_can_be_read() {
        for (path, want) in [
            ("/media/Copper Kettle.JPG", "copper-kettle-"),
            ("/media/0123456789abcdef0123456789abcdef01234567.jpg", ""),
            ("/a/日本.png", "ri-ben-"),
            ("/a/--.png", ""),
            ("/a/", ""),
        ] {
            assert_eq!(stem(path), want, "{path}");
        }
    }
}
