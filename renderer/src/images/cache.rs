//! Variants and share images by the hash of what they were made from, in a folder of one site.
//!
//! ```text
//! <cache>/
//!   img/<key>/facts.json, 640.webp, 640.jpg, …
//!   svg/<hash>.svg     drawings without what could act in them, by the hash of what is left
//!   share/<key>.png
//!   idle.json          how many releases in a row did not use an entry
//! ```
//!
//! What was found out about a file is also remembered in memory, by its place, length and time of change, so that a cache that is
//! kept between releases opens only files that are new.
//!
//! A cache belongs to one site: what one account uploads can never show in, or be guessed from, the releases of another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::SystemTime;

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

/// The file of a variant in the cache, and the hash of its content.
fn own(source: &str) -> Option<(&str, ContentHash)> {
    let (file, hash) = source.strip_prefix(OWN)?.split_once('#')?;
    Some((file, hash.parse().ok()?))
}

/// A folder of variants and share images. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct ImageCache {
    dir: PathBuf,
    known: Arc<Mutex<Arc<Remembered>>>,
}

/// What was found out about the site's media when they were last looked at, by [`Media::source`].
type Remembered = HashMap<String, Known>;

#[derive(Debug, Clone)]
struct Known {
    stamp: Stamp,
    what: What,
}

/// A file that is the same in all of these has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
    hash: Option<ContentHash>,
}

#[derive(Debug, Clone)]
enum What {
    /// It goes out as it is.
    File,
    Image {
        /// Its entry in the cache, empty if it has none.
        key: String,
        facts: Arc<Facts>,
        /// When the entry's folder was last changed, which tells that something was taken out of it.
        entry: Option<SystemTime>,
    },
    /// What is left of a drawing once it is clean, or why it cannot be cleaned.
    Drawing(Result<ContentHash, String>),
}

/// What there is to know about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    IsThere,
    Image,
    Drawing,
}

impl What {
    fn answers(&self, question: Question) -> bool {
        match question {
            Question::IsThere => true,
            Question::Image => matches!(self, Self::Image { .. }),
            Question::Drawing => matches!(self, Self::Drawing(_)),
        }
    }
}

/// What [`ImageCache::prepare`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Images that the site mentions, of kinds that variants are made of, whose files are there.
    pub images: usize,
    /// Those that were not in the cache.
    pub encoded: usize,
}

