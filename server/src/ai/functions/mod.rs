//! The functions: one file each, and one line each in [`crate::registry::ai_functions`].

mod auto_cluster;
mod generate_ideas;

pub use auto_cluster::AutoCluster;
pub use generate_ideas::GenerateIdeas;
