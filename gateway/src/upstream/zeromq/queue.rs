//! What one connection has to do: messages that are to be sent, and who waits for which reply.
//!
//! Requests and the connection's task share it, on one thread. A request that is given up leaves nothing behind.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use gateway_zeromq::write_message;
use tokio::time::timeout;

use super::envelope::Reply;
use crate::parts::Parts;
use crate::upstream::UpstreamFault;

/// What becomes of a request.
type Outcome = Result<Reply, UpstreamFault>;

/// A message that is to be sent.
pub(super) struct Outbound {
    number: u64,
    /// All of it but the body.
    pub(super) head: Vec<u8>,
    pub(super) body: Parts,
}

impl Outbound {
    /// The message of this number.
    pub(super) fn new(number: u64, head: &[u8], body: Parts) -> Self {
        let mut frames = Vec::with_capacity(head.len() + 32);
        write_message(&mut frames, number, head, body.length());
        Self { number, head: frames, body }
    }
}

/// What a connection has to do.
#[derive(Default)]
pub(super) struct Queue {
    state: RefCell<State>,
    /// Wakes the connection's task.
    task: Cell<Option<Waker>>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    outbound: VecDeque<Outbound>,
    waiting: HashMap<u64, Waiting>,
    /// Who waits for the connection to be there.
    openers: Vec<Waker>,
}

#[derive(Default)]
enum Phase {
    /// Nobody has asked for the connection yet.
    #[default]
    Unused,
    Connecting,
    Open,
    /// There is none, for this reason; after a while there will be another attempt.
    Down(Broken),
}

/// Why there is no connection.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    pub(super) kind: io::ErrorKind,
    pub(super) reason: Rc<str>,
}

impl Broken {
    pub(super) fn new(kind: io::ErrorKind, reason: &impl ToString) -> Self {
        Self { kind, reason: reason.to_string().into() }
    }

    fn error(&self) -> io::Error {
        io::Error::new(self.kind, &*self.reason)
    }
}

/// A request that has no reply yet.
#[derive(Default)]
struct Waiting {
    /// Whether any of it may have been sent.
    is_begun: bool,
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Queue {
    /// Whether the connection has to be started, which is then said to be done.
    pub(super) fn start(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let is_unused = matches!(state.phase, Phase::Unused);
        if is_unused {
            state.phase = Phase::Connecting;
        }
        is_unused
    }

    pub(super) fn is_down(&self) -> bool {
        matches!(self.state.borrow().phase, Phase::Down(_))
    }

    /// How many requests it has.
    pub(super) fn load(&self) -> usize {
        self.state.borrow().waiting.len()
    }

    /// Waits while the connection is being made, for so long at most.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) async fn opened(&self, limit: Option<Duration>) -> Result<(), UpstreamFault> {
        let opened = poll_fn(|cx| self.poll_opened(cx));
        match limit {
            Some(limit) => timeout(limit, opened).await.unwrap_or(Err(UpstreamFault::ConnectTooSlow(limit))),
            None => opened.await,
        }
    }

    fn poll_opened(&self, cx: &mut Context<'_>) -> Poll<Result<(), UpstreamFault>> {
        let mut state = self.state.borrow_mut();
        match &state.phase {
            Phase::Open => Poll::Ready(Ok(())),
            Phase::Down(broken) => Poll::Ready(Err(UpstreamFault::Unreachable(broken.error()))),
            Phase::Unused | Phase::Connecting => {
                state.openers.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Has a message sent.
    ///
    /// # Errors
    ///
    /// The connection has gone meanwhile.
    pub(super) fn submit(self: &Rc<Self>, message: Outbound) -> Result<Ticket, UpstreamFault> {
        let mut state = self.state.borrow_mut();
        if let Phase::Down(broken) = &state.phase {
            return Err(UpstreamFault::Unreachable(broken.error()));
        }
        let number = message.number;
        state.waiting.insert(number, Waiting::default());
        state.outbound.push_back(message);
        drop(state);
        self.wake();
        Ok(Ticket { queue: Rc::clone(self), number })
    }

    /// Lets the connection's task look at what there is to do.
    pub(super) fn wake(&self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    /// Has this task woken when there is something to do.
    pub(super) fn wakes(&self, cx: &Context<'_>) {
        self.task.set(Some(cx.waker().clone()));
    }

    /// Takes the next message; from now on it counts as sent.
    pub(super) fn next(&self) -> Option<Outbound> {
        let mut state = self.state.borrow_mut();
        let message = state.outbound.pop_front()?;
        if let Some(waiting) = state.waiting.get_mut(&message.number) {
            waiting.is_begun = true;
        }
        Some(message)
    }

    pub(super) fn has_messages(&self) -> bool {
        !self.state.borrow().outbound.is_empty()
    }

    /// Whether somebody waits for the reply of this number.
    pub(super) fn expects(&self, number: u64) -> bool {
        self.state.borrow().waiting.get(&number).is_some_and(|waiting| waiting.is_begun && waiting.outcome.is_none())
    }

    /// Hands an outcome to who waits for it; whether anybody does.
    pub(super) fn settle(&self, number: u64, outcome: Outcome) -> bool {
        let mut state = self.state.borrow_mut();
        let waiting = state.waiting.get_mut(&number);
        let Some(waiting) = waiting.filter(|waiting| waiting.is_begun && waiting.outcome.is_none()) else {
            return false;
        };
        waiting.settle(outcome);
        true
    }

    /// The connection is being made.
    pub(super) fn connecting(&self) {
        self.state.borrow_mut().phase = Phase::Connecting;
    }

    /// The connection is there.
    pub(super) fn open(&self) {
        self.change(Phase::Open);
    }

    /// The connection is gone: nobody will get a reply on it. Those of whom nothing was sent are told so.
    pub(super) fn broke(&self, broken: &Broken) {
        self.change(Phase::Down(broken.clone()));
        let mut state = self.state.borrow_mut();
        state.outbound.clear();
        for waiting in state.waiting.values_mut().filter(|waiting| waiting.outcome.is_none()) {
            let fault = if waiting.is_begun { UpstreamFault::Reset } else { UpstreamFault::Unreachable };
            waiting.settle(Err(fault(broken.error())));
        }
    }

    fn change(&self, phase: Phase) {
        let mut state = self.state.borrow_mut();
        state.phase = phase;
        state.openers.drain(..).for_each(Waker::wake);
    }
}

impl Waiting {
    fn settle(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request's place in the queue; dropping it gives the request up.
pub(super) struct Ticket {
    queue: Rc<Queue>,
    number: u64,
}

impl Ticket {
    /// Waits for the reply.
    pub(super) async fn reply(self) -> Outcome {
        poll_fn(|cx| self.poll_outcome(cx)).await
    }

    fn poll_outcome(&self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.queue.state.borrow_mut();
        let waiting = state.waiting.entry(self.number).or_default();
        match waiting.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.queue.state.borrow_mut();
        if state.waiting.remove(&self.number).is_some_and(|waiting| !waiting.is_begun) {
            state.outbound.retain(|message| message.number != self.number);
        }
    }
}
