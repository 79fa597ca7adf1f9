//! `/sites/{site}/tasks`, and what drafts are held against.

mod board;
mod drafts;
mod filter;
mod objects;
mod tasks;

pub use board::BoardApi;
pub use drafts::DraftsApi;
pub use objects::TaskOut;
pub use tasks::{TasksApi, wrong};
