//! What a worker's thread does: it accepts connections, looks after them once a tick, goes by the rules of the last reload,
//! and lets connections finish at the end.

mod admission;
mod hand_over;
mod seat;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use slab::Slab;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout};

use crate::client::{Client, Limits, Watch};
use crate::connection::Parked;
use crate::rules::Rules;
use crate::ticks::Ticks;
use crate::tls::Handshakes;
use crate::worker::{Current, Shared, Worker};

pub(crate) use self::hand_over::{HandingOver, Holding};

/// How long accepting pauses when the machine has no more of something (descriptors, memory) for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a line of the log waits for company.
const LOG_PAUSE: Duration = Duration::from_millis(50);

/// How often a draining listener looks whether its connections are gone.
const DRAIN_STEP: Duration = Duration::from_millis(5);

/// How long a handshake that is under way at the end may take: nobody who means it needs as long.
const LAST_HANDSHAKE: Duration = Duration::from_secs(1);

/// How long a client that has just come, over a connection that cannot be handed over, has for its first request: all others
/// wait meanwhile.
const FIRST_REQUEST: Duration = Duration::from_millis(250);

/// What tells a worker what to do.
pub(crate) struct WorkerOrders {
    /// Whether it is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) handing_over: watch::Receiver<HandingOver>,
    /// What it is to go by.
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
}

/// Serves on this thread until it is told to stop and has drained, or to hand over: then what it holds goes to `end`, whose last
/// clone, dropped, tells that all have ended.
///
/// # Errors
///
/// The socket cannot be registered with the runtime.
pub(crate) fn run(
    runtime: &Runtime,
    holding: Holding,
    shared: &Shared,
    orders: WorkerOrders,
    end: &mpsc::Sender<Holding>,
) -> io::Result<()> {
    LocalSet::new().block_on(runtime, async {
        let socket = TcpListener::from_std(holding.socket)?;
        let WorkerOrders { stop, handing_over, rules } = orders;
        let listener = Rc::new(Listener::new(shared, Arc::clone(&rules.borrow())));
        tokio::task::spawn_local(Rc::clone(&listener).follow(rules));
        tokio::task::spawn_local(Rc::clone(&listener).tick());
        let buffers = Rc::clone(&listener.workers.get().buffers);
        tokio::task::spawn_local(async move { buffers.turn.send_at_its_end().await });
        tokio::task::spawn_local(Rc::clone(&listener).hand_over_log_lines());
        tokio::task::spawn_local(Rc::clone(&listener).retire(handing_over.clone()));
        holding.parked.into_iter().for_each(|parked| listener.adopt(parked));
        match listener.accept(&socket, stop, handing_over).await {
            Ended::Stopped => {
                listener.accept_waiting(socket).await;
                listener.drain(Watch::finish, Watch::finish, LAST_HANDSHAKE).await;
            }
            Ended::HandedOver => {
                listener.drain(Watch::park, Watch::leave, FIRST_REQUEST).await;
                let holding = Holding { socket: socket.into_std()?, parked: listener.parked.take() };
                // Nobody waits for one that took too long.
                let _ = end.send(holding).await;
            }
        }
        listener.workers.get().access_log.flush();
        Ok(())
    })
}

/// Why no connections are accepted any more.
enum Ended {
    Stopped,
    HandedOver,
}

/// A worker and the connections that it serves.
struct Listener {
    workers: Rc<Current>,
    /// How many connections the whole gateway has.
    connections: Arc<AtomicUsize>,
    clients: RefCell<Slab<Rc<Client>>>,
    /// Connections that are to be handed over.
    parked: RefCell<Vec<Parked>>,
    /// How many requests of the whole gateway have been under way for a while, and how many of them are here.
    lasting: Arc<AtomicUsize>,
    lasting_here: Cell<usize>,
    is_retiring: Cell<bool>,
    handshakes: Handshakes,
    /// Whether the last connection was refused.
    is_full: Cell<bool>,
}

