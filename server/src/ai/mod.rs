//! AI: what a model is asked ([`provider`]), and the functions that ask it ([`functions`], run by [`engine`]).
//!
//! A function is one file that implements [`AiFunction`] and one line in [`functions`]; credits, prompts, retries, progress,
//! transcripts and cancellation are the engine's. How to add one: `README.md` beside this file.
//!
//! **Invariants.** Every call to a model goes through [`provider::Provider`], and so through [`igny8_outgoing`]. A provider
//! that is configured and fails is an error its user sees; nothing falls back to another one silently. Credits are taken in
//! the transaction that saves what they pay for and ends the job (or ticks off a part of it: [`parts`]), so nothing else can
//! take any.

pub mod api;
mod blocking;
pub mod engine;
pub mod function;
pub mod functions;
pub mod kept;
pub mod model;
pub mod parts;
pub mod prompt;
pub mod provider;
pub mod schema;
pub mod transcript;
pub mod vectors;

pub use blocking::Blocking;
pub use function::{AiFunction, At, Function, Phase, Prepared, Same, Saved, Task, Words};
pub use functions::preview::Graphs;
pub use model::{Ask, Asks, Attempt, Model};
pub use parts::Parts;
pub use prompt::{BuiltIn, Placeholder, Values};
