//! Pictures of content: what is to be seen and why first, then the file, then its place on the page.
//!
//! **Invariants.** A place (content, kind, section) has one live image. A file is inspected like an upload before it is one.

pub mod api;
pub mod model;
pub mod place;
pub mod store;

pub use model::{Image, ImageId, ImageKind, ImageStatus};
