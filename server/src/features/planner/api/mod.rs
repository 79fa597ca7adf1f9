//! `/sites/{site}/keywords` and `/sites/{site}/clusters`.

mod clusters;
mod coverage;
mod filter;
mod keywords;
mod numbers;
mod objects;
mod regroup;
mod seeds;
mod transfer;

pub use clusters::ClustersApi;
pub use coverage::CoverageApi;
pub use filter::KeywordFilter;
pub use keywords::KeywordsApi;
pub use regroup::RegroupApi;
pub use seeds::SeedsApi;
pub use transfer::TransferApi;
