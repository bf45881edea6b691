//! What a worker's thread does: it accepts connections, looks after them once a tick, goes by the rules of the last reload,
//! and lets connections finish at the end.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use slab::Slab;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::client::{Client, Limits, Watch};
use crate::connection;
use crate::rules::Rules;
use crate::stream::Stream;
use crate::ticks::Ticks;
use crate::worker::{Current, Shared, Worker};

/// How long accepting pauses when the machine has no more of something (descriptors, memory) for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a line of the log waits for company.
const LOG_PAUSE: Duration = Duration::from_millis(50);

/// How often a draining listener looks whether its connections are gone.
const DRAIN_STEP: Duration = Duration::from_millis(5);

/// How many connections beyond their limit are let in to ask for the gateway's health, and for nothing else: a supervisor
/// that could not ask would restart a gateway that merely has much to do.
const SURPLUS: usize = 16;

/// What a client is told when all connections are taken. It is the cheapest answer that is one.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What tells a worker what to do.
pub(crate) struct WorkerOrders {
    /// Whether it is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    /// What it is to go by.
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
}

/// Serves on this thread until it is told to stop and has drained. `_alive` is dropped at its end.
///
/// # Errors
///
/// The socket cannot be registered with the runtime.
pub(crate) fn run(
    runtime: &Runtime,
    socket: std::net::TcpListener,
    shared: Shared,
    orders: WorkerOrders,
    _alive: mpsc::Sender<()>,
) -> io::Result<()> {
    LocalSet::new().block_on(runtime, async {
        let socket = TcpListener::from_std(socket)?;
        let WorkerOrders { stop, rules } = orders;
        let listener = Rc::new(Listener::new(&shared, Arc::clone(&rules.borrow())));
        tokio::task::spawn_local(Rc::clone(&listener).follow(rules));
        tokio::task::spawn_local(Rc::clone(&listener).tick());
        tokio::task::spawn_local(Rc::clone(&listener).hand_over_log_lines());
        listener.accept(socket, stop).await;
        listener.drain().await;
        listener.workers.get().access_log.flush();
        Ok(())
    })
}

/// A worker and the connections that it serves.
struct Listener {
    workers: Rc<Current>,
    /// How many connections the whole gateway has.
    connections: Arc<AtomicUsize>,
    clients: RefCell<Slab<Rc<Client>>>,
    /// Whether the last connection was refused.
    is_full: Cell<bool>,
}

impl Listener {
    fn new(shared: &Shared, rules: Arc<Rules>) -> Self {
        Self {
            connections: Arc::clone(&shared.connections),
            clients: RefCell::default(),
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

    /// Accepts connections until told to stop; then those that wait already, so that none of them is refused.
    async fn accept(self: &Rc<Self>, socket: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                _ = stop.wait_for(|must_stop| *must_stop) => break,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        while let Some(Ok((stream, address))) = now_or_never(socket.accept()).await {
            self.admit(stream, address);
        }
    }

    /// Serves a connection in a task of its own, or refuses it if there are too many.
    fn admit(self: &Rc<Self>, stream: TcpStream, address: SocketAddr) {
        let rules = Arc::clone(&self.workers.get().rules);
        let most = rules.limits.connections as usize;
        let others = self.connections.fetch_add(1, Ordering::Relaxed);
        let is_surplus = others >= most;
        if is_surplus && !self.is_full.replace(true) {
            tracing::warn!("all connections are taken, further ones are refused");
        }
        if others >= most + SURPLUS {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            // Over TLS there is no answer without a handshake. A client that does not even take this is not owed more.
            if rules.tls.is_none() {
                let _ = stream.try_write(FULL);
            }
            return;
        }
        if !is_surplus {
            self.is_full.set(false);
        }
        // Without it small answers wait for the client's acknowledgement; it only fails on a connection that is gone.
        let _ = stream.set_nodelay(true);
        let client = Rc::new(self.client(address, is_surplus, &rules));
        let seat = Seat { index: self.clients.borrow_mut().insert(Rc::clone(&client)), listener: Rc::clone(self) };
        tokio::task::spawn_local(async move { seat.listener.serve(stream, client, rules).await });
    }

    fn client(&self, address: SocketAddr, is_surplus: bool, rules: &Rules) -> Client {
        let scheme = if rules.tls.is_some() { "https" } else { "http" };
        let watch = Watch::new(Rc::clone(&self.workers.get().ticks));
        let mut client = Client::new(address, scheme, rules.trusts(address), watch);
        client.is_surplus = is_surplus;
        client
    }

    async fn serve(&self, stream: TcpStream, client: Rc<Client>, rules: Arc<Rules>) {
        let workers = Rc::clone(&self.workers);
        let Some(tls) = rules.tls.clone() else {
            // A connection may last for long; the rules under which it began are not to last with it.
            drop(rules);
            return connection::serve(workers, Stream::Plain(stream), client).await;
        };
        let limit = rules.limits.header_timeout;
        drop(rules);
        // A handshake that fails or lasts too long is the client's affair.
        if let Ok(Ok(stream)) = Box::pin(timeout(limit, tls.accept(stream))).await {
            drop(tls);
            connection::serve(workers, Stream::Tls(Box::new(stream.into())), client).await;
        }
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

    /// Lets the connections finish what they are at, for the grace period at most.
    async fn drain(&self) {
        // The runtime has not looked yet at those that were accepted last: their requests may be here already.
        tokio::time::sleep(DRAIN_STEP).await;
        self.order(Watch::finish);
        let all_gone = async {
            while !self.clients.borrow().is_empty() {
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

/// A connection's place among its listener's; leaving frees it, also if the connection's task panics.
struct Seat {
    index: usize,
    listener: Rc<Listener>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.listener.clients.borrow_mut().remove(self.index);
        self.listener.connections.fetch_sub(1, Ordering::Relaxed);
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
