//! A part of the map from keys to calls under way and answers kept; what stands behind one lock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::answer::SharedAnswer;
use super::key::Key;
use super::leader::Outcome;

/// Where the outcome of a call is told to one who waits.
pub(super) type ToWaiter<F> = oneshot::Sender<Outcome<F>>;

/// A part of the map.
pub(super) struct Shard<F>(HashMap<Key, Entry<F>>);

struct Entry<F> {
    /// When the window ends.
    until: Instant,
    state: State<F>,
}

enum State<F> {
    UnderWay(VecDeque<ToWaiter<F>>),
    Kept(Arc<SharedAnswer>),
}

/// What a request found that came to a key.
pub(super) enum Joined {
    /// A call under way, at whose end it is told the outcome.
    Call,
    /// An answer.
    Answer(Arc<SharedAnswer>),
    /// Nothing.
    Nobody,
}

impl<F> Default for Shard<F> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<F> Shard<F> {
    /// Joins what is there for `key`.
    pub(super) fn join(&mut self, key: Key, waiter: ToWaiter<F>, now: Instant) -> Joined {
        match self.0.get_mut(&key) {
            Some(Entry { state: State::UnderWay(waiters), .. }) => {
                waiters.push_back(waiter);
                Joined::Call
            }
            Some(Entry { state: State::Kept(answer), until }) if now < *until => Joined::Answer(Arc::clone(answer)),
            _ => Joined::Nobody,
        }
    }

    /// Lets go of what stands for `key`, and says how many entries that were.
    pub(super) fn forget(&mut self, key: Key) -> usize {
        usize::from(self.0.remove(&key).is_some())
    }

    /// Begins a call.
    pub(super) fn open(&mut self, key: Key, until: Instant) {
        self.0.insert(key, Entry { until, state: State::UnderWay(VecDeque::new()) });
    }

    /// Ends a call and keeps its answer if the window is still open. Gives back those who wait, and whether it is kept.
    pub(super) fn keep(&mut self, key: Key, answer: &Arc<SharedAnswer>, now: Instant) -> (VecDeque<ToWaiter<F>>, bool) {
        match self.0.get_mut(&key) {
            Some(entry) if now < entry.until => {
                let waiters = std::mem::replace(&mut entry.state, State::Kept(Arc::clone(answer)));
                (waiters.into_waiters(), true)
            }
            _ => (self.close(key), false),
        }
    }

    /// Ends a call of which nothing is kept. Gives back those who wait.
    pub(super) fn close(&mut self, key: Key) -> VecDeque<ToWaiter<F>> {
        self.0.remove(&key).map(|entry| entry.state.into_waiters()).unwrap_or_default()
    }

    /// One of those who wait, who is still there; where there is none, the call ends.
    pub(super) fn successor(&mut self, key: Key) -> Option<ToWaiter<F>> {
        if let Some(Entry { state: State::UnderWay(waiters), .. }) = self.0.get_mut(&key) {
            while let Some(waiter) = waiters.pop_front() {
                if !waiter.is_closed() {
                    return Some(waiter);
                }
            }
        }
        self.close(key);
        None
    }

    /// Lets go of the answers that are no longer good, and says how many there were.
    pub(super) fn sweep(&mut self, now: Instant) -> usize {
        let before = self.0.len();
        self.0.retain(|_, entry| matches!(entry.state, State::UnderWay(_)) || now < entry.until);
        before - self.0.len()
    }
}

impl<F> State<F> {
    fn into_waiters(self) -> VecDeque<ToWaiter<F>> {
        match self {
            Self::UnderWay(waiters) => waiters,
            Self::Kept(_) => VecDeque::new(),
        }
    }
}
