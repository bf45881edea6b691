//! How long a service has been silent, and what is to be done about it.

use std::time::Duration;

use crate::ticks::Ticks;

/// After so long without a word the service is asked whether it lives; after as long again it is given up.
const LONGEST: Ticks = Ticks::from_duration(Duration::from_secs(5));

/// The silence of one service on one connection.
#[derive(Debug)]
pub(super) struct Silence {
    /// When the service has last given a sign of life.
    since: Ticks,
    answers_ping: bool,
    /// Whether it has been asked for a sign of life since.
    pub(super) is_asked: bool,
}

/// What a silence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    None,
    Ask,
    GiveUp,
}

impl Silence {
    /// It begins now. A service that does not know PING may be silent for as long as it likes.
    pub(super) const fn new(now: Ticks, answers_ping: bool) -> Self {
        Self { since: now, answers_ping, is_asked: false }
    }

    /// The service has given a sign of life.
    pub(super) fn ends(&mut self, now: Ticks) {
        self.since = now;
        self.is_asked = false;
    }

    /// What it calls for by now.
    pub(super) fn calls_for(&self, now: Ticks) -> Measure {
        let silence = now.since(self.since);
        if !self.answers_ping || silence < LONGEST {
            Measure::None
        } else if silence >= LONGEST.plus(LONGEST) {
            Measure::GiveUp
        } else if self.is_asked {
            Measure::None
        } else {
            Measure::Ask
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Ticks {
        Ticks::from_duration(Duration::from_secs(seconds))
    }

    #[test]
    fn a_service_that_is_silent_is_asked_once_and_then_given_up() {
        let mut silence = Silence::new(at(100), true);
        assert_eq!(silence.calls_for(at(104)), Measure::None);
        assert_eq!(silence.calls_for(at(105)), Measure::Ask);
        silence.is_asked = true;
        assert_eq!(silence.calls_for(at(109)), Measure::None);
        assert_eq!(silence.calls_for(at(110)), Measure::GiveUp);
        silence.ends(at(109));
        assert_eq!(silence.calls_for(at(110)), Measure::None);
        assert_eq!(silence.calls_for(at(114)), Measure::Ask);
    }

    #[test]
    fn a_service_that_does_not_know_ping_may_be_silent() {
        assert_eq!(Silence::new(at(100), false).calls_for(at(1000)), Measure::None);
    }
}
