//! What a worker's thread does: it accepts connections, looks after them once a tick, and lets them finish at the end.

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
use tokio_rustls::TlsAcceptor;

use crate::client::{Client, Limits, Watch};
use crate::connection;
use crate::stream::Stream;
use crate::ticks::Ticks;
use crate::worker::{Shared, Worker};

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

/// Serves on this thread until it is told to stop and has drained. `_alive` is dropped at its end.
///
/// # Errors
///
/// The socket cannot be registered with the runtime.
pub(crate) fn run(
    runtime: &Runtime,
    socket: std::net::TcpListener,
    shared: Shared,
    stop: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
) -> io::Result<()> {
    LocalSet::new().block_on(runtime, async {
        let socket = TcpListener::from_std(socket)?;
        let listener = Rc::new(Listener::new(shared));
        tokio::task::spawn_local(Rc::clone(&listener).tick());
        tokio::task::spawn_local(Rc::clone(&listener).hand_over_log_lines());
        listener.accept(socket, stop).await;
        listener.drain().await;
        listener.worker.access_log.flush();
        Ok(())
    })
}

/// A worker and the connections that it serves.
struct Listener {
    worker: Rc<Worker>,
    tls: Option<TlsAcceptor>,
    /// How many connections the whole gateway has.
    connections: Arc<AtomicUsize>,
    clients: RefCell<Slab<Rc<Client>>>,
    /// Whether the last connection was refused.
    is_full: Cell<bool>,
}

impl Listener {
    fn new(shared: Shared) -> Self {
        Self {
            tls: shared.tls.clone(),
            connections: Arc::clone(&shared.connections),
            clients: RefCell::default(),
            is_full: Cell::new(false),
            worker: Rc::new(Worker::new(shared)),
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
        let most = self.worker.rules.limits.connections as usize;
        let others = self.connections.fetch_add(1, Ordering::Relaxed);
        let is_surplus = others >= most;
        if is_surplus && !self.is_full.replace(true) {
            tracing::warn!("all connections are taken, further ones are refused");
        }
        if others >= most + SURPLUS {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            // Over TLS there is no answer without a handshake. A client that does not even take this is not owed more.
            if self.tls.is_none() {
                let _ = stream.try_write(FULL);
            }
            return;
        }
        if !is_surplus {
            self.is_full.set(false);
        }
        // Without it small answers wait for the client's acknowledgement; it only fails on a connection that is gone.
        let _ = stream.set_nodelay(true);
        let client = Rc::new(self.client(address, is_surplus));
        let seat = Seat { index: self.clients.borrow_mut().insert(Rc::clone(&client)), listener: Rc::clone(self) };
        tokio::task::spawn_local(async move { seat.listener.serve(stream, client).await });
    }

    fn client(&self, address: SocketAddr, is_surplus: bool) -> Client {
        let ip = address.ip().to_canonical();
        let is_trusted = self.worker.rules.trusted_proxies.iter().any(|network| network.contains(&ip));
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let mut client = Client::new(address, scheme, is_trusted, Watch::new(Rc::clone(&self.worker.ticks)));
        client.is_surplus = is_surplus;
        client
    }

    async fn serve(&self, stream: TcpStream, client: Rc<Client>) {
        let worker = Rc::clone(&self.worker);
        let Some(tls) = &self.tls else {
            return connection::serve(worker, Stream::Plain(stream), client).await;
        };
        // A handshake that fails or lasts too long is the client's affair.
        if let Ok(Ok(stream)) = Box::pin(timeout(worker.rules.limits.header_timeout, tls.accept(stream))).await {
            connection::serve(worker, Stream::Tls(Box::new(stream.into())), client).await;
        }
    }

    /// Once a tick: the clock goes on, and slow and idle clients are dealt with.
    async fn tick(self: Rc<Self>) {
        let limits = &self.worker.rules.limits;
        let limits = Limits::new(limits.header_timeout, limits.idle_timeout);
        let mut interval = tokio::time::interval(Ticks::STEP);
        loop {
            interval.tick().await;
            self.worker.tick();
            self.order(|watch| watch.enforce(limits));
        }
    }

    /// Hands over log lines, a moment after the first of them was written.
    async fn hand_over_log_lines(self: Rc<Self>) {
        loop {
            self.worker.access_log.has_lines().await;
            tokio::time::sleep(LOG_PAUSE).await;
            self.worker.access_log.flush();
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
        if timeout(self.worker.rules.shutdown_grace, all_gone).await.is_err() {
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
