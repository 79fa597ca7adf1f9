//! Webhooks: events of an account, sent to addresses it names, signed as in the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>).
//!
//! An event is a row that is written with the change it tells of ([`emit()`]), if an endpoint wants it. One job for each account
//! ([`dispatch`]) finds out who wants what and sends it, to all endpoints side by side, so that a slow one keeps no other waiting.
//! Delivery is at least once and in no order: receivers tell repeats by `webhook-id`. What became of each attempt stays in the log
//! ([`api`]) for [`keep::DAYS`] days, from which anything can be sent again.

pub mod api;
mod dispatch;
mod emit;
pub mod event;
pub mod keep;
pub mod mails;
pub mod model;
mod send;
pub mod sign;

pub use dispatch::{KIND, job};
pub use emit::{emit, emit_where};
pub use event::{Event, EventKind};