impl Listener {
    fn new(shared: &Shared, rules: Arc<Rules>) -> Self {
        Self {
            connections: Arc::clone(&shared.connections),
            clients: RefCell::default(),
            parked: RefCell::default(),
            lasting: Arc::clone(&shared.lasting),
            lasting_here: Cell::new(0),
            is_retiring: Cell::new(false),
            handshakes: Handshakes::default(),
            is_full: Cell::new(false),
            workers: Rc::new(Current::new(Worker::new(shared, rules))),
        }
    }

    /// Goes by other rules whenever there are some.
    async fn follow(self: Rc<Self>, mut rules: watch::Receiver<Arc<Rules>>) {
        rules.mark_changed();
        while rules.changed().await.is_ok() {
            let next = Arc::clone(&rules.borrow_and_update());
            let worker = self.workers.get();
            if !Arc::ptr_eq(&worker.rules, &next) {
                self.workers.replace(worker.under(Arc::clone(&next)));
                for (_, client) in self.clients.borrow().iter() {
                    client.origin.is_trusted_proxy.set(next.trusts(client.address));
                }
            }
            next.adopted.add_permits(1);
        }
    }

    /// Accepts connections until told to stop or to hand over.
    async fn accept(
        self: &Rc<Self>,
        socket: &TcpListener,
        mut stop: watch::Receiver<bool>,
        mut handing_over: watch::Receiver<HandingOver>,
    ) -> Ended {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                _ = stop.wait_for(|must_stop| *must_stop) => return Ended::Stopped,
                _ = handing_over.wait_for(|how_far| *how_far == HandingOver::Now) => return Ended::HandedOver,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Accepts those that wait already, so that none of them is refused.
    async fn accept_waiting(self: &Rc<Self>, socket: TcpListener) {
        while let Some(Ok((stream, address))) = now_or_never(socket.accept()).await {
            self.admit(stream, address);
        }
        // The runtime has not looked yet at those that were accepted last: their requests may be here already.
        drop(socket);
        tokio::time::sleep(DRAIN_STEP).await;
    }

    /// Once a tick: the clock goes on, and slow and idle clients are dealt with.
    async fn tick(self: Rc<Self>) {
        let mut interval = tokio::time::interval(Ticks::STEP);
        loop {
            interval.tick().await;
            let worker = self.workers.get();
            worker.tick();
            let limits = &worker.rules.limits;
            let limits = Limits::new(limits.header_timeout, limits.idle_timeout);
            self.order(|watch| watch.enforce(limits));
            self.count_lasting();
        }
    }

    /// Hands over log lines, a moment after the first of them was written.
    async fn hand_over_log_lines(self: Rc<Self>) {
        let log = Rc::clone(&self.workers.get().access_log);
        loop {
            log.has_lines().await;
            tokio::time::sleep(LOG_PAUSE).await;
            log.flush();
        }
    }

    /// Gives all connections the first order, and lets them finish what they are at, for the grace period at most. After a
    /// `moment` they get the last order, and handshakes are given up.
    async fn drain(&self, first: fn(&Watch), last: fn(&Watch), moment: Duration) {
        self.order(first);
        let all_gone = async {
            let begun = Instant::now();
            while !self.clients.borrow().is_empty() {
                if begun.elapsed() >= moment {
                    self.order(last);
                    self.handshakes.give_up();
                }
                tokio::time::sleep(DRAIN_STEP).await;
            }
        };
        if timeout(self.workers.get().rules.shutdown_grace, all_gone).await.is_err() {
            let cut = self.clients.borrow().len();
            tracing::warn!(connections = cut, "connections were cut at the end of the grace period");
            self.order(Watch::abort);
        }
        // Connections that were told to end do so when they are next polled.
        tokio::task::yield_now().await;
    }

    fn order(&self, order: impl Fn(&Watch)) {
        for (_, client) in self.clients.borrow().iter() {
            order(&client.watch);
        }
    }
}

/// What a future gives at once, if it does.
async fn now_or_never<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = std::future::ready(()) => None,
    }
}
