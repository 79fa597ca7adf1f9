//! IGNY8's server: the API, the jobs, the publishers.
//!
//! Reading order: [`cli`] is how it is started; [`config`] what can be set; [`app`] the handles everything shares;
//! [`registry`] the lists of operations and jobs; [`api`] how every operation behaves; `features` what the product does.
//! Tenancy is below all of it, in the crate `igny8-data`.
//!
//! **Invariants.** Features use mechanisms, mechanisms never name a feature; `registry` is the only file that names them
//! all. Time, ids and randomness come from [`app::App`].

#![forbid(unsafe_code)]

pub mod ai;
pub mod api;
pub mod app;
pub mod backup;
pub mod cli;
pub mod config;
pub mod features;
pub mod installation;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod publish;
pub mod registry;
pub mod secrets;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod visitors;
