//! Content: posts, pages, products, services and taxonomy pages of a site, and their revisions.

pub mod changes;
pub mod model;
pub mod revision;

pub use model::{Content, ContentId, ContentSummary, Status};
pub use revision::{Reason, Revision, RevisionId};
