//! How long the pages' vectors are.

use std::sync::atomic::{AtomicU64, Ordering};

/// The lengths of the pages' vectors by slot, each computed when it is first asked for. All depend on how many pages have each
/// word, so that every change of the index forgets them.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    /// How often they were forgotten; what is known from before counts as unknown.
    generation: u32,
    /// Generation and length. Whoever computes one at the same time as another comes to the same.
    known: Vec<AtomicU64>,
}

impl Lengths {
    /// Forgets all; there are this many pages now.
    pub(super) fn forget(&mut self, slots: usize) {
        self.generation = self.generation.wrapping_add(1);
        // Behind the last of the numbers the first come again.
        if self.generation == 0 {
            self.known.clear();
            self.generation = 1;
        }
        self.known.resize_with(slots, AtomicU64::default);
    }

    pub(super) fn of(&self, slot: u32, compute: impl FnOnce() -> f32) -> f32 {
        let Some(place) = self.known.get(slot as usize) else {
            return compute();
        };
        let known = place.load(Ordering::Relaxed);
        let (generation, length) = ((known >> 32) as u32, known as u32);
        if generation == self.generation {
            return f32::from_bits(length);
        }
        let length = compute();
        let known = (u64::from(self.generation) << 32) | u64::from(length.to_bits());
        place.store(known, Ordering::Relaxed);
        length
    }
}

impl Clone for Lengths {
    /// Knows nothing yet.
    fn clone(&self) -> Self {
        let mut new = Self::default();
        new.forget(self.known.len());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_computed_once_until_something_changes() {
        let mut lengths = Lengths::default();
        assert_eq!(lengths.of(0, || 1.0), 1.0, "unknown pages too");
        lengths.forget(2);
        assert_eq!((lengths.of(1, || 2.0), lengths.of(1, || 3.0)), (2.0, 2.0));
        assert_eq!(lengths.of(0, || 4.0), 4.0);
        lengths.forget(2);
        assert_eq!(lengths.of(1, || 5.0), 5.0);
        assert_eq!(lengths.clone().of(1, || 6.0), 6.0);
        lengths.generation = u32::MAX;
        lengths.forget(2);
        assert_eq!(lengths.of(0, || 7.0), 7.0);
    }
}
