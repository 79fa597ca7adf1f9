//! The linker's algorithms, pure: no database, no network, no clock. The same input gives the same output.
//!
//! [`body`] reads bodies; [`edit`] puts links into them and takes them out; [`graph`] knows which page links to which;
//! [`index`] finds what a page should link to.

#![forbid(unsafe_code)]

pub mod body;
pub mod index;
mod page;
mod terms;

pub use page::{Page, Role};
