//! `/sites/{site}/keywords` and `/sites/{site}/clusters`.

mod clusters;
mod keywords;
mod numbers;
mod objects;
mod regroup;

pub use clusters::ClustersApi;
pub use keywords::KeywordsApi;
pub use regroup::RegroupApi;
