//! Publishers: how content gets to where its readers are. A mechanism, without a database: what goes where is decided by
//! `features::destinations`, what is on the other side is told by receipts.
//!
//! Two kinds of destination: those that take documents one by one ([`publisher::Publisher`]: WordPress), and those that take the
//! files of a whole release ([`publisher::ReleaseStore`]: object storage). [`DestinationKind`] names them all; every match over it
//! is exhaustive, so the compiler lists what a further kind needs.

pub mod document;
pub mod html;
pub mod object_storage;
pub mod publisher;
pub mod wordpress;

use igny8_data::SurrealValue;
use poem_openapi::Enum;

pub use document::{
    Above, Document, DocumentFile, DocumentKind, DocumentPlace, DocumentStatus, DocumentTerm, Part, TermStep,
};
pub use publisher::{
    Entry, Journal, Known, KnownKind, PublishError, Publisher, Receipt, ReleaseStore, RemoteAround, RemoteCopy,
    RemoteState, Writing,
};

/// A kind of destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    /// A WordPress site, over its REST API.
    Wordpress,
    /// A bucket that speaks S3's protocol.
    ObjectStorage,
}
