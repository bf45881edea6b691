//! Which processors the gateway has, and which those have that load it.

use std::num::NonZeroU64;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};

use super::no_figure::NoFigure;

/// The processors that this process may use, by number.
#[derive(Debug)]
pub(crate) struct Cpus(Vec<usize>);

impl Cpus {
    /// Looks which there are.
    pub(crate) fn allowed() -> Result<Self, NoFigure> {
        let allowed = sched_getaffinity(None)?;
        let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect();
        if cpus.len() < 2 { Err(NoFigure::OneCore) } else { Ok(Self(cpus)) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The one that whoever is measured has for itself.
    pub(crate) fn measured(&self) -> CpuSet {
        set(&self.0[..1])
    }

    /// The one that the load and the origin share.
    pub(crate) fn load(&self) -> CpuSet {
        set(&self.0[1..2])
    }

    /// Two for whoever is measured with two threads, and what is left for the load; all for both if there are not four.
    pub(crate) fn for_two_threads(&self) -> (CpuSet, CpuSet) {
        if self.has_two_for_two() { (set(&self.0[..2]), set(&self.0[2..])) } else { (set(&self.0), set(&self.0)) }
    }

    /// Whether two threads have processors that the load does not use.
    pub(crate) fn has_two_for_two(&self) -> bool {
        self.count() >= 4
    }
}

fn set(cpus: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu);
    }
    set
}

/// Does this on other processors than the calling thread otherwise has; a process that is started meanwhile stays there.
pub(crate) fn on<T>(cpus: &CpuSet, act: impl FnOnce() -> T) -> Result<T, NoFigure> {
    let before = sched_getaffinity(None)?;
    sched_setaffinity(None, cpus)?;
    let done = act();
    sched_setaffinity(None, &before)?;
    Ok(done)
}

/// Makes short waits of the calling thread as exact as the system can.
pub(crate) fn wake_in_time() -> Result<(), NoFigure> {
    Ok(set_current_timer_slack(NonZeroU64::new(1))?)
}
