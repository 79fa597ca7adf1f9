//! The planner's algorithms, pure: no database, no network, no clock. The same input gives the same output, whatever its
//! order.
//!
//! [`keyword_file`] reads what keyword tools export; [`cluster`] groups keywords into clusters with roles; [`ideas`]
//! makes plans of pages from clusters.

#![forbid(unsafe_code)]

pub mod cluster;
pub mod ideas;
pub mod keyword_file;
