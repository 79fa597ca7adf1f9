//! `/sites/{site}/tasks`.

mod board;
mod filter;
mod objects;
mod tasks;

pub use board::BoardApi;
pub use objects::TaskOut;
pub use tasks::{TasksApi, wrong};
