//! Taxonomies: categories, tags and attributes of a site, as trees of terms.
//!
//! **Invariants.** A term's parent is a live term of the same site, taxonomy and language; there are no cycles and at
//! most [`model::MAX_DEPTH`] levels. No content names a deleted term.

pub mod model;

pub use model::{Taxonomy, Term, TermId};
