//! What visitors send by the forms of sites: taken without a script or with one, judged, kept, mailed, and forgotten in time.
//!
//! Pages are files that any server may give out, so a form is sent to this one's own address ([`address`]), by a path below
//! [`receive::PREFIX`] that is no part of the API: whoever sends has no account.
//!
//! **Invariants.** Nothing that was sent becomes a header of a mail but a checked address to answer to. An IP address is only kept as a
//! hash that changes every day and goes after a week. What looks like spam is kept apart, and is never mailed.

pub mod api;
pub mod export;
pub mod keep;
pub mod mails;
pub mod message;
pub mod model;
pub mod receive;
pub mod settings;
pub mod spam;
pub mod token;

pub use model::{Submission, SubmissionId};
pub use settings::FormSettings;

use crate::config::Config;

/// Where the pages of a site send their forms: [`igny8_renderer::site::Settings::forms`].
pub fn address(config: &Config, site: igny8_data::SiteId) -> String {
    format!("{}{}{site}", config.public_url(), receive::PREFIX)
}
