//! One binary, modules by what they prove.

mod deployments;
mod jobs;
mod media;
mod sites;
mod visitors;
