//! What a connection is doing, since when, and what its worker wants of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use crate::cut::Cut;
use crate::ticks::{TickClock, Ticks};

/// How long a request goes on for a client that has closed its side of the connection: nobody can tell one that waits
/// for its answer from one that is gone.
const HALF_CLOSED: Ticks = Ticks::from_duration(Duration::from_millis(500));

/// How soon a request comes that is expected.
const SOON: Ticks = Ticks::from_duration(Duration::from_secs(1));

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    header: Ticks,
    idle: Ticks,
}

impl Limits {
    /// The time for a request's head to arrive, and the time in which nothing may happen at all.
    pub(crate) const fn new(header: Duration, idle: Duration) -> Self {
        Self { header: Ticks::from_duration(header), idle: Ticks::from_duration(idle) }
    }
}

/// The state of a connection, written by the connection and looked at by its worker once a tick.
#[derive(Debug)]
pub(crate) struct Watch {
    clock: Rc<TickClock>,
    phase: Cell<Phase>,
    /// How many requests are being answered; more than one in HTTP/2 only.
    exchanges: Cell<u32>,
    /// Since when the client sends nothing more, in the middle of an exchange.
    ended_since: Cell<Option<Ticks>>,
    since: Cell<Ticks>,
    blocked_since: Cell<Option<Ticks>>,
    order: Cell<Order>,
    /// Whether a request is expected soon.
    is_expecting: Cell<bool>,
    /// Whether the connection can be handed over between two requests: it is in clear and speaks HTTP/1.1.
    is_portable: Cell<bool>,
    /// Whether the gateway will be handed over soon.
    is_retiring: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between two requests.
    Idle,
    /// A request's head is awaited or has begun to arrive.
    Head,
    /// A request is being answered.
    Exchange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Serve,
    Park,
    Finish,
    Abort,
}

impl Watch {
    /// The watch over a connection that has just come: its first request is due.
    pub(crate) fn new(clock: Rc<TickClock>) -> Self {
        Self {
            phase: Cell::new(Phase::Head),
            exchanges: Cell::new(0),
            ended_since: Cell::new(None),
            since: Cell::new(clock.now()),
            blocked_since: Cell::new(None),
            order: Cell::new(Order::Serve),
            is_expecting: Cell::new(false),
            is_portable: Cell::new(false),
            is_retiring: Cell::new(false),
            waker: RefCell::new(None),
            clock,
        }
    }

