//! Equal requests share one upstream call and its answer, whichever threads they come to.
//!
//! In: the [`Key`] of a request, which is equal for equal requests alone. Out: whether it leads (and makes the call), waits
//! for the one that does, or gets the answer that is kept already ([`Entered`]). Nothing here knows a route or a connection.
//!
//! The window counts from the moment in which the first request came. Whoever comes later than that while its call is still
//! under way waits for it, too; an answer that comes after the window is shared with those who wait, and not kept.
//!
//! All that is held (bodies that are looked at, answers that are kept) is taken from one [`Budget`]. What finds no room goes
//! on by itself: a duplicate call is better than a request refused.

mod answer;
mod gather;
mod key;
mod leader;
mod shard;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

pub(crate) use crate::budget::{Budget, Reserved};
pub(crate) use answer::{Met, SharedAnswer};
pub(crate) use gather::{Gathered, Held, Replayed, gather};
pub(crate) use key::{Asked, Key};
pub(crate) use leader::{Leader, Outcome, Waiter};
use shard::{Joined, Shard};

/// The longest body, of a request or of an answer, that is held as a whole, in bytes. Longer ones are not shared.
pub(crate) const LONGEST_BODY: usize = 1 << 20;

/// How much is held altogether, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// How many calls and answers are known at a time.
const MOST_ENTRIES: usize = 16 * 1024;

/// Requests of different keys seldom meet at one lock.
const SHARDS: usize = 16;

/// How often answers that are no longer good are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// The calls that are under way and the answers that are kept. `F` is what is said of a call that failed.
pub(crate) struct Debounce<F> {
    shards: [Mutex<Shard<F>>; SHARDS],
    entries: AtomicUsize,
    most_entries: usize,
    budget: Budget,
    refused: AtomicU64,
    swept: Mutex<Instant>,
}

/// What becomes of a request that enters.
pub(crate) enum Entered<F> {
    /// It is the first: it is to make the call.
    Lead(Leader<F>),
    /// Another makes the call; this one waits for what comes of it.
    Wait(Waiter<F>),
    /// The answer is there.
    Kept(Arc<SharedAnswer>),
    /// There is no room: it goes on by itself.
    Full,
}

impl<F> Debounce<F> {
    pub(crate) fn new(now: Instant) -> Self {
        Self::with_room(MOST_ENTRIES, MOST_BYTES, now)
    }

    fn with_room(most_entries: usize, most_bytes: usize, now: Instant) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(Shard::default())),
            entries: AtomicUsize::new(0),
            most_entries,
            budget: Budget::new(most_bytes),
            refused: AtomicU64::new(0),
            swept: Mutex::new(now),
        }
    }

    /// What becomes of a request of this key that comes now.
    pub(crate) fn enter(self: &Arc<Self>, key: Key, window: Duration, now: Instant) -> Entered<F> {
        let (to_waiter, waiter) = oneshot::channel();
        let joined = self.with_shard(key, |shard| {
            let joined = shard.join(key, to_waiter, now);
            if !matches!(joined, Joined::Nobody) {
                return Some(joined);
            }
            // What may still stand there is an answer that is no longer good.
            self.entries.fetch_sub(shard.forget(key), Ordering::Relaxed);
            if !self.make_room(shard, now) {
                return Some(Joined::Nobody);
            }
            shard.open(key, now + window);
            None
        });
        match joined {
            None => Entered::Lead(Leader::new(Arc::clone(self), key)),
            Some(Joined::Call) => Entered::Wait(Waiter::new(waiter)),
            Some(Joined::Answer(answer)) => Entered::Kept(answer),
            Some(Joined::Nobody) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Entered::Full
            }
        }
    }

    /// What bodies that are held are taken from.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How many requests found no room.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Lets go of the answers that are no longer good. To be called now and then, by any thread: most calls do nothing.
    pub(crate) fn sweep(&self, now: Instant) {
        if self.entries.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Ok(mut swept) = self.swept.try_lock() else { return };
        if now.saturating_duration_since(*swept) < SWEEP {
            return;
        }
        *swept = now;
        for shard in &self.shards {
            let freed = shard.lock().unwrap_or_else(PoisonError::into_inner).sweep(now);
            self.entries.fetch_sub(freed, Ordering::Relaxed);
        }
    }

    /// Whether there is room for one entry more, which is then taken.
    fn make_room(&self, shard: &mut Shard<F>, now: Instant) -> bool {
        let take = |entries: usize| (entries < self.most_entries).then_some(entries + 1);
        let taken = || self.entries.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if taken() {
            return true;
        }
        self.entries.fetch_sub(shard.sweep(now), Ordering::Relaxed);
        taken()
    }

    fn with_shard<T>(&self, key: Key, act: impl FnOnce(&mut Shard<F>) -> T) -> T {
        let shard = &self.shards[key.spread() % SHARDS];
        // Nothing that runs under this lock can leave a shard half changed.
        act(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
