//! Tests that cross crates and features; see README.md.