impl ImageCache {
    /// The cache in `dir`, which is made when it is first written to.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            known: Arc::default(),
        }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
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
        let before = self.known();
        let known = site.media.par_iter_mut().enumerate().filter_map(|(i, media)| {
            (media.variants, media.problem) = (Vec::new(), None);
            let question = if media.mime == "image/svg+xml" {
                Question::Drawing
            } else if ImageFormat::of_mime(&media.mime).is_some() && wanted(i) {
                Question::Image
            } else {
                Question::IsThere
            };
            let looked = self.look_at(media, question, source, &before, &budget);
            let is_there = !matches!(looked, Err(Some(MediaProblem::Missing(_))));
            images.fetch_add(usize::from(question == Question::Image && is_there), Ordering::Relaxed);
            match looked {
                Ok((known, made)) => {
                    encoded.fetch_add(usize::from(made), Ordering::Relaxed);
                    match &known.what {
                        What::Image { key, facts, .. } if question == Question::Image => note(media, key, facts),
                        What::Drawing(Err(why)) => media.problem = Some(MediaProblem::Missing(why.clone())),
                        _ => {}
                    }
                    Some((media.source.clone(), known))
                }
                Err(problem) => {
                    media.problem = problem;
                    None
                }
            }
        });
        let known: Remembered = known.collect();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
        Prepared {
            images: images.into_inner(),
            encoded: encoded.into_inner(),
        }
    }

    fn known(&self) -> Arc<Remembered> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds out what there is to know about a file, from memory if it has not changed; true if variants were made. Else what is wrong
    /// with it: `None` if it is only not remembered.
    fn look_at(
        &self,
        media: &Media,
        question: Question,
        source: &dyn MediaSource,
        before: &Remembered,
        budget: &Budget,
    ) -> Result<(Known, bool), Option<MediaProblem>> {
        let missing = |e: io::Error| Some(MediaProblem::Missing(e.kind().to_string()));
        let path = source.path(media).map_err(missing)?;
        let meta = fs::metadata(&path).map_err(missing)?;
        if !meta.is_file() {
            return Err(Some(MediaProblem::Missing(format!("{} is no file", name_of(&path)))));
        }
        let stamp = Stamp {
            bytes: meta.len(),
            modified: meta.modified().ok(),
            hash: source.hash(media),
            path,
        };
        if let Some(known) = before.get(&media.source)
            && known.stamp == stamp
            && known.what.answers(question)
            && self.still_has(&known.what)
        {
            return Ok((known.clone(), false));
        }
        let file = File::open(&stamp.path).map_err(missing)?;
        let (what, made) = match question {
            Question::IsThere => (What::File, false),
            Question::Drawing => {
                let mut bytes = Vec::new();
                file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(missing)?;
                let cleaned = match svg::sanitise(&bytes) {
                    // What cannot be kept is cleaned again by whoever writes it.
                    Ok(clean) => Ok(self.keep_drawing(clean.text.as_bytes()).map_err(|_| None)?),
                    Err(why) => Err(why),
                };
                (What::Drawing(cleaned), false)
            }
            Question::Image => {
                drop(file);
                let (key, facts, made) = self.image(&stamp.path, stamp.hash, budget).map_err(|e| {
                    let why = format!("its smaller forms cannot be kept: {e}");
                    Some(MediaProblem::Untouched(why))
                })?;
                let entry = self.entry_changed(&key);
                let facts = Arc::new(facts);
                (What::Image { key, facts, entry }, made)
            }
        };
        Ok((Known { stamp, what }, made))
    }

    /// Whether the cache holds what it did when this was found out.
    fn still_has(&self, what: &What) -> bool {
        match what {
            What::Image { key, entry, .. } => key.is_empty() || entry.is_some() && *entry == self.entry_changed(key),
            What::Drawing(Ok(hash)) => self.drawing(*hash).is_file(),
            What::File | What::Drawing(Err(_)) => true,
        }
    }

    fn entry_changed(&self, key: &str) -> Option<SystemTime> {
        fs::metadata(self.dir.join("img").join(key)).ok()?.modified().ok()
    }

    fn drawing(&self, hash: ContentHash) -> PathBuf {
        self.dir.join("svg").join(format!("{hash}.svg"))
    }

    fn keep_drawing(&self, clean: &[u8]) -> io::Result<ContentHash> {
        let hash = ContentHash::of(clean);
        let path = self.drawing(hash);
        // One that a crash left half-written is told by its content.
        if fs::read(&path).is_ok_and(|there| there == clean) {
            return Ok(hash);
        }
        fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
        write_whole(&path, clean)?;
        Ok(hash)
    }

    /// Media from `inner`, and what is in this cache.
    pub fn source<'a>(&'a self, inner: &'a dyn MediaSource) -> CachedMedia<'a> {
        CachedMedia {
            inner,
            cache: self,
            known: self.known(),
        }
    }

    /// Passes files on to `inner`, and draws only those share images that are not in this cache.
    pub fn sink<'a>(&'a self, inner: &'a dyn Sink) -> ShareSink<'a> {
        ShareSink {
            inner,
            cache: self,
            drawn: AtomicUsize::new(0),
        }
    }

    /// Forgets what has not been used for some releases; `report` is that of the release just written, which this cache or a clone of it
    /// has prepared. Must not run while
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
        // What this cache has prepared, also where the report's list of media went to whoever wrote the release.
        let known = self.known();
        used.extend(known.values().filter_map(|known| match &known.what {
            What::Image { key, .. } => Some(format!("img/{key}")),
            What::Drawing(Ok(hash)) => Some(format!("svg/{hash}.svg")),
            What::File | What::Drawing(Err(_)) => None,
        }));
        let idle_file = self.dir.join("idle.json");
        let before: HashMap<String, u32> = fs::read(&idle_file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let mut idle: BTreeMap<String, u32> = BTreeMap::new();
        let mut removed = 0;
        for folder in ["img", "svg", "share"] {
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
fn note(media: &mut Media, key: &str, facts: &Facts) {
    match facts {
        Facts::Made {
            width,
            height,
            variants,
        } => {
            // The camera's turn is in it, which the header's numbers leave out.
            (media.width, media.height) = (Some(*width), Some(*height));
            let stem = stem(&media.path);
            let variant = |fact: &Fact| Variant {
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
            media.variants = variants.iter().map(variant).collect();
        }
        Facts::Broken { why } => media.problem = Some(MediaProblem::Broken(why.clone())),
        Facts::Untouched { why } => media.problem = why.clone().map(MediaProblem::Untouched),
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

/// The media of a site and the variants made of them. Drawings are lent as what is left of them once they are clean.
pub struct CachedMedia<'a> {
    inner: &'a dyn MediaSource,
    cache: &'a ImageCache,
    known: Arc<Remembered>,
}

/// The content of a drawing that was cleaned.
fn drawing(known: &Remembered, media: &Media) -> Option<ContentHash> {
    match &known.get(&media.source).filter(|_| media.mime == "image/svg+xml")?.what {
        What::Drawing(Ok(hash)) => Some(*hash),
        _ => None,
    }
}

impl MediaSource for CachedMedia<'_> {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        if let Some(hash) = drawing(&self.known, media) {
            return Ok(self.cache.drawing(hash));
        }
        if !is_own(media) {
            return self.inner.path(media);
        }
        let plain = |part: &str| {
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        };
        match own(&media.source) {
            Some((name, _)) if name.split('/').all(plain) => Ok(self.cache.dir.join(name)),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn may_link(&self, media: &Media) -> bool {
        is_own(media) || !self.is_clean(media) && self.inner.may_link(media)
    }

    fn hash(&self, media: &Media) -> Option<ContentHash> {
        if let Some(hash) = drawing(&self.known, media) {
            return Some(hash);
        }
        match is_own(media) {
            true => own(&media.source).map(|(_, hash)| hash),
            false => self.inner.hash(media),
        }
    }

    fn is_clean(&self, media: &Media) -> bool {
        drawing(&self.known, media).is_some()
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
