//! Accounts and who may get in: users, sessions, invitations, API keys, the audit log.
//!
//! **Invariants.** An account keeps at least one owner who can log in. Nobody gives a role above their own. Taking access
//! away works at once. Whether a mail address has a user is told to nobody who has not proved to own it, except by
//! registering with it. Everything that changes access is audited.

pub mod api;
pub mod mails;
pub mod model;
pub mod opening;
pub mod passwords;
pub mod sessions;
