//! One binary, modules by what they prove.

mod backup;
mod contract;
mod sites;
mod tenancy;
