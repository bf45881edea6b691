//! The limiters of all routes: how many requests have come, and how long until the next may.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use gateway_table::{RateLimit, Table};
use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use serde::{Deserialize, Serialize};

/// The limiters of all routes, shared by all workers: a limit is the whole gateway's.
pub(crate) struct Limiters {
    by_route: Vec<Option<Limiter>>,
    clock: DefaultClock,
}

/// The limiter of one route.
struct Limiter {
    gate: RateLimiter<NotKeyed, Seen, DefaultClock>,
    seen: Seen,
    limit: RateLimit,
    start: <DefaultClock as Clock>::Instant,
}

/// A limiter's state, which can be looked at without being counted.
#[derive(Clone, Default)]
struct Seen(Arc<InMemoryState>);

impl StateStore for Seen {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, decide)
    }
}

impl Limiter {
    fn new(limit: RateLimit, clock: &DefaultClock) -> Self {
        let seen = Seen::default();
        let gate = RateLimiter::new(quota(limit), seen.clone(), clock.clone());
        Self { gate, seen, limit, start: clock.now() }
    }

    /// How many requests it would let through at this moment. Its state is the time at which it would be full again.
    fn remaining(&self, now: <DefaultClock as Clock>::Instant) -> u32 {
        let look = |full_at: Option<Nanos>| Err::<((), Nanos), Option<Nanos>>(full_at);
        let Err(Some(full_at)) = self.seen.measure_and_replace(&NotKeyed::NonKey, look) else {
            return self.limit.burst.get();
        };
        let missing = full_at.as_u64().saturating_sub(now.duration_since(self.start).as_u64());
        let period = quota(self.limit).replenish_interval().as_nanos().max(1);
        let missing = u128::from(missing).div_ceil(period);
        self.limit.burst.get().saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX))
    }
}

impl Limiters {
    pub(crate) fn new(table: &Table) -> Self {
        Self::of(table.routes.iter().map(|route| route.rate_limit))
    }

    fn of(limits: impl IntoIterator<Item = Option<RateLimit>>) -> Self {
        // Measures the machine's clock now rather than at the first request.
        let clock = DefaultClock::default();
        clock.now();
        let limiter = |limit: RateLimit| Limiter::new(limit, &clock);
        Self { by_route: limits.into_iter().map(|limit| limit.map(limiter)).collect(), clock }
    }

    /// Counts a request against the limit of the `route`-th route, if it has one.
    ///
    /// # Errors
    ///
    /// The limit is used up for so long.
    pub(crate) fn count(&self, route: usize) -> Result<(), Duration> {
        let Some(limiter) = &self.by_route[route] else { return Ok(()) };
        limiter.gate.check().map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// How many requests the `route`-th route would take at once, if it has a limit.
    pub(crate) fn remaining(&self, route: usize) -> Option<u32> {
        self.by_route[route].as_ref().map(|limiter| limiter.remaining(self.clock.now()))
    }
}

/// The prefix of a route, and its methods.
pub(crate) type RouteName = (String, String);

/// How much of a route's limit is used up, as it is handed over to the gateway that comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LimitRecord {
    path_prefix: String,
    /// The methods of the route: several may share a prefix.
    methods: String,
    used: u32,
}

impl Limiters {
    /// What is used up of each limit.
    pub(crate) fn record(&self, names: &[RouteName]) -> Vec<LimitRecord> {
        let limits = self.by_route.iter().zip(names).filter_map(|(limiter, (path_prefix, methods))| {
            let limiter = limiter.as_ref()?;
            let used = limiter.limit.burst.get() - limiter.remaining(self.clock.now());
            (used > 0).then(|| LimitRecord { path_prefix: path_prefix.clone(), methods: methods.clone(), used })
        });
        limits.collect()
    }

    /// Uses up as much of each limit as these records say, whatever the limit is now.
    pub(crate) fn resume(&self, names: &[RouteName], records: &[LimitRecord]) {
        let used: HashMap<_, _> =
            records.iter().map(|record| ((&record.path_prefix, &record.methods), record.used)).collect();
        for (limiter, (path_prefix, methods)) in self.by_route.iter().zip(names) {
            let Some(limiter) = limiter else { continue };
            let used = used.get(&(path_prefix, methods)).map_or(0, |used| (*used).min(limiter.limit.burst.get()));
            if let Some(used) = NonZeroU32::new(used) {
                // A limiter that nobody has asked yet has room for its whole burst.
                let _ = limiter.gate.check_n(used);
            }
        }
    }
}

/// What routes are known by when the table changes: their prefixes, and their methods.
pub(crate) fn names(table: &Table) -> Vec<RouteName> {
    table.routes.iter().map(|route| (route.path_prefix.to_string(), route.methods.to_string())).collect()
}

fn quota(limit: RateLimit) -> Quota {
    let period = limit.unit.duration() / limit.count.get();
    // A table's counts are at most 10⁹ a second, so that the period is never zero.
    let refill = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(limit.count));
    refill.allow_burst(limit.burst)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn what_remains_can_be_looked_at_without_being_used_up() {
        let n = NonZeroU32::new(10).unwrap();
        let limit = RateLimit { count: n, unit: RateUnit::Hour, burst: n };
        let limiter = Limiter::new(limit, &DefaultClock::default());
        let remaining = || limiter.remaining(DefaultClock::default().now());
        assert_eq!(remaining(), 10);
        for left in (0..10).rev() {
            assert!(limiter.gate.check().is_ok());
            assert_eq!((remaining(), remaining()), (left, left));
        }
        assert!(limiter.gate.check().is_err());
        assert_eq!(remaining(), 0);
    }

    #[test]
    fn what_was_used_of_a_limit_stays_used_when_another_takes_over() {
        let n = |count| NonZeroU32::new(count).unwrap();
        let limit = |burst| RateLimit { count: n(10), unit: RateUnit::Hour, burst: n(burst) };
        let limiters = |burst| Limiters::of([Some(limit(burst)), None]);
        let (first, used) = (limiters(10), 4);
        for _ in 0..used {
            assert!(first.count(0).is_ok());
        }
        let names = [("/a".to_owned(), "GET".to_owned()), ("/b".to_owned(), "GET".to_owned())];
        let records = first.record(&names);
        assert_eq!(
            records.iter().map(|record| (&*record.path_prefix, record.used)).collect::<Vec<_>>(),
            [("/a", used)]
        );
        for (burst, left) in [(10, 6), (20, 16), (3, 0)] {
            let next = limiters(burst);
            next.resume(&names, &records);
            assert_eq!(next.remaining(0), Some(left));
        }
    }
}
