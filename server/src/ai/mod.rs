//! AI: what a model is asked ([`provider`]).
//!
//! **Invariants.** Every call to a model goes through [`provider::Provider`], and so through [`crate::outgoing`]. A provider
//! that is configured and fails is an error its user sees; nothing falls back to another one silently.

pub mod provider;
