//! The limiters of all routes: how many requests have come, and how long until the next may.

use std::time::Duration;

use gateway_table::{RateLimit, Table};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The limiters of all routes, shared by all workers: a limit is the whole gateway's.
pub(crate) struct Limiters {
    by_route: Vec<Option<DefaultDirectRateLimiter>>,
    clock: DefaultClock,
}

impl Limiters {
    pub(crate) fn new(table: &Table) -> Self {
        // Measures the machine's clock now rather than at the first request.
        let clock = DefaultClock::default();
        clock.now();
        let limiter = |limit: RateLimit| RateLimiter::direct(quota(limit));
        Self { by_route: table.routes.iter().map(|route| route.rate_limit.map(limiter)).collect(), clock }
    }

    /// Counts a request against the limit of the `route`-th route, if it has one.
    ///
    /// # Errors
    ///
    /// The limit is used up for so long.
    pub(crate) fn count(&self, route: usize) -> Result<(), Duration> {
        let Some(limiter) = &self.by_route[route] else { return Ok(()) };
        limiter.check().map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

fn quota(limit: RateLimit) -> Quota {
    let period = limit.unit.duration() / limit.count.get();
    // A table's counts are at most 10⁹ a second, so that the period is never zero.
    let refill = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(limit.count));
    refill.allow_burst(limit.burst)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use gateway_table::RateUnit;
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_limit_of_n_lets_n_pass_at_once_and_then_one_by_one() {
        let n = NonZeroU32::new(60).unwrap();
        let limit = RateLimit { count: n, unit: RateUnit::Minute, burst: n };
        let clock = FakeRelativeClock::default();
        let limiter = RateLimiter::direct_with_clock(quota(limit), clock.clone());
        assert_eq!((0..100).filter(|_| limiter.check().is_ok()).count(), 60);
        clock.advance(Duration::from_secs(1));
        assert_eq!((0..100).filter(|_| limiter.check().is_ok()).count(), 1);
    }
}