    /// Bytes have come from the client, which can only be the next request's. Not to be told of HTTP/2, where an idle client
    /// has other things to say as well.
    pub(crate) fn bytes_came(&self) {
        if self.phase.get() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// The client takes nothing, or takes something again.
    pub(crate) fn write_blocked(&self, is_blocked: bool) {
        if !is_blocked {
            self.blocked_since.set(None);
        } else if self.blocked_since.get().is_none() {
            self.blocked_since.set(Some(self.clock.now()));
        }
    }

    /// A request's head is complete.
    pub(crate) fn exchange_began(&self) {
        self.is_expecting.set(false);
        self.exchanges.set(self.exchanges.get() + 1);
        self.enter(Phase::Exchange);
    }

    /// An answer has been sent, or given up.
    pub(crate) fn exchange_ended(&self) {
        let left = self.exchanges.get().saturating_sub(1);
        self.exchanges.set(left);
        if left == 0 {
            self.enter(Phase::Idle);
        }
    }

    /// The client sends nothing more, while it is being answered. It may wait for its answer all the same.
    pub(crate) fn client_ended(&self) {
        self.ended_since.set(Some(self.clock.now()));
    }

    /// The client has taken a part of an answer: one that sends nothing more is still there.
    pub(crate) fn part_taken(&self) {
        if self.ended_since.get().is_some() {
            self.client_ended();
        }
    }

    /// Orders what the limits ask for.
    pub(crate) fn enforce(&self, limits: Limits) {
        let now = self.clock.now();
        if self.blocked_since.get().is_some_and(|since| now.since(since) > limits.idle) {
            return self.abort();
        }
        if self.ended_since.get().is_some_and(|since| now.since(since) > HALF_CLOSED) {
            return self.abort();
        }
        let lasted = now.since(self.since.get());
        match self.phase.get() {
            // One of HTTP/2 has to agree to its end, and may not.
            Phase::Idle if lasted > limits.idle.plus(limits.header) => self.abort(),
            Phase::Idle if lasted > limits.idle => self.finish(),
            Phase::Head if lasted > limits.header => self.abort(),
            Phase::Idle | Phase::Head if lasted > SOON && self.is_expecting.get() => {
                self.is_expecting.set(false);
                self.wake();
            }
            Phase::Idle | Phase::Head | Phase::Exchange => {}
        }
    }

    /// An answer is done with, and a request that comes soon is met at once. Whoever waits for it is told when it has not come.
    pub(crate) fn expect_request(&self) {
        self.is_expecting.set(true);
    }

    /// Whether the request that is expected may still come soon.
    pub(crate) fn expects_request(&self) -> bool {
        self.is_expecting.get()
    }

    /// The connection has come from the gateway before, where it was between two requests.
    pub(crate) fn rests(&self) {
        self.enter(Phase::Idle);
    }

    /// The connection can be handed over between two requests, or cannot be any more.
    pub(crate) fn set_portable(&self, is_portable: bool) {
        self.is_portable.set(is_portable);
        if !is_portable && self.order.get() == Order::Park {
            self.finish();
        }
    }

    /// The gateway will be handed over soon: what cannot go along says so in its next answer, so that its client comes again.
    pub(crate) fn retire(&self) {
        self.is_retiring.set(true);
    }

    /// Whether the connection is to end with the answer that goes out next.
    pub(crate) fn has_last_answer(&self) -> bool {
        self.must_finish() || (self.is_retiring.get() && !self.is_portable.get())
    }

    /// Orders the connection to be handed over as soon as its request, if it has one, is answered; to end, if it cannot be. One
    /// that cannot be, and whose client has just come, is left alone: its first request is on its way.
    pub(crate) fn park(&self) {
        if self.is_portable.get() || self.phase.get() != Phase::Head {
            self.leave();
        }
    }

    /// As [`Self::park`], whoever has just come.
    pub(crate) fn leave(&self) {
        if self.is_portable.get() { self.give(Order::Park) } else { self.finish() }
    }

    pub(crate) fn must_park(&self) -> bool {
        self.order.get() == Order::Park
    }

    /// Whether a request has been under way for so long.
    pub(crate) fn is_answering_for(&self, time: Ticks) -> bool {
        self.phase.get() == Phase::Exchange && self.clock.now().since(self.since.get()) >= time
    }

    /// Orders the connection to end as soon as its request, if it has one, is answered.
    pub(crate) fn finish(&self) {
        self.give(Order::Finish);
    }

    /// Orders the connection to end now.
    pub(crate) fn abort(&self) {
        self.give(Order::Abort);
    }

    pub(crate) fn must_finish(&self) -> bool {
        self.order.get() >= Order::Finish
    }

    pub(crate) fn must_abort(&self) -> bool {
        self.order.get() == Order::Abort
    }

    /// Why an answer that has not come to its end will not: the client's doing, or the gateway's.
    pub(crate) fn reason_to_end(&self) -> Cut {
        let is_gateway = self.must_abort() && self.ended_since.get().is_none();
        if is_gateway { Cut::Ended } else { Cut::ClientGone }
    }

    /// Remembers whom an order has to wake.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut registered = self.waker.borrow_mut();
        if !registered.as_ref().is_some_and(|registered| registered.will_wake(waker)) {
            *registered = Some(waker.clone());
        }
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.clock.now());
    }

    fn give(&self, order: Order) {
        if self.order.get() < order {
            self.order.set(order);
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::Wake;

    use super::*;

    const LIMITS: Limits = Limits::new(Duration::from_secs(1), Duration::from_secs(2));

    /// How often it was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn after(seconds: u64, clock: &TickClock, watch: &Watch) {
        for _ in 0..=seconds * 4 {
            clock.advance();
        }
        watch.enforce(LIMITS);
    }

    fn watched() -> (Rc<TickClock>, Watch) {
        let clock = Rc::new(TickClock::new());
        (Rc::clone(&clock), Watch::new(clock))
    }

    #[test]
    fn a_client_that_sends_no_request_is_cut_off_at_the_header_timeout() {
        let (clock, watch) = watched();
        after(1, &clock, &watch);
        assert!(watch.must_abort());
    }

    #[test]
    fn an_idle_connection_is_finished_at_the_idle_timeout_and_not_before() {
        let (clock, watch) = watched();
        watch.exchange_began();
        watch.exchange_ended();
        after(1, &clock, &watch);
        assert!(!watch.must_finish());
        after(1, &clock, &watch);
        assert!(watch.must_finish() && !watch.must_abort());
    }

    #[test]
    fn an_idle_connection_that_does_not_finish_when_it_is_told_to_is_cut_off() {
        let (clock, watch) = watched();
        watch.exchange_began();
        watch.exchange_ended();
        after(2, &clock, &watch);
        assert!(watch.must_finish() && !watch.must_abort());
        after(1, &clock, &watch);
        assert!(watch.must_abort());
    }

    #[test]
    fn whoever_expects_a_request_is_told_once_that_it_has_not_come_within_a_second() {
        let patient = Limits::new(Duration::from_mins(1), Duration::from_mins(1));
        for begins_to_come in [false, true] {
            let (clock, watch) = watched();
            let woken = Arc::new(Woken::default());
            watch.register(&Waker::from(Arc::clone(&woken)));
            watch.exchange_began();
            watch.exchange_ended();
            watch.expect_request();
            if begins_to_come {
                watch.bytes_came();
            }
            for steps in 1..=8 {
                clock.advance();
                watch.enforce(patient);
                assert_eq!(watch.expects_request(), steps <= 4);
            }
            assert_eq!(woken.0.load(Relaxed), 1);
        }
    }

    #[test]
    fn a_request_that_has_come_is_expected_no_longer() {
        let (_, watch) = watched();
        watch.expect_request();
        watch.exchange_began();
        assert!(!watch.expects_request());
    }

    #[test]
    fn a_request_that_starts_to_come_after_a_pause_has_the_header_timeout_anew() {
        let (clock, watch) = watched();
        watch.exchange_began();
        watch.exchange_ended();
        after(1, &clock, &watch);
        watch.bytes_came();
        watch.enforce(LIMITS);
        assert!(!watch.must_finish());
        after(1, &clock, &watch);
        assert!(watch.must_abort());
    }

    #[test]
    fn a_client_that_ended_has_a_moment_for_its_answer_and_another_with_each_part_of_it() {
        let (clock, watch) = watched();
        watch.exchange_began();
        watch.client_ended();
        for _ in 0..4 {
            clock.advance();
            clock.advance();
            watch.part_taken();
            watch.enforce(LIMITS);
            assert!(!watch.must_abort());
        }
        after(1, &clock, &watch);
        assert!(watch.must_abort());
    }

    #[test]
    fn a_long_exchange_is_left_alone_unless_the_client_takes_nothing() {
        let (clock, watch) = watched();
        watch.exchange_began();
        after(100, &clock, &watch);
        assert!(!watch.must_finish());
        watch.write_blocked(true);
        after(2, &clock, &watch);
        assert!(watch.must_abort());
    }
}
