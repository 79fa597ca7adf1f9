//! `/sites/{site}/keywords`, `/sites/{site}/clusters` and `/sites/{site}/ideas`.

mod cluster_filter;
mod cluster_transfer;
mod clusters;
mod coverage;
mod detail;
mod filter;
mod idea_filter;
mod idea_objects;
mod idea_transfer;
mod ideas;
mod keywords;
mod matrix;
pub mod names;
pub mod numbers;
mod objects;
mod regroup;
mod seeds;
mod transfer;

pub use cluster_filter::ClusterFilter;
pub use cluster_transfer::ClusterTransferApi;
pub use clusters::{ClustersApi, require_parent, taken};
pub use coverage::CoverageApi;
pub use detail::ClusterDetailApi;
pub use filter::{ClusterOption, KeywordFilter, add, named};
pub use idea_filter::IdeaFilter;
pub use idea_transfer::IdeaTransferApi;
pub use ideas::{IdeasApi, changed as changed_idea, taken as taken_idea};
pub use keywords::KeywordsApi;
pub use matrix::MatrixApi;
pub use regroup::RegroupApi;
pub use seeds::SeedsApi;
pub use transfer::TransferApi;
