//! Grouping keywords into clusters.
