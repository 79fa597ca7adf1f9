//! What a render hands over: files, one at a time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::share_image::ShareImage;
use crate::site::Media;

/// What a file is, which decides how long it may be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// HTML that visitors read.
    Page,
    /// A small page that leads elsewhere.
    Redirect,
    /// Atom, RSS, JSON Feed.
    Feed,
    /// A sitemap or an index of sitemaps.
    Sitemap,
    /// `robots.txt`, `llms.txt`, `_redirects` and its like.
    Text,
    /// A file of the theme whose name carries its hash: it may be cached for ever.
    Asset,
}

/// One finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// Path below the site's root, without a leading slash: `blog/x/index.html`.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// What it is.
    pub kind: FileKind,
    /// BLAKE3 of the content, where the render has made it already.
    pub hash: Option<[u8; 32]>,
}

/// A file that was made before, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// As in [`OutFile::path`].
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// BLAKE3 of the content.
    pub hash: [u8; 32],
    /// Length of the content.
    pub bytes: u64,
}

/// Takes finished files, from several threads at once and in no particular order; each path comes once.
pub trait Sink: Sync {
    /// Takes one file. `Break` ends the render early: what went wrong is the sink's to remember.
    fn file(&self, file: OutFile) -> ControlFlow<()>;

    /// Takes files that are as a render before this one made them ([`crate::render_again`]), all or none: true if the sink
    /// still has every one of them with that content, else they are made again.
    fn keeps(&self, _: &[MadeFile]) -> bool {
        false
    }

    /// What the sink calls the files that it takes: another name for each render. With one, a render that follows can tell that its sink
    /// has what this one made.
    fn names(&self) -> Option<&str> {
        None
    }

    /// What was named so is what the sink has from before.
    fn follows(&self) -> Option<&str> {
        None
    }

    /// Takes everything that it has from before ([`Sink::follows`]), media too, but these files, which come anew or are gone: true if
    /// that is done, else nothing is.
    fn keeps_all_but(&self, _: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        false
    }

    /// Takes a file whose name tells its content, if the sink has it from a render before this one.
    fn has(&self, _: &str) -> bool {
        false
    }

    /// Takes a share image, which is drawn unless the sink has it from an earlier render ([`crate::images::ImageCache::sink`]).
    fn share(&self, image: &ShareImage) -> ControlFlow<()> {
        let path = image.file();
        if self.has(&path) {
            return ControlFlow::Continue(());
        }
        self.file(OutFile {
            path,
            bytes: image.draw(),
            kind: FileKind::Asset,
            hash: None,
        })
    }
}

/// Code of the finding that a media file is not there.
pub const MEDIA_MISSING: &str = "media-missing";
/// Code of the finding that an image is damaged.
pub const IMAGE_BROKEN: &str = "image-broken";
/// Code of the finding that an address is wanted twice: what came later is left out.
pub const PATH_CONFLICT: &str = "path-conflict";

/// What a render says about itself once its files are handed over.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// HTML pages, redirects not counted.
    pub pages: usize,
    /// All files handed over; media are not among them.
    pub files: usize,
    /// How many of them were made in this render; the others are as before.
    pub made: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Media files that belong beside the files, by path: those of the snapshot whose paths can be used and whose files are
    /// there, and their variants.
    #[serde(skip)]
    pub media: Vec<Media>,
    /// Keys of the share images that pages name, sorted.
    #[serde(skip)]
    pub share_images: Vec<String>,
    /// Errors and warnings, sorted, so that the same input gives the same report.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings of the level info, sorted: nobody has to act on them, and large sites have many.
    pub advice: Vec<Diagnostic>,
    /// Only what was made in this render was looked at: media and share images are those of the render before and not listed, and other
    /// findings come from [`crate::review`].
    #[serde(skip)]
    pub unreviewed: bool,
}

impl Report {
    /// True if something is wrong that should keep the site from going out: any error but a media file that is missing or
    /// damaged, and an address that is wanted twice, since a site is better without one picture or page than not there, and one
    /// page must not keep all later changes from visitors.
    pub fn stops_release(&self) -> bool {
        let leaves_out = |d: &Diagnostic| [MEDIA_MISSING, IMAGE_BROKEN, PATH_CONFLICT].contains(&d.code);
        self.diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error && !leaves_out(d))
    }

    /// True if something is missing from the output or wrong in it.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// A render held in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    /// Files by path.
    pub files: BTreeMap<String, OutFile>,
    /// Counts and findings.
    pub report: Report,
}

/// Keeps everything; for tests, previews and small sites.
#[derive(Debug, Default)]
pub struct MemorySink(Mutex<BTreeMap<String, OutFile>>);

impl MemorySink {
    /// The files taken so far.
    pub fn into_files(self) -> BTreeMap<String, OutFile> {
        self.0.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Sink for MemorySink {
    fn file(&self, file: OutFile) -> ControlFlow<()> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(file.path.clone(), file);
        ControlFlow::Continue(())
    }
}
