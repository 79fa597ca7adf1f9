//! Tasks: what is to be written, by whom and until when.
//!
//! **Invariants.** An idea has at most one task that stands for it (`task.queued_for`), and the idea's status follows that
//! task's: waiting or worked on `queued`, completed `completed`, cancelled or deleted `new`.

pub mod api;
pub mod brief;
pub mod generated;
pub mod model;
pub mod queue;

pub use model::{Task, TaskId};
