//! One binary, modules by what they prove.

mod sites;
mod tenancy;
