//! How long to wait after failures, and what to say of them: once when they begin, once when they end.

use std::time::Duration;

use super::collector::CallFault;

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(30);

/// How calls of one kind are getting on.
#[derive(Debug)]
pub(super) struct Patience {
    what: &'static str,
    shortest: Duration,
    failures: u32,
}

impl Patience {
    /// `what` is sent; after a first failure it is waited for about `shortest`.
    pub(super) const fn new(what: &'static str, shortest: Duration) -> Self {
        Self { what, shortest, failures: 0 }
    }

    pub(super) fn succeeded(&mut self) {
        if self.failures > 0 {
            tracing::info!(what = self.what, failures = self.failures, "CoreTelemetry takes it again");
        }
        self.failures = 0;
    }

    pub(super) fn failed(&mut self, fault: &CallFault) {
        if self.failures == 0 {
            tracing::warn!(what = self.what, reason = %fault, "CoreTelemetry does not take it; it will be tried again");
        }
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether the last call has failed.
    pub(super) const fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// How long to wait now: doubling, and up to a half longer, so that gateways that failed together do not come back
    /// together.
    pub(super) fn wait(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        let wait = self.shortest.saturating_mul(1 << doublings).min(LONGEST);
        wait.mul_f64(1.0 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_a_bound() {
        let mut patience = Patience::new("x", Duration::from_millis(100));
        let mut waits = Vec::new();
        for _ in 0..20 {
            patience.failed(&CallFault::TimedOut);
            waits.push(patience.wait());
        }
        assert!(waits[0] >= Duration::from_millis(100) && waits[0] <= Duration::from_millis(150));
        assert!(waits[3] >= Duration::from_millis(800) && waits[3] <= Duration::from_millis(1_200));
        assert!(waits[19] >= LONGEST && waits[19] <= LONGEST * 3 / 2);
        patience.succeeded();
        assert!(!patience.is_failing() && patience.wait() <= Duration::from_millis(150));
    }
}
