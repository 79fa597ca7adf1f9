//! What texts are worth to readers and search engines: scores with their reasons, kept scores for lists, and rewrites that are
//! proposed, applied and undone.
//!
//! [`text`] gathers what `igny8-optimizer` scores: a row, fields that an editor has not saved, or a text from elsewhere. [`keep`] is
//! the job that keeps the scores of a site's content up to date; [`proposal`] brings a rewrite and what people did meanwhile
//! together.
//!
//! **Invariants.** A kept score changes neither `rev` nor `updated_at` of its content, so nothing is deployed and no writer becomes
//! stale for it. What an optimisation changes is applied by a person only, and kept so that it can be undone.

pub mod api;
pub mod keep;
pub mod model;
pub mod proposal;
pub mod text;

pub use model::{ContentScore, Optimization, OptimizationId};

/// From here a score is green, as in `igny8-optimizer`.
pub const GREEN: i64 = 80;
/// From here a score is orange.
pub const ORANGE: i64 = 50;
