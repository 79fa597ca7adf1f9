//! `/sites/{site}/keywords`, `/sites/{site}/clusters` and `/sites/{site}/ideas`.

mod clusters;
mod coverage;
mod filter;
mod idea_objects;
mod ideas;
mod keywords;
pub mod names;
mod numbers;
mod objects;
mod regroup;
mod seeds;
mod transfer;

pub use clusters::ClustersApi;
pub use coverage::CoverageApi;
pub use filter::KeywordFilter;
pub use ideas::{IdeaFilter, IdeasApi};
pub use keywords::KeywordsApi;
pub use regroup::RegroupApi;
pub use seeds::SeedsApi;
pub use transfer::TransferApi;
