//! Working together on content: comments with mentions, who is editing what, and bringing two versions together.
//!
//! **Invariants.** A comment belongs to content of its site and says who wrote it for as long as it is there. Whoever edits is shown to
//! others, and keeps nobody from saving: two writers never overwrite each other because a save names the version it was made to
//! (412), and [`merge`] shows both sides.

pub mod api;
pub mod comment;
pub mod editing;
pub mod mails;
pub mod merge;
pub mod people;
