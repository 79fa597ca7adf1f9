//! The functions: one file (or folder) each, and one line each in [`crate::registry::ai_functions`].

mod auto_cluster;
mod generate_ideas;

use crate::api::{Error, FieldError};

pub use auto_cluster::AutoCluster;
pub use generate_ideas::GenerateIdeas;

/// A field of the payload that cannot be used, as the API answers it.
fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}

/// At most so many characters, without control characters and white space at the ends.
fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}
