//! `/sites/{site}/tasks`.

mod filter;
mod objects;
mod tasks;

pub use objects::TaskOut;
pub use tasks::{TasksApi, wrong};
