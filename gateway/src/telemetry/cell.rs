//! Counters that one thread writes and any thread may read: an addition is a plain load and a plain store.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// A number that only its own thread adds to. Readers see it grow, a moment late.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    #[expect(clippy::declare_interior_mutable_const, reason = "to fill arrays with; never used as a value of its own")]
    pub(super) const ZERO: Self = Self(AtomicU64::new(0));

    /// Adds `amount`. To be called by one thread alone: there is no locked instruction in it.
    pub(super) fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    /// Replaces the number.
    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often values were in which range, and their sum; `N` is one more than there are bounds.
#[derive(Debug)]
pub(super) struct Distribution<const N: usize> {
    ranges: [Counter; N],
    sum: Counter,
}

impl<const N: usize> Default for Distribution<N> {
    fn default() -> Self {
        Self { ranges: [const { Counter::ZERO }; N], sum: Counter::default() }
    }
}

impl<const N: usize> Distribution<N> {
    /// Counts `value` in the range of the first of `bounds` that is not below it, or in the last range.
    pub(super) fn observe(&self, bounds: &[u64], value: u64) {
        self.ranges[bounds.partition_point(|bound| *bound < value)].add(1);
        self.sum.add(value);
    }

    /// Adds what another has counted. Ranges that there are not count in the last one.
    pub(super) fn add_counts(&self, counts: &Counts) {
        for (index, count) in counts.ranges.iter().enumerate() {
            self.ranges[index.min(N - 1)].add(*count);
        }
        self.sum.add(counts.sum);
    }

    /// Adds what has been counted to `total`.
    pub(super) fn add_to(&self, total: &mut Counts) {
        total.ranges.resize(N, 0);
        for (total, range) in total.ranges.iter_mut().zip(&self.ranges) {
            *total += range.get();
        }
        total.sum = total.sum.wrapping_add(self.sum.get());
    }
}

/// What several threads' distributions come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// How many values were in each range, not added up.
    pub(crate) ranges: Vec<u64>,
    /// The sum of all values.
    pub(crate) sum: u64,
}

impl Counts {
    /// Adds what `other` has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.ranges.resize(self.ranges.len().max(other.ranges.len()), 0);
        for (range, more) in self.ranges.iter_mut().zip(&other.ranges) {
            *range += more;
        }
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// What has been counted since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = earlier.ranges.iter().copied().chain(std::iter::repeat(0));
        let ranges = self.ranges.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect();
        Self { ranges, sum: self.sum.wrapping_sub(earlier.sum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_in_the_first_range_that_it_fits() {
        let distribution = Distribution::<3>::default();
        for value in [0, 10, 11, 20, 21, 1_000] {
            distribution.observe(&[10, 20], value);
        }
        let mut counts = Counts::default();
        distribution.add_to(&mut counts);
        assert_eq!(counts, Counts { ranges: vec![2, 2, 2], sum: 1_062 });
    }

    #[test]
    fn what_has_come_since_is_the_difference() {
        let earlier = Counts { ranges: vec![1, 2], sum: 5 };
        let mut later = earlier.clone();
        later.merge(&Counts { ranges: vec![0, 3], sum: 7 });
        assert_eq!(later.since(&earlier), Counts { ranges: vec![0, 3], sum: 7 });
        assert_eq!(later.since(&Counts::default()), later);
    }
}
