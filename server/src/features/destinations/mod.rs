//! Destinations: where a site's content goes besides this server, and what comes back from there.
//!
//! What people set is a [`Destination`]; what the work on it finds out is its [`DestinationState`], which one job at a time holds
//! ([`state`]). Each piece of content has one [`Publication`] at a destination. Publishers ([`crate::publish`]) never see rows.
//!
//! **Invariants.** A destination has one place for a piece of content, whatever is killed in between. What people edited there
//! is never overwritten unseen, and not thrown away either. A WordPress site has one destination of a site. Secrets are sealed
//! for their row and never given out.

pub mod api;
pub mod conflict;
pub mod connect;
pub mod decide;
pub mod document;
pub mod inbound;
mod keep;
pub mod leave;
pub mod mappings;
pub mod model;
pub mod releases;
pub mod send;
pub mod state;

pub use model::{
    Choice, Connection, Destination, DestinationId, DestinationState, Direction, Leaving, Mapping, MappingId,
    Publication, PublicationId, PublicationStatus, SyncEvent, SyncEventId, SyncResult, SyncStatus,
};

use crate::jobs::JobType;

pub use keep::forget_events;

/// The jobs of destinations, for the registry.
pub fn jobs() -> [JobType; 5] {
    [
        JobType::new(send::CHANGED, send::fan_out),
        JobType::new(send::PUBLISH, send::run),
        JobType::new(releases::FOLLOW, releases::fan_out),
        JobType::new(releases::MIRROR, releases::run),
        JobType::new(leave::LEAVE, leave::run),
    ]
}
