//! A worker: one thread with its own listener, connections, upstream connections, verified tokens and log buffer.
//!
//! Nothing in here is shared with other threads but what [`Shared`] holds.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gateway_table::{Route, Table};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use slab::Slab;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::access_log::AccessLog;
use crate::auth::refresh::RefreshHandle;
use crate::auth::{Principal, Remedy, TokenCache, TokenFault, Verifier};
use crate::client::{Client, Limits, Watch};
use crate::clock::{Clock, UnixSeconds};
use crate::connection;
use crate::identity::{Identities, IdentityRules};
use crate::limiters::Limiters;
use crate::log::{Level, LogSender};
use crate::settings::LimitSettings;
use crate::ticks::{TickClock, Ticks};
use crate::upstream::{Pool, Upstream};

/// How long accepting pauses when the machine has no more of something (descriptors, memory) for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a line of the log waits for company.
const LOG_PAUSE: Duration = Duration::from_millis(50);

/// What a client is told when all connections are taken. It is the cheapest answer that is one.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What all workers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) table: &'static Table,
    pub(crate) upstreams: Arc<[Upstream]>,
    pub(crate) limiters: Arc<Limiters>,
    pub(crate) identity: Arc<IdentityRules>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) key_refresh: Option<RefreshHandle>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) log: LogSender,
    pub(crate) rules: Arc<Rules>,
}

/// What the settings say about connections.
pub(crate) struct Rules {
    pub(crate) limits: LimitSettings,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Fields of clients that never pass, beside the built-in ones.
    pub(crate) dropped_fields: Vec<HeaderName>,
    pub(crate) shutdown_grace: Duration,
    pub(crate) log_level: Level,
}

/// The state of one worker.
pub(crate) struct Worker {
    pub(crate) table: &'static Table,
    pub(crate) limiters: Arc<Limiters>,
    /// What services learn of who is asking.
    pub(crate) identities: Identities,
    pub(crate) access_log: Rc<AccessLog>,
    /// How long an upstream may pause in the middle of an answer.
    pub(crate) stall_limit: Duration,
    key_refresh: Option<RefreshHandle>,
    verifier: Arc<Verifier>,
    tokens: RefCell<TokenCache>,
    upstreams: Arc<[Upstream]>,
    pools: Vec<Rc<Pool>>,
    clock: Clock,
    ticks: Rc<TickClock>,
    clients: RefCell<Slab<Rc<Client>>>,
    tls: Option<TlsAcceptor>,
    connections: Arc<AtomicUsize>,
    rules: Arc<Rules>,
}

impl Worker {
    fn new(shared: Shared) -> Self {
        let ticks = Rc::new(TickClock::new());
        let pool = |upstream: &Upstream| Rc::new(Pool::new(upstream.address.clone(), Rc::clone(&ticks)));
        Self {
            table: shared.table,
            limiters: shared.limiters,
            identities: Identities::new(shared.identity, shared.table),
            key_refresh: shared.key_refresh,
            access_log: Rc::new(AccessLog::new(shared.log, shared.rules.log_level, shared.table)),
            stall_limit: shared.rules.limits.idle_timeout,
            verifier: shared.verifier,
            tokens: RefCell::default(),
            pools: shared.upstreams.iter().map(pool).collect(),
            upstreams: shared.upstreams,
            clock: Clock::default(),
            ticks,
            clients: RefCell::default(),
            tls: shared.tls,
            connections: shared.connections,
            rules: shared.rules,
        }
    }

    /// The bearer of the token in these fields.
    pub(crate) fn verify(&self, headers: &HeaderMap) -> Result<Rc<Principal>, TokenFault> {
        self.verifier.authenticate(&mut self.tokens.borrow_mut(), headers, self.now())
    }

