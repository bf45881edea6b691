//! A worker's connections to one service: idle ones are kept for a moment and used again, the youngest first.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;

use super::retry_budget::RetryBudget;
use super::{Stream, UpstreamFault, open_at, resolve};
use crate::request_body::{RequestBody, Upload};
use crate::settings::Address;
use crate::ticks::{TickClock, Ticks};

/// The sending end of a connection.
type Sender = SendRequest<RequestBody>;

/// How long an idle connection is kept, and an address that was looked up. Servers close idle connections too (uvicorn
/// after 5 s): whoever closes first does not race with a request.
const KEPT_FOR: Ticks = Ticks::from_duration(Duration::from_secs(4));

/// How many idle connections are kept.
const MOST_IDLE: usize = 256;

/// The connections of one worker to one service.
pub(crate) struct Pool {
    address: Address,
    idle: RefCell<Vec<Idle>>,
    resolved: Mutex<Option<Resolved>>,
    clock: Rc<TickClock>,
    pub(super) budget: RetryBudget,
}

/// What a look-up has found.
struct Resolved {
    addresses: Rc<[SocketAddr]>,
    since: Ticks,
}

struct Idle {
    sender: Sender,
    since: Ticks,
}

impl Pool {
    pub(crate) fn new(address: Address, clock: Rc<TickClock>) -> Self {
        Self { address, idle: RefCell::default(), resolved: Mutex::new(None), clock, budget: RetryBudget::new() }
    }

    /// An idle connection that is still open, if there is one.
    pub(crate) async fn idle(self: &Rc<Self>) -> Option<Lease> {
        loop {
            // Taken out first: nothing stays borrowed across the await.
            let mut idle = self.idle.borrow_mut().pop()?;
            if !idle.sender.is_closed() && idle.sender.ready().await.is_ok() {
                return Some(Lease { sender: idle.sender, upload: None, pool: Rc::clone(self) });
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(self: &Rc<Self>) -> Result<Lease, UpstreamFault> {
        let resolved = self.resolve().await.map_err(UpstreamFault::Unreachable)?;
        let stream = open_at(&resolved, &self.address).await.map_err(UpstreamFault::Unreachable)?;
        let sender = handshake(stream).await.map_err(|error| UpstreamFault::Unreachable(io::Error::other(error)))?;
        Ok(Lease { sender, upload: None, pool: Rc::clone(self) })
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

    /// Closes what has been idle for too long.
    pub(crate) fn prune(&self) {
        let now = self.clock.now();
        self.idle.borrow_mut().retain(|idle| now.since(idle.since) < KEPT_FOR && !idle.sender.is_closed());
    }

    fn put(&self, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        if !sender.is_closed() && idle.len() < MOST_IDLE {
            idle.push(Idle { sender, since: self.clock.now() });
        }
    }
}

/// Starts HTTP/1.1 on a new stream; the connection lives in a task of its own until either side closes it.
async fn handshake(stream: Stream) -> hyper::Result<Sender> {
    let (mut sender, connection) = Builder::new().handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(async move {
        // Whoever waits for an answer on this connection learns of its failure by the sender.
        let _ = connection.await;
    });
    sender.ready().await?;
    Ok(sender)
}

/// A connection while a request has it. Dropping it closes the connection.
pub(crate) struct Lease {
    pub(crate) sender: Sender,
    /// The request body that is being sent on the connection, if there is one.
    pub(crate) upload: Option<Rc<Upload>>,
    pool: Rc<Pool>,
}

impl Lease {
    /// Gives the connection back for the next request; its answer has been read to the end. A connection on which the
    /// request is still being sent is closed instead: the next one would wait for a client that is not its own.
    pub(crate) fn release(self) {
        if self.upload.is_none_or(|upload| upload.is_done()) {
            self.pool.put(self.sender);
        }
    }
}
