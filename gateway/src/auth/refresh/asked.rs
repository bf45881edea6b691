//! What requests may ask of a refresh: one for all of them, not too often, and not for keys that are known to be missing.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How long after a refresh that requests have asked for they cannot ask for another.
pub(crate) const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long a key that a refresh did not bring is not asked for again.
pub(crate) const ABSENT_FOR: Duration = Duration::from_mins(1);
/// How many such keys are remembered.
const MOST_ABSENT: usize = 256;

/// What the requests of all threads share with the refresh.
pub(super) struct Shared {
    asked: Mutex<Asked>,
    /// Keys are remembered by a keyed hash, so that nobody can choose which are taken for each other.
    hasher: RandomState,
    pub(super) wake: Notify,
    /// How many refreshes are done.
    pub(super) done: watch::Sender<u64>,
}

/// What requests have asked for.
#[derive(Default)]
struct Asked {
    /// When a refresh was asked for last.
    at: Option<Instant>,
    /// A refresh is under way or about to be.
    pending: bool,
    /// The keys for which it is waited, before it has begun and since.
    wanted: Vec<u64>,
    wanted_late: Vec<u64>,
    /// The keys that a refresh did not bring, and until when they are not asked for again.
    absent: VecDeque<(u64, Instant)>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { asked: Mutex::default(), hasher: RandomState::new(), wake: Notify::new(), done: watch::Sender::new(0) }
    }
}

impl Shared {
    /// Whether there is a refresh to wait for; starts one if it is time.
    pub(super) fn ask(&self, kid: Option<&str>) -> bool {
        let kid = kid.map(|kid| self.hasher.hash_one(kid));
        let now = Instant::now();
        let mut asked = self.lock();
        if kid.is_some_and(|kid| asked.absent.iter().any(|(absent, until)| *absent == kid && now < *until)) {
            return false;
        }
        if asked.pending {
            let has_room = asked.wanted_late.len() < MOST_ABSENT;
            asked.wanted_late.extend(kid.filter(|_| has_room));
            return true;
        }
        if asked.at.is_some_and(|at| now.duration_since(at) < COOL_DOWN) {
            return false;
        }
        asked.at = Some(now);
        asked.pending = true;
        asked.wanted.extend(kid);
        self.wake.notify_one();
        true
    }

    pub(super) fn begin(&self) {
        let mut asked = self.lock();
        asked.pending = true;
        let late = std::mem::take(&mut asked.wanted_late);
        asked.wanted.extend(late);
    }

    /// Ends a refresh. If it was a success, the keys for which it was asked are not asked for again for a while; those
    /// that were wanted when it had begun may have come too late for it.
    pub(super) fn end(&self, is_success: bool) {
        let until = Instant::now() + ABSENT_FOR;
        let mut asked = self.lock();
        asked.pending = false;
        asked.wanted_late.clear();
        let wanted = std::mem::take(&mut asked.wanted);
        if is_success {
            asked.absent.extend(wanted.into_iter().map(|kid| (kid, until)));
            let excess = asked.absent.len().saturating_sub(MOST_ABSENT);
            asked.absent.drain(..excess);
        }
        drop(asked);
        self.done.send_modify(|done| *done += 1);
    }

    /// A panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
