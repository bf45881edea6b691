//! How many requests a service has at a time: what is beyond its number is turned away at once, so that nobody queues
//! without end behind a service that is slow.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The requests that a service has, those of all workers together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots(Arc<AtomicU32>);

impl Slots {
    /// A place for one more request, if fewer than `most` have one.
    pub(crate) fn take(&self, most: NonZeroU32) -> Option<Slot> {
        let slot = Slot(Arc::clone(&self.0));
        // A refused one is counted for a moment, too, and gives its place back when it is dropped.
        (self.0.fetch_add(1, Ordering::Relaxed) < most.get()).then_some(slot)
    }

    /// How many requests have a place.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request's place; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicU32>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_number_have_a_place_and_a_freed_one_is_taken_again() {
        let slots = Slots::default();
        let two = NonZeroU32::new(2).unwrap();
        let first = slots.take(two);
        let second = slots.take(two);
        assert!(first.is_some() && second.is_some() && slots.take(two).is_none());
        drop(first);
        assert_eq!(slots.taken(), 1);
        assert!(slots.take(two).is_some());
    }
}
