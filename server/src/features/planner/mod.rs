//! The planner's rows: keywords, and the clusters they are grouped in.
//!
//! **Invariants.** A keyword's and a cluster's sector is one of the site. A keyword's cluster, and a cluster's parent,
//! are live clusters of the same sector. Numbers about clusters are computed, never stored.

pub mod api;
pub mod export;
pub mod import;
pub mod model;
pub mod regroup;
pub mod remove;
pub mod rules;

pub use model::{Attribute, Cluster, ClusterId, ClusterRole, Keyword, KeywordId, text_key};
