//! Texts of pages that are kept outside the snapshot.
//!
//! Most of a large site is text, and each text is needed for a moment only. Who makes a snapshot may leave the texts of its
//! pages elsewhere and lend them one by one, so that memory does not grow with them.

use std::io;

use crate::site::{Body, Page};

/// Lends the texts of pages while a site is rendered.
pub trait Bodies: Sync {
    /// The text of `page`, `None` if it is in the page itself. Asked several times for each page, from several threads; must
    /// give the same text each time. An error becomes a diagnostic, and the page is written without its text.
    fn body(&self, page: &Page) -> io::Result<Option<Body>>;

    /// A number that is another when the text is, for texts that are not in the page. It must be given without reading the text.
    fn digest(&self, page: &Page) -> u64 {
        let _ = page;
        0
    }
}

/// All texts are in the pages.
pub(crate) struct InPages;

impl Bodies for InPages {
    fn body(&self, _: &Page) -> io::Result<Option<Body>> {
        Ok(None)
    }
}
