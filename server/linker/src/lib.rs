//! The linker's algorithms, pure: no database, no network, no clock. The same input gives the same output.
//!
//! [`body`] reads bodies; [`edit`] puts links into them and takes them out; [`graph`] knows which page links to which;
//! [`index`] ranks what a page could link to, and [`suggest`] makes links of it.

#![forbid(unsafe_code)]

mod address;
pub mod body;
pub mod edit;
pub mod graph;
pub mod index;
mod page;
mod rules;
pub mod suggest;
mod terms;

pub use page::{Page, Role};
