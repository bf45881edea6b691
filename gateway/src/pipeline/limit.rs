//! Whether the route has had enough: in, an [`Authorized`] caller; out, an [`Admitted`] request or 429.

use gateway_table::{RateLimit, Table};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::authorize::Authorized;
use super::find_route::RouteMatch;
use crate::rejection::{self, Rejection};

/// A request that may be forwarded. There is no other way to make one than through the stages.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) matched: RouteMatch,
}

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
}

fn quota(limit: RateLimit) -> Quota {
    let period = limit.unit.duration() / limit.count.get();
    // A table's counts are at most 10⁹ a second, so that the period is never zero.
    let refill = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(limit.count));
    refill.allow_burst(limit.burst)
}

/// Counts the request against its route's limit.
#[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
pub(super) fn limit(limiters: &Limiters, authorized: Authorized) -> Result<Admitted, Rejection> {
    let matched = authorized.matched;
    let (Some(limit), Some(limiter)) = (matched.route.rate_limit, &limiters.by_route[matched.index]) else {
        return Ok(Admitted { matched });
    };
    limiter.check().map_err(|not_until| {
        let wait = not_until.wait_time_from(limiters.clock.now());
        Rejection::RateLimited(rejection::Quota { policy: matched.route.path_prefix.clone(), limit, wait })
    })?;
    Ok(Admitted { matched })
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
        clock.advance(std::time::Duration::from_secs(1));
        assert_eq!((0..100).filter(|_| limiter.check().is_ok()).count(), 1);
    }
}
