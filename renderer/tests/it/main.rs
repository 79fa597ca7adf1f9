//! The renderer seen from outside.

mod determinism;
mod fence;
mod golden;
mod hostile;
mod pagination;
mod releases;
mod support;
