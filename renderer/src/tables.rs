//! Hash tables for what is looked up for every page: quicker than those of the standard library, and made hard to attack in the
//! same way, by a seed of their own.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(crate) type HashSet<T> = std::collections::HashSet<T, RandomState>;

/// A hasher whose hashes are the same in every render of this process: for telling things apart by 64 bits.
pub(crate) fn digest() -> foldhash::quality::FoldHasher<'static> {
    foldhash::quality::FixedState::with_seed(0).build_hasher()
}

/// A table with room for so many entries.
pub(crate) fn with_room<K, V>(entries: usize) -> HashMap<K, V> {
    HashMap::with_capacity_and_hasher(entries, RandomState::default())
}
