//! Building sites: from clusters to a whole site in six steps, by the rules of [`igny8_builder`].
//!
//! A plan ([`model::SiteBlueprint`]) is worked at on a desk ([`desk::Desk`]): read with all that it rests on, changed in memory,
//! saved in one unit of work with the revision it was read at. Terms are the site's own ([`terms`]); pages become ideas, tasks and
//! content ([`made`], [`blocks`]); going live ([`live`]) makes the site's settings those of the plan.
//!
//! **Invariants.** A step is complete only while its gate holds, whatever happened elsewhere. What a person changed stays, in the plan
//! and in the blocks that were generated. A site has one live plan, and nothing on it leads to a page that is not there.

pub mod api;
pub mod blocks;
pub mod business;
pub mod catalogue;
pub mod desk;
pub mod live;
pub mod made;
pub mod model;
pub mod plan;
pub mod preview;
pub mod terms;
pub mod words;

pub use model::{SiteBlueprint, SiteBlueprintId};
