//! How many retries a worker may send to a service: a share of its requests, so that an outage is not multiplied.

use std::cell::Cell;

/// A retry costs as much as this many requests bring: a little less than a fifth of the requests is retried, so that with
/// what was saved up before it is no more than a fifth.
const COST: u32 = 6;

/// What a new budget has: three retries.
const FIRST: u32 = 3 * COST;

/// What can be saved up: eight retries.
const MOST: u32 = 8 * COST;

/// The budget of one worker for one service.
#[derive(Debug)]
pub(crate) struct RetryBudget(Cell<u32>);

impl RetryBudget {
    /// A budget from which the first requests can be retried already.
    pub(crate) const fn new() -> Self {
        Self(Cell::new(FIRST))
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
    fn in_a_full_outage_no_more_than_a_fifth_of_the_requests_is_retried() {
        let budget = RetryBudget::new();
        (0..1_000).for_each(|_| budget.deposit());
        for asked in [300, 1_000, 10_000] {
            let retries = (0..asked).filter(|_| {
                budget.deposit();
                budget.withdraw()
            });
            let retries = retries.count();
            assert!((asked / 6..=asked / 5).contains(&retries), "{retries} of {asked}");
        }
    }
}
