//! Content: posts, pages, products, services and taxonomy pages of a site, and their revisions.
//!
//! Everything that writes content goes through [`save`], which keeps address, hash, revisions and the log of changes in
//! step and asks for a deployment when visitors would notice.
//!
//! **Invariants.** An address (language, section, slug) belongs to one piece of content of a site, deleted ones included.
//! Every title and body that was ever stored is a revision. What is approved is the text that was approved: with another one
//! the content is in review again. No change by a person takes from published content what it needs to be published, unless an
//! admin says so. Nothing that content names is another site's. The archive of a
//! term has one published text in a language.

pub mod api;
pub mod approval;
pub mod batch;
pub mod blocks;
pub mod changes;
pub mod compare;
pub mod entity;
pub mod lifecycle;
pub mod model;
pub mod publish;
pub mod published;
pub mod readiness;
pub mod revision;
pub mod rules;
pub mod save;
pub mod schedule;
pub mod search;

pub use model::{Content, ContentId, ContentSummary, Status};
pub use revision::{Reason, Revision, RevisionId};
pub use rules::{MAX_BODY, MAX_PARTS};
pub use save::publishing_changed;
