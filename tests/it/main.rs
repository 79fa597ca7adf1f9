//! One binary, modules by what they prove.

mod backup;
mod contract;
mod folders;
mod sites;
mod tenancy;