    /// Has that read which a token of these fields could not be judged without; waits for it, but not for long.
    pub(crate) async fn remedy(&self, remedy: Remedy, headers: &HeaderMap) {
        if let Some(handle) = &self.key_refresh {
            handle.refresh(remedy, self.verifier.key_id(headers).as_deref()).await;
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.clock.now()
    }

    /// Fields of clients that never pass, beside the built-in ones.
    pub(crate) fn dropped_fields(&self) -> &[HeaderName] {
        &self.rules.dropped_fields
    }

    /// The longest head of a request, in bytes.
    pub(crate) fn header_bytes(&self) -> usize {
        self.rules.limits.header_bytes as usize
    }

    /// Where a route's service is, and this worker's connections to it.
    pub(crate) fn upstream(&self, route: &Route) -> (&Upstream, &Rc<Pool>) {
        let service = route.service as usize;
        (&self.upstreams[service], &self.pools[service])
    }

    /// Serves a connection that has been accepted, in a task of its own.
    fn admit(self: &Rc<Self>, stream: TcpStream, address: SocketAddr) {
        if self.connections.fetch_add(1, Ordering::Relaxed) >= self.rules.limits.connections as usize {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            // A client that does not even take this is not owed more.
            let _ = stream.try_write(FULL);
            return;
        }
        // Without it small answers wait for the client's acknowledgement; it only fails on a connection that is gone.
        let _ = stream.set_nodelay(true);
        let ip = address.ip().to_canonical();
        let is_trusted = self.rules.trusted_proxies.iter().any(|network| network.contains(&ip));
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let client = Rc::new(Client::new(address, scheme, is_trusted, Watch::new(Rc::clone(&self.ticks))));
        let seat = Seat { index: self.clients.borrow_mut().insert(Rc::clone(&client)), worker: Rc::clone(self) };
        tokio::task::spawn_local(async move {
            let worker = Rc::clone(&seat.worker);
            match &seat.worker.tls {
                None => connection::serve(worker, stream, client).await,
                Some(tls) => {
                    // A handshake that fails or lasts too long is the client's affair.
                    if let Ok(Ok(stream)) = timeout(worker.rules.limits.header_timeout, tls.accept(stream)).await {
                        connection::serve(worker, stream, client).await;
                    }
                }
            }
        });
    }

    /// Once a tick: the clock goes on, slow and idle clients are dealt with, old upstream connections closed.
    async fn tick(self: Rc<Self>) {
        let limits = Limits::new(self.rules.limits.header_timeout, self.rules.limits.idle_timeout);
        let mut interval = tokio::time::interval(Ticks::STEP);
        loop {
            interval.tick().await;
            self.ticks.advance();
            for (_, client) in self.clients.borrow().iter() {
                client.watch.enforce(limits);
            }
            for pool in &self.pools {
                pool.prune();
            }
        }
    }

    /// Hands over log lines, a moment after the first of them was written.
    async fn hand_over_log_lines(self: Rc<Self>) {
        loop {
            self.access_log.has_lines().await;
            tokio::time::sleep(LOG_PAUSE).await;
            self.access_log.flush();
        }
    }

    /// Lets the connections finish what they are at, for the grace period at most.
    async fn drain(&self) {
        let order = |order: fn(&Watch)| {
            for (_, client) in self.clients.borrow().iter() {
                order(&client.watch);
            }
        };
        order(Watch::finish);
        let all_gone = async {
            while !self.clients.borrow().is_empty() {
                tokio::time::sleep(DRAIN_STEP).await;
            }
        };
        if timeout(self.rules.shutdown_grace, all_gone).await.is_err() {
            let cut = self.clients.borrow().len();
            tracing::warn!(connections = cut, "connections were cut at the end of the grace period");
            order(Watch::abort);
        }
        // Connections that were told to end do so when they are next polled.
        tokio::task::yield_now().await;
    }
}

/// How often a draining worker looks whether its connections are gone.
const DRAIN_STEP: Duration = Duration::from_millis(5);

/// A connection's place among its worker's; leaving frees it, also if the connection's task panics.
struct Seat {
    index: usize,
    worker: Rc<Worker>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.worker.clients.borrow_mut().remove(self.index);
        self.worker.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs a worker on this thread until it is told to stop and has drained. `_alive` is dropped at its end.
///
/// # Errors
///
/// The listener cannot be registered with the runtime.
pub(crate) fn run(
    runtime: &Runtime,
    listener: std::net::TcpListener,
    shared: Shared,
    stop: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
) -> io::Result<()> {
    LocalSet::new().block_on(runtime, async {
        let listener = TcpListener::from_std(listener)?;
        let worker = Rc::new(Worker::new(shared));
        tokio::task::spawn_local(Rc::clone(&worker).tick());
        tokio::task::spawn_local(Rc::clone(&worker).hand_over_log_lines());
        accept(&worker, listener, stop).await;
        worker.drain().await;
        worker.access_log.flush();
        Ok(())
    })
}

/// Accepts connections until told to stop; then those that wait already, so that none of them is refused.
async fn accept(worker: &Rc<Worker>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|must_stop| *must_stop) => break,
        };
        match accepted {
            Ok((stream, address)) => worker.admit(stream, address),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    while let Some(Ok((stream, address))) = now_or_never(listener.accept()).await {
        worker.admit(stream, address);
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
