//! The circuit breaker of a service: after too many failures it is left alone for a while, then probed.
//!
//! All workers share it. While the service is well, a request costs one load of an atomic.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use gateway_table::Breaker as Rule;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The breaker of one service. What opens it, and for how long, is said by the route of each request.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Whether the breaker is closed and nothing is being counted.
    is_troubled: AtomicBool,
    state: Mutex<State>,
    /// Who is to learn of changes at once.
    alarm: OnceLock<Arc<Notify>>,
}

#[derive(Debug, Default)]
struct State {
    /// When the latest failures were, the oldest first.
    failures: VecDeque<Instant>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    /// Probes that are under way once the time is over.
    probes: u32,
}

/// What operators see of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BreakerState {
    /// Requests pass.
    Closed,
    /// The service is left alone for so long.
    Open(Duration),
    /// A few requests pass, to see how the service is.
    HalfOpen,
}

/// A change of state that operators should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The service is left alone from now on.
    Opened,
    /// The service is well again.
    Closed,
}

/// The state of a breaker as it is handed over, in milliseconds before and after that moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BreakerRecord {
    failures_ago: Vec<u64>,
    open_for: Option<u64>,
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Breaker {
    /// Whether a request may go to the service. The clock is read only where there is trouble.
    ///
    /// # Errors
    ///
    /// It may not, for so long.
    pub(crate) fn admit(&self, rule: Rule, clock: impl FnOnce() -> Instant) -> Result<(), Duration> {
        if !self.is_troubled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return Ok(()) };
        let now = clock();
        if now < open.until {
            return Err(open.until - now);
        }
        if open.probes >= rule.half_open.get() {
            // The probes' outcome is not known yet; it will be before long.
            return Err(Duration::from_secs(1));
        }
        open.probes += 1;
        Ok(())
    }

    /// The service has answered.
    pub(crate) fn succeeded(&self) -> Option<Change> {
        if !self.is_troubled.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = self.lock();
        // While it is only counting, old failures leave by themselves.
        state.open.as_ref()?;
        *state = State::default();
        self.is_troubled.store(false, Ordering::Relaxed);
        self.raise_alarm();
        Some(Change::Closed)
    }

    /// The service has failed.
    pub(crate) fn failed(&self, rule: Rule, now: Instant) -> Option<Change> {
        let mut state = self.lock();
        self.is_troubled.store(true, Ordering::Relaxed);
        let reopened = Open { until: now + rule.open_for, probes: 0 };
        match &mut state.open {
            // A probe has failed.
            Some(open) if open.probes > 0 => {
                *open = reopened;
                return None;
            }
            // Sent before it opened.
            Some(_) => return None,
            None => {}
        }
        state.failures.push_back(now);
        while state.failures.front().is_some_and(|failure| now.duration_since(*failure) > rule.within) {
            state.failures.pop_front();
        }
        if state.failures.len() < rule.failures.get() as usize {
            return None;
        }
        *state = State { failures: VecDeque::new(), open: Some(reopened) };
        self.raise_alarm();
        Some(Change::Opened)
    }

    /// Has every change of state told to `alarm`.
    pub(crate) fn report_to(&self, alarm: &Arc<Notify>) {
        // There is one gateway for a breaker, which says this once.
        let _ = self.alarm.set(Arc::clone(alarm));
    }

    fn raise_alarm(&self) {
        if let Some(alarm) = self.alarm.get() {
            alarm.notify_one();
        }
    }

    /// What it does with requests at `now`.
    pub(crate) fn state(&self, now: Instant) -> BreakerState {
        if !self.is_troubled.load(Ordering::Relaxed) {
            return BreakerState::Closed;
        }
        match &self.lock().open {
            None => BreakerState::Closed,
            Some(open) if now < open.until => BreakerState::Open(open.until - now),
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// A probe has ended without telling anything of the service: its client went away.
    pub(crate) fn probe_given_up(&self) {
        if self.is_troubled.load(Ordering::Relaxed)
            && let Some(open) = &mut self.lock().open
        {
            open.probes = open.probes.saturating_sub(1);
        }
    }

    /// Its state at `now`, for the gateway that comes next; nothing while all is well.
    pub(crate) fn record(&self, now: Instant) -> Option<BreakerRecord> {
        let state = self.lock();
        let ago = |failure: &Instant| milliseconds(now.saturating_duration_since(*failure));
        let record = BreakerRecord {
            failures_ago: state.failures.iter().map(ago).collect(),
            open_for: state.open.as_ref().map(|open| milliseconds(open.until.saturating_duration_since(now))),
        };
        (record != BreakerRecord::default()).then_some(record)
    }

    /// Goes on from this record at `now`. Probes that were under way are not: their gateway is gone.
    pub(crate) fn resume(&self, record: &BreakerRecord, now: Instant) {
        let failure = |ago: &u64| now.checked_sub(Duration::from_millis(*ago));
        let open = |wait| Open { until: now + Duration::from_millis(wait), probes: 0 };
        *self.lock() = State {
            failures: record.failures_ago.iter().filter_map(failure).collect(),
            open: record.open_for.map(open),
        };
        self.is_troubled.store(true, Ordering::Relaxed);
    }

    /// A panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const RULE: Rule = Rule {
        failures: NonZeroU32::new(3).unwrap(),
        within: Duration::from_secs(10),
        open_for: Duration::from_secs(5),
        half_open: NonZeroU32::new(2).unwrap(),
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn opened(start: Instant) -> Breaker {
        let breaker = Breaker::default();
        assert_eq!(
            [0, 1, 2].map(|after| breaker.failed(RULE, start + seconds(after))),
            [None, None, Some(Change::Opened)]
        );
        breaker
    }

    #[test]
    fn enough_failures_within_the_window_open_it() {
        let start = Instant::now();
        let breaker = opened(start);
        assert_eq!(breaker.admit(RULE, || start + seconds(3)), Err(seconds(4)));
        assert_eq!(breaker.state(start + seconds(3)), BreakerState::Open(seconds(4)));
        assert_eq!(breaker.state(start + seconds(8)), BreakerState::HalfOpen);
    }

    #[test]
    fn failures_that_are_far_apart_do_not() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for after in [0, 6, 12, 18, 24] {
            assert_eq!(breaker.failed(RULE, start + seconds(after)), None);
            assert_eq!(breaker.admit(RULE, || start + seconds(after)), Ok(()));
        }
    }

    #[test]
    fn a_bounded_number_of_probes_passes_when_the_time_is_over_and_a_good_one_closes_it() {
        let start = Instant::now();
        let breaker = opened(start);
        let later = start + seconds(8);
        assert_eq!([(), (), ()].map(|()| breaker.admit(RULE, || later).is_ok()), [true, true, false]);
        assert_eq!(breaker.succeeded(), Some(Change::Closed));
        assert_eq!(breaker.state(later), BreakerState::Closed);
        assert_eq!(breaker.admit(RULE, || later), Ok(()));
    }

    #[test]
    fn a_failed_probe_opens_it_again_for_as_long() {
        let start = Instant::now();
        let breaker = opened(start);
        assert_eq!(breaker.admit(RULE, || start + seconds(8)), Ok(()));
        assert_eq!(breaker.failed(RULE, start + seconds(9)), None);
        assert_eq!(breaker.admit(RULE, || start + seconds(10)), Err(seconds(4)));
    }

    #[test]
    fn one_that_goes_on_from_a_record_does_what_the_other_would_have_done() {
        let start = Instant::now();
        assert_eq!(Breaker::default().record(start), None);
        let counting = Breaker::default();
        assert!(counting.failed(RULE, start).or(counting.failed(RULE, start + seconds(4))).is_none());
        for (breaker, now) in [(opened(start), start + seconds(3)), (counting, start + seconds(5))] {
            let next = Breaker::default();
            next.resume(&breaker.record(now).unwrap(), now);
            assert_eq!(next.admit(RULE, || now), breaker.admit(RULE, || now));
            assert_eq!(next.failed(RULE, now + seconds(1)), breaker.failed(RULE, now + seconds(1)));
            assert_eq!(next.state(now + seconds(1)), breaker.state(now + seconds(1)));
        }
    }

    #[test]
    fn a_probe_whose_client_went_away_makes_room_for_another() {
        let start = Instant::now();
        let breaker = opened(start);
        let later = start + seconds(8);
        assert!(breaker.admit(RULE, || later).is_ok() && breaker.admit(RULE, || later).is_ok());
        breaker.probe_given_up();
        assert_eq!(breaker.admit(RULE, || later), Ok(()));
    }
}
