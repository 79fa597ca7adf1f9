//! The renderer seen from outside.

mod archives;
mod blocks;
mod cli;
mod commonmark;
mod derived;
mod determinism;
mod fence;
mod forms;
mod gate;
mod golden;
mod hostile;
mod hubs;
mod images;
mod incremental;
mod languages;
mod pagination;
mod releases;
mod search;
mod support;
mod themes;
