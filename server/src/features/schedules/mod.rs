//! Schedules: work of a site that comes again and again, at times of its own time zone.
//!
//! **Invariants.** The next time and the job of this time are stored in one transaction, so that several processes, and
//! crashes between, queue one job for each time. Times that passed while no process ran are made up for once, not one by
//! one. A schedule has the rights that its maker has at that moment; it is switched off, with the reason, when they are
//! gone.

pub mod api;
pub mod cron;
mod due;
pub mod model;

pub use due::run_due;
