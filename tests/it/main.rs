//! One binary, modules by what they prove.

mod content;
mod planner;
mod revisions;
mod sites;
mod terms;
