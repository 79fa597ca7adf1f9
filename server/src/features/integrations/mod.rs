//! Services outside that an account uses: which, where, and with which key.
//!
//! A key is encrypted for its row of its account ([`model::Integration::seal`]), is never given out again, and is only sent
//! to the origin it was entered for: another one needs the key anew, so that nobody can have it sent to themselves.

pub mod api;
pub mod model;

pub use model::{
    ChatSettings, ImageProtocol, ImageSettings, Integration, IntegrationKind, KeyHeader, Secrets, Settings,
};
