//! The terms that a site's content is filed under.

pub mod edit;
pub mod import;
pub mod recommend;

use serde::{Deserialize, Serialize};

pub use self::recommend::{Proposal, recommend};

use crate::names::TaxonomyKind;

/// Levels of a taxonomy; as many as the database takes.
pub const MAX_DEPTH: usize = 10;
/// Clusters one term may be mapped to.
pub const MAX_CLUSTERS: usize = 50;
/// Characters of a name.
pub const MAX_NAME: usize = 120;

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Unique.
    pub id: String,
    /// Its taxonomy.
    pub kind: TaxonomyKind,
    /// What it is called.
    pub name: String,
    /// The last part of its archive's address; unique within the taxonomy.
    pub slug: String,
    /// The term above it, of the same taxonomy.
    pub parent: Option<String>,
    /// Clusters it is mapped to.
    pub clusters: Vec<String>,
}
