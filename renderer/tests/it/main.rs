//! The renderer seen from outside.

mod blocks;
mod cli;
mod commonmark;
mod derived;
mod determinism;
mod fence;
mod gate;
mod golden;
mod hostile;
mod images;
mod incremental;
mod pagination;
mod releases;
mod search;
mod support;
mod themes;
