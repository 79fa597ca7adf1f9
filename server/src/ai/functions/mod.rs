//! The functions: one file each, and one line each in [`crate::registry::ai_functions`].

mod auto_cluster;

pub use auto_cluster::AutoCluster;
