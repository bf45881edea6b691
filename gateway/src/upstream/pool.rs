//! A worker's connections to one service: idle ones are kept for a moment and used again, the youngest first.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::Mutex;

use super::http2::Shared;
use super::retry_budget::RetryBudget;
use super::{Line, Protocol, UpstreamFault, open_at, resolve};
use crate::buffers::Buffers;
use crate::settings::Address;
use crate::stream::Stream;
use crate::ticks::{TickClock, Ticks};
use crate::wire::Wire;

/// How long an idle connection is kept, and an address that was looked up. Servers close idle connections too (uvicorn
/// after 5 s): whoever closes first does not race with a request.
const KEPT_FOR: Ticks = Ticks::from_duration(Duration::from_secs(4));

/// How many idle connections are kept.
const MOST_IDLE: usize = 256;

/// The connections of one worker to one service.
pub(crate) struct Pool {
    pub(super) address: Address,
    pub(super) line: Line,
    idle: RefCell<Vec<Idle>>,
    /// The connection that all requests over HTTP/2 share.
    pub(super) shared: Shared,
    resolved: Mutex<Option<Resolved>>,
    pub(super) clock: Rc<TickClock>,
    pub(super) buffers: Rc<Buffers>,
    pub(super) budget: RetryBudget,
    /// Whether no further request comes to it.
    is_retired: Cell<bool>,
}

/// What a look-up has found.
struct Resolved {
    addresses: Rc<[SocketAddr]>,
    since: Ticks,
}

struct Idle {
    wire: Wire,
    since: Ticks,
}

impl Pool {
    pub(crate) fn new(address: Address, line: Line, clock: Rc<TickClock>, buffers: Rc<Buffers>) -> Self {
        Self {
            address,
            line,
            idle: RefCell::default(),
            shared: Shared::default(),
            resolved: Mutex::new(None),
            clock,
            buffers,
            budget: RetryBudget::new(),
            is_retired: Cell::new(false),
        }
    }

    /// An idle connection that is still open, if there is one.
    pub(super) fn idle(self: &Rc<Self>) -> Option<Lease> {
        loop {
            let mut idle = self.idle.borrow_mut().pop()?;
            if is_open(&mut idle.wire) {
                return Some(Lease { wire: idle.wire, is_reused: true, pool: Rc::clone(self) });
            }
        }
    }

    /// A new stream to the service.
    pub(super) async fn open(&self, protocol: Protocol) -> Result<Stream, UpstreamFault> {
        let resolved = self.resolve().await.map_err(UpstreamFault::Unreachable)?;
        open_at(&resolved, &self.address, protocol).await.map_err(UpstreamFault::Unreachable)
    }

    /// A new connection on this stream.
    pub(super) fn lease(self: &Rc<Self>, stream: Stream) -> Lease {
        Lease { wire: Wire::new(stream, Rc::clone(&self.buffers)), is_reused: false, pool: Rc::clone(self) }
    }

    /// Where the service is. All requests wait for one look-up together: a name server that does not answer would
    /// otherwise take the threads that look-ups of other services need.
    async fn resolve(&self) -> io::Result<Rc<[SocketAddr]>> {
        let mut resolved = self.resolved.lock().await;
        if let Some(resolved) = resolved.as_ref().filter(|resolved| self.clock.now().since(resolved.since) < KEPT_FOR) {
            return Ok(Rc::clone(&resolved.addresses));
        }
        let addresses: Rc<[SocketAddr]> = resolve(&self.address).await?.into();
        *resolved = Some(Resolved { addresses: Rc::clone(&addresses), since: self.clock.now() });
        Ok(addresses)
    }

    /// Keeps no connection any more: the service is elsewhere now. Requests under way end on theirs.
    pub(crate) fn retire(&self) {
        self.is_retired.set(true);
        self.idle.borrow_mut().clear();
    }

    /// Once a tick: closes what has been idle for too long.
    pub(crate) fn tick(&self) {
        #[cfg(feature = "zeromq")]
        if let Line::ZeroMq(dealers) = &self.line {
            dealers.tick();
        }
        let now = self.clock.now();
        self.idle.borrow_mut().retain_mut(|idle| now.since(idle.since) < KEPT_FOR && is_open(&mut idle.wire));
    }
}

/// Whether nothing has come on an idle connection, not even its end. Nobody is woken if something comes later.
fn is_open(wire: &mut Wire) -> bool {
    wire.poll_fill(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// A connection while a request has it. Dropping it closes the connection.
pub(crate) struct Lease {
    pub(crate) wire: Wire,
    /// Whether another request has been on the connection before.
    pub(super) is_reused: bool,
    pool: Rc<Pool>,
}

impl Lease {
    /// Keeps the connection for the next request; the answer has been read to its end.
    pub(super) fn release(self) {
        let mut idle = self.pool.idle.borrow_mut();
        if idle.len() < MOST_IDLE && !self.pool.is_retired.get() {
            idle.push(Idle { wire: self.wire, since: self.pool.clock.now() });
        }
    }
}
