//! The planner's algorithms, pure: no database, no network, no clock. The same input gives the same output, whatever its
//! order.
//!
//! [`keyword_file`] reads what keyword tools export; [`cluster`] groups keywords into clusters with roles; [`ideas`]
//! makes plans of pages from clusters; [`coverage`] tells how much of a plan is written.

#![forbid(unsafe_code)]

pub mod cluster;
pub mod coverage;
pub mod ideas;
pub mod keyword_file;
