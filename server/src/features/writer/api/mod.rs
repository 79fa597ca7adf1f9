//! `/sites/{site}/tasks`.

mod objects;
mod tasks;

pub use objects::TaskOut;
pub use tasks::TasksApi;
