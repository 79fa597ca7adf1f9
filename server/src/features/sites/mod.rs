//! Sites, their sectors and settings.
//!
//! A site belongs to one account; its slug is unique across the installation, since it names a folder in sites-data. A
//! deleted site is invisible at once and removed for good after a while.

pub mod api;
pub mod catalogue;
pub mod model;

pub use model::{Sector, Site};
