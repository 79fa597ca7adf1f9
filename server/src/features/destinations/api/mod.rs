//! `/sites/{site}/destinations` and what is there: set up and tried ([`destinations`]), what became of content
//! ([`publications`]), and where a piece of content goes ([`choices`]).

mod choices;
mod destinations;
mod objects;
mod publications;
mod storage;

use poem_openapi::OpenApi;

/// The operations of destinations.
pub fn apis() -> impl OpenApi + 'static {
    (
        destinations::DestinationsApi,
        publications::PublicationsApi,
        choices::ChoicesApi,
    )
}

pub use objects::{DestinationIn, DestinationOut, DestinationPatch, PublicationOut};
