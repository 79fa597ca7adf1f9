//! The pages of a site, from blueprint, clusters and terms.
//!
//! [`structure`] makes the plan, [`edit`] changes it as people wish, [`compare`](compare()) says what is different, and
//! [`menus::visible`] what visitors see of the menus while not all pages are there.

pub(crate) mod build;
mod clusters;
mod compare;
pub mod edit;
#[cfg(test)]
mod edit_tests;
pub(crate) mod filing;
pub(crate) mod links;
pub mod menus;
mod page;
mod seo;
#[cfg(test)]
pub(crate) mod tests;
pub mod tree;

pub(crate) use build::archive_key;
pub use build::{Input, Note, Planned, structure};
pub use compare::{Changes, compare};
pub(crate) use page::ideas_options;
pub use page::{
    Aim, BlockPlan, Brand, Cluster, Heading, Keyword, MAX_DEPTH, MAX_LINKS, MAX_PAGES, MAX_TERMS, MAX_TITLE, Menu,
    MenuEntry, PagePlan, Sitemap,
};
pub use seo::{Names, prompt};
