//! The planner's rows: keywords, the clusters they are grouped in, and ideas for the pages that serve them.
//!
//! **Invariants.** A keyword's and a cluster's sector is one of the site. A keyword's cluster, and a cluster's parent,
//! are live clusters of the same sector. Numbers about clusters are computed, never stored. No two live ideas have one primary keyword.

pub mod api;
pub mod cluster_table;
pub mod coverage;
pub mod export;
pub mod idea;
pub mod idea_import;
pub mod idea_table;
pub mod import;
pub mod model;
pub mod regroup;
pub mod remove;
pub mod rules;
pub mod table;

pub use idea::{Idea, IdeaId};
pub use model::{Attribute, Cluster, ClusterId, ClusterRole, Keyword, KeywordId, text_key};
