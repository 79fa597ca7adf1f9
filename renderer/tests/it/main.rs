//! The renderer seen from outside.

mod blocks;
mod cli;
mod determinism;
mod fence;
mod golden;
mod hostile;
mod pagination;
mod releases;
mod support;
mod themes;
