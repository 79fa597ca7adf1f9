//! Texts of a large folder, kept in a file without a name instead of in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bodies::Bodies;
use crate::incremental::trace::identity;
use crate::site::{Body, Page};

/// Where a text is on a [`Tape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    at: u64,
    bytes: usize,
    /// Another when the text is.
    digest: u64,
}

/// Texts one after another in a temporary file, which the system removes when the program ends, however it ends.
#[derive(Debug)]
pub(super) struct Tape {
    file: File,
    end: AtomicU64,
}

impl Tape {
    /// `None` where files cannot be read and written at a place by several threads, or no temporary file can be made.
    pub fn new() -> Option<Self> {
        let file = if cfg!(unix) { tempfile::tempfile().ok() } else { None };
        file.map(|file| Self {
            file,
            end: AtomicU64::new(0),
        })
    }

    /// Writes a text behind the others.
    pub fn put(&self, text: &str) -> io::Result<Place> {
        let at = self.end.fetch_add(text.len() as u64, Ordering::Relaxed);
        write_at(&self.file, text.as_bytes(), at)?;
        Ok(Place {
            at,
            bytes: text.len(),
            digest: identity(text),
        })
    }

    pub fn get(&self, place: Place) -> io::Result<String> {
        let mut bytes = vec![0; place.bytes];
        read_at(&self.file, &mut bytes, place.at)?;
        String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(not(unix))]
fn write_at(_: &File, _: &[u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The texts of a folder's pages, where [`super::ReadOptions::texts_in_memory`] keeps them out of the snapshot.
#[derive(Debug, Clone)]
pub struct Texts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tape: Tape,
    /// By the id of the page.
    places: HashMap<String, (Place, bool)>,
}

impl Texts {
    /// The flag of a place says that the text is HTML.
    pub(super) fn new(tape: Tape, places: HashMap<String, (Place, bool)>) -> Self {
        Self(Arc::new(Inner { tape, places }))
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Bodies for Texts {
    fn body(&self, page: &Page) -> io::Result<Option<Body>> {
        let Some((place, html)) = self.0.places.get(&page.id) else {
            return Ok(None);
        };
        let text = self.0.tape.get(*place)?;
        Ok(Some(if *html { Body::Html(text) } else { Body::Markdown(text) }))
    }

    fn digest(&self, page: &Page) -> u64 {
        let place = self.0.places.get(&page.id);
        place.map_or(0, |(place, html)| identity(&(place.digest, html)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let Some(tape) = Tape::new() else { return };
        let texts = ["", "one", "två\n", &"x".repeat(100_000)];
        let places: Vec<Place> = texts.iter().map(|t| tape.put(t).expect("written")).collect();
        for (text, place) in texts.iter().zip(places).rev() {
            assert_eq!(tape.get(place).expect("read"), *text);
        }
    }
}
