//! The planner's algorithms, pure: no database, no network, no clock. The same input gives the same output, whatever its
//! order.
//!
//! [`keyword_file`] reads what keyword tools export; [`cluster`] groups keywords into clusters with roles.

#![forbid(unsafe_code)]

pub mod cluster;
pub mod keyword_file;
