//! A copy of a site's live release in S3-compatible object storage.
//!
//! In reading order: [`settings`] (where it goes and how), `client` (requests through the guard of `igny8-outgoing`), [`error`]
//! (whether trying again can help), [`manifest`] (what is in the bucket), [`plan`] (what has to change, pure), [`mod@mirror`] (does
//! it), [`check()`] (a try with an object of its own).
//!
//! **Invariants.** The bucket's manifest never says of an object what may be wrong: before an object is overwritten the
//! manifest in the bucket stops vouching for it. So a copy that ends anywhere is completed by the next one, whatever release
//! that one brings. Objects go up in the order in which they may be seen: what pages need, pages, what lists pages, the front
//! page; what no page needs any more goes after them, and what an open page may still ask for later. Nothing is removed that
//! the manifest does not name. A copy begins only in an empty place that lies in no other copy: what it finds it would overwrite.
//! It takes the place with its manifest before anything else goes up, so that of several that begin there at once one goes on.

mod check;
mod client;
pub mod error;
pub mod manifest;
mod mirror;
pub mod plan;
pub mod settings;
#[cfg(feature = "testing")]
pub mod testing;

pub use check::check;
pub use client::Store;
pub use error::StorageError;
pub use mirror::{Done, Order, Source, Watch, empty, mirror};
pub use plan::{Encoding, File};
pub use settings::{Compression, Settings};
