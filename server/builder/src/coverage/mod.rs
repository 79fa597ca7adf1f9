//! What a plan covers and what it leaves open.

pub mod rule;
