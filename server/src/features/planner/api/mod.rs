//! `/sites/{site}/keywords` and `/sites/{site}/clusters`.

mod clusters;
mod keywords;
mod numbers;
mod objects;

pub use clusters::ClustersApi;
pub use keywords::KeywordsApi;
