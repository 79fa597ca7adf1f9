//! One binary, modules by what they prove.

mod accounts;
mod backup;
mod contract;
mod deployments;
mod folders;
mod jobs;
mod media;
mod sites;
mod tenancy;
mod visitors;
