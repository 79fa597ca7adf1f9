//! One binary, modules by what they prove.

mod backup;
mod sites;
mod tenancy;
