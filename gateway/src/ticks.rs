//! A worker's coarse clock: read for the price of a memory access, advanced by one task for all connections.

use std::cell::Cell;
use std::time::Duration;

/// Time in steps of [`Ticks::STEP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticks(u32);

impl Ticks {
    /// How long a step is: how late a time limit that is watched by ticks may be noticed.
    pub(crate) const STEP: Duration = Duration::from_millis(250);

    /// A duration in steps, rounded up, at least one.
    pub(crate) const fn from_duration(duration: Duration) -> Self {
        let steps = duration.as_millis().div_ceil(Self::STEP.as_millis());
        match steps {
            0 => Self(1),
            1..=0x7fff_ffff =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "the pattern bounds it")]
                Self(steps as u32)
            }
            _ => Self(0x7fff_ffff),
        }
    }

    /// Both times one after the other.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// How many steps have passed since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self(self.0.wrapping_sub(earlier.0))
    }
}

/// The clock of one worker.
#[derive(Debug)]
pub(crate) struct TickClock(Cell<u32>);

impl TickClock {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(0))
    }

    pub(crate) const fn now(&self) -> Ticks {
        Ticks(self.0.get())
    }

    /// Goes one step on.
    pub(crate) fn advance(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_up_to_whole_steps() {
        assert_eq!(Ticks::from_duration(Duration::ZERO), Ticks(1));
        assert_eq!(Ticks::from_duration(Duration::from_millis(251)), Ticks(2));
        assert_eq!(Ticks::from_duration(Duration::MAX), Ticks(0x7fff_ffff));
    }

    #[test]
    fn the_clock_may_run_over() {
        assert_eq!(Ticks(1).since(Ticks(u32::MAX)), Ticks(2));
    }
}
