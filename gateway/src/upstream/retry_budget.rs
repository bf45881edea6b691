//! How many retries a worker may send to a service: a share of its requests, so that an outage is not multiplied.

use std::cell::Cell;

/// A retry costs as much as this many requests bring: retries are a fifth of the requests at most.
const COST: u32 = 5;

/// What can be saved up: ten retries.
const MOST: u32 = 10 * COST;

/// The budget of one worker for one service.
#[derive(Debug)]
pub(crate) struct RetryBudget(Cell<u32>);

impl RetryBudget {
    /// A budget that is full.
    pub(crate) const fn new() -> Self {
        Self(Cell::new(MOST))
    }

    /// A request has come.
    pub(crate) fn deposit(&self) {
        self.0.set((self.0.get() + 1).min(MOST));
    }

    /// Whether there may be a retry, which is then paid for.
    pub(crate) fn withdraw(&self) -> bool {
        let left = self.0.get().checked_sub(COST);
        left.map(|left| self.0.set(left)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_full_outage_a_fifth_of_the_requests_is_retried() {
        let budget = RetryBudget::new();
        let retries = (0..10_000).filter(|_| {
            budget.deposit();
            budget.withdraw()
        });
        let retries = retries.count();
        assert!((2_000..=2_015).contains(&retries), "{retries}");
    }
}
