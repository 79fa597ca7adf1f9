//! The internal links of a site: what is wrong with them, which ones a page should get, putting them in and taking them out.
//!
//! The algorithms are in the crate `igny8_linker`; here are the rows they read ([`page`], [`ways`]), what is kept of them in
//! memory ([`standing`], [`linkers`]), and the changes of bodies, which all go through [`crate::features::content::save`].
//!
//! **Invariants.** A link is put in once for a source and a target, and only where the target can be seen by visitors. The text
//! around it stays as it is, byte by byte. `applied` means that it is in the body that is stored.

pub mod api;
mod bulk;
mod edits;
mod linkers;
mod mend;
pub mod model;
mod page;
mod rows;
mod standing;
pub mod suggest;
mod ways;

pub use bulk::job;
pub use edits::blank;
pub use linkers::{Linkers, as_job, with};
pub use model::{Link, LinkDirection, LinkId, LinkOrigin, LinkStatus};
pub use rows::{follow, of_sources};
pub use standing::Standing;
