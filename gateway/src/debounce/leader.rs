//! The request that makes the call, and those that wait for what comes of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::oneshot;

use super::Debounce;
use super::answer::SharedAnswer;
use super::key::Key;
use super::shard::ToWaiter;
use crate::budget::Budget;

/// The right and the duty to make the call. Dropped without a word, because its client or its thread went away, it passes on
/// to one of those who wait.
pub(crate) struct Leader<F> {
    /// `None` when all has been said.
    debounce: Option<Arc<Debounce<F>>>,
    key: Key,
}

/// One who waits for what comes of another's call.
pub(crate) struct Waiter<F>(oneshot::Receiver<Outcome<F>>);

/// What came of a call, for one who waits.
pub(crate) enum Outcome<F> {
    /// An answer for all.
    Answer(Arc<SharedAnswer>),
    /// A failure, for all who waited; the next one calls again.
    Failed(Arc<F>),
    /// An answer that cannot be shared: each goes on by itself.
    Alone,
    /// The leader is gone: this one leads now.
    Lead(Leader<F>),
}

impl<F> Leader<F> {
    pub(super) const fn new(debounce: Arc<Debounce<F>>, key: Key) -> Self {
        Self { debounce: Some(debounce), key }
    }

    /// What the answer's body is to be taken from.
    pub(crate) fn budget(&self) -> Budget {
        self.debounce.as_ref().expect("nothing has been said yet").budget.clone()
    }

    /// Shares the answer with those who wait, and with those who come before the window ends if it may be kept.
    pub(crate) fn answered(mut self, answer: SharedAnswer, now: Instant) -> Arc<SharedAnswer> {
        let answer = Arc::new(answer);
        let Some(debounce) = self.debounce.take() else { return answer };
        let (waiters, is_kept) = debounce.with_shard(self.key, |shard| {
            if answer.may_be_kept() { shard.keep(self.key, &answer, now) } else { (shard.close(self.key), false) }
        });
        if !is_kept {
            debounce.entries.fetch_sub(1, Ordering::Relaxed);
        }
        tell(waiters, || Outcome::Answer(Arc::clone(&answer)));
        answer
    }

    /// Tells those who wait that the call failed; whoever comes next calls again.
    pub(crate) fn failed(self, failure: F) -> Arc<F> {
        let failure = Arc::new(failure);
        self.close(|| Outcome::Failed(Arc::clone(&failure)));
        failure
    }

    /// Lets those who wait go on by themselves, as the answer cannot be shared.
    pub(crate) fn alone(self) {
        self.close(|| Outcome::Alone);
    }

    fn close(mut self, outcome: impl Fn() -> Outcome<F>) {
        let Some(debounce) = self.debounce.take() else { return };
        let waiters = debounce.with_shard(self.key, |shard| shard.close(self.key));
        debounce.entries.fetch_sub(1, Ordering::Relaxed);
        tell(waiters, outcome);
    }
}

/// Tells all who wait; those who have gone do not hear it.
fn tell<F>(waiters: VecDeque<ToWaiter<F>>, outcome: impl Fn() -> Outcome<F>) {
    for waiter in waiters {
        drop(waiter.send(outcome()));
    }
}

impl<F> Drop for Leader<F> {
    fn drop(&mut self) {
        let Some(debounce) = self.debounce.take() else { return };
        loop {
            let Some(waiter) = debounce.with_shard(self.key, |shard| shard.successor(self.key)) else {
                debounce.entries.fetch_sub(1, Ordering::Relaxed);
                return;
            };
            match waiter.send(Outcome::Lead(Self::new(Arc::clone(&debounce), self.key))) {
                Ok(()) => return,
                // It went away this very moment. What comes back must not look for a successor, too.
                Err(Outcome::Lead(mut refused)) => refused.debounce = None,
                Err(_) => {}
            }
        }
    }
}

impl<F> Waiter<F> {
    pub(super) const fn new(receiver: oneshot::Receiver<Outcome<F>>) -> Self {
        Self(receiver)
    }

    /// Waits for what comes of the call.
    pub(crate) async fn outcome(self) -> Outcome<F> {
        // A leader says something in any case; were it not so, this one would go on by itself.
        self.0.await.unwrap_or(Outcome::Alone)
    }
}
