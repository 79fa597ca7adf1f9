//! Building sites, pure: no database, no network, no clock, no chance. The same input gives the same output, whatever its order.
//!
//! [`blueprint`] reads what kinds of sites there are; [`wizard`] says which step of a plan comes next; [`sitemap`] makes the pages
//! of a site from clusters and terms and changes them by hand; [`coverage`] tells what they leave open; [`taxonomy`] has terms.

#![forbid(unsafe_code)]

pub mod blueprint;
pub mod coverage;
pub mod names;
pub mod sitemap;
pub mod slugs;
mod stems;
pub mod taxonomy;
pub mod wizard;
