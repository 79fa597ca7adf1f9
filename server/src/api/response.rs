//! Successful answers with the headers a client needs next.

use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::types::{ParseFromJSON, ToJSON};

use super::etag;

/// A resource and its version.
#[derive(ApiResponse)]
pub enum Fetched<T: ToJSON + ParseFromJSON + Send> {
    /// The resource.
    #[oai(status = 200)]
    Ok(
        Json<T>,
        /// The version, to send back as `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A new resource.
#[derive(ApiResponse)]
pub enum Created<T: ToJSON + ParseFromJSON + Send> {
    /// The new resource.
    #[oai(status = 201)]
    Created(
        Json<T>,
        /// The version, to send back as `If-Match`.
        #[oai(header = "ETag")]
        String,
        /// Address of the new resource.
        #[oai(header = "Location")]
        String,
    ),
}

/// Work that was queued.
#[derive(ApiResponse)]
pub enum Accepted<T: ToJSON + ParseFromJSON + Send> {
    /// Queued; follow the job.
    #[oai(status = 202)]
    Accepted(Json<T>),
}

/// Nothing more to say.
#[derive(ApiResponse)]
pub enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

impl<T: ToJSON + ParseFromJSON + Send> Fetched<T> {
    pub fn new(resource: T, rev: i64) -> Self {
        Self::Ok(Json(resource), etag::of(rev))
    }
}

impl<T: ToJSON + ParseFromJSON + Send> Created<T> {
    /// `path` is below `/api/v1`.
    pub fn new(resource: T, rev: i64, path: impl std::fmt::Display) -> Self {
        Self::Created(Json(resource), etag::of(rev), format!("/api/v1{path}"))
    }
}
