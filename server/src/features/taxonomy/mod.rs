//! Taxonomies: categories, tags and attributes of a site, as trees of terms.
//!
//! **Invariants.** A term's parent is a live term of the same site, taxonomy and language; there are no cycles and at
//! most [`model::MAX_DEPTH`] levels. Deleting a term moves the terms below it up to its parent and takes it out of all
//! content; a deleted term keeps its slug and comes back without them.

pub mod api;
pub mod model;
pub mod remove;
pub mod tree;

pub use model::{Taxonomy, Term, TermId, TermsMode};
