//! Hash tables for what is looked up for every page: quicker than those of the standard library, and made hard to attack in the
//! same way, by a seed of their own.

use foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(crate) type HashSet<T> = std::collections::HashSet<T, RandomState>;

/// A table with room for so many entries.
pub(crate) fn with_room<K, V>(entries: usize) -> HashMap<K, V> {
    HashMap::with_capacity_and_hasher(entries, RandomState::default())
}
