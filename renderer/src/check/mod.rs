//! The quality gate: what is wrong with a site beyond what rendering it finds.
//!
//! Three levels. An **error** means that something is missing from the output or wrong in it, and keeps a release from going out unless
//! it is forced; but for errors that leave out one picture or one page ([`crate::Report::stops`]). A **warning** is what a visitor or a
//! search engine will notice; a site can make errors of kinds of them ([`crate::site::Strict`]). **Info** is advice.
//!
//! [`texts`], [`links`] and [`page`], which reads the finished pages, look at every render. [`Inspector`] follows the links that a theme
//! makes besides, and is for `igny8-render check` and `theme check`.

pub(crate) mod html;
mod inspect;
mod json_ld;
pub(crate) mod links;
pub(crate) mod page;
pub(crate) mod places;
pub mod sample;
pub(crate) mod texts;

pub use inspect::Inspector;
