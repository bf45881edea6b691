//! How long is waited before the next attempt to connect.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Doubles with each attempt, and is anything between half of that and all of it, so that gateways that lost a service
/// together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff(u32);

impl Backoff {
    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.0.min(16)).min(LONGEST);
        self.0 = self.0.saturating_add(1);
        bound.mul_f64(0.5 + 0.5 * fastrand::f64())
    }

    /// The service is well again.
    pub(super) fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary() {
        let mut backoff = Backoff::default();
        for bound in [50, 100, 200, 400, 800, 1600, 2000, 2000].map(Duration::from_millis) {
            let wait = backoff.next();
            assert!((bound / 2..=bound).contains(&wait), "{wait:?} of {bound:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
        let mut waits = (0..20).map(|_| Backoff(5).next());
        let first = waits.next();
        assert!(waits.any(|wait| Some(wait) != first));
    }
}
