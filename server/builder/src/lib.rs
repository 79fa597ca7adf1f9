//! Building sites, pure: no database, no network, no clock, no chance. The same input gives the same output, whatever its order.
//!
//! [`blueprint`] reads what kinds of sites there are; [`wizard`] says which step of a plan comes next.

#![forbid(unsafe_code)]

pub mod blueprint;
pub mod coverage;
pub mod names;
pub mod slugs;
pub mod wizard;
