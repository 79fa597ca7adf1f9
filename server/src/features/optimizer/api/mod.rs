//! `/sites/{site}/content/{content}/score` and `/sites/{site}/optimizer/score` ([`scores`], [`coverage`]), the site's scores
//! together ([`summary`]), and rewrites of content ([`optimizations`]).

mod coverage;
mod objects;
mod optimizations;
mod scores;
mod summary;

pub use coverage::ScoreCoverageApi;
pub use optimizations::OptimizationsApi;
pub use scores::ScoresApi;
pub use summary::OptimizerApi;
