//! A worker's connections to one service: idle ones are kept for a moment and used again, the youngest first.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;

use super::{Stream, UpstreamFault, open};
use crate::request_body::RequestBody;
use crate::settings::Address;
use crate::ticks::{TickClock, Ticks};

/// The sending end of a connection.
type Sender = SendRequest<RequestBody>;

/// How long an idle connection is kept. Servers close idle connections too (uvicorn after 5 s): whoever closes first
/// does not race with a request.
const KEPT_FOR: Ticks = Ticks::from_duration(Duration::from_secs(4));

/// How many idle connections are kept.
const MOST_IDLE: usize = 256;

/// The connections of one worker to one service.
pub(crate) struct Pool {
    address: Address,
    idle: RefCell<Vec<Idle>>,
    clock: Rc<TickClock>,
}

struct Idle {
    sender: Sender,
    since: Ticks,
}

impl Pool {
    pub(crate) fn new(address: Address, clock: Rc<TickClock>) -> Self {
        Self { address, idle: RefCell::default(), clock }
    }

    /// An idle connection that is still open, if there is one.
    pub(crate) async fn idle(self: &Rc<Self>) -> Option<Lease> {
        loop {
            // Taken out first: nothing stays borrowed across the await.
            let mut idle = self.idle.borrow_mut().pop()?;
            if !idle.sender.is_closed() && idle.sender.ready().await.is_ok() {
                return Some(Lease { sender: idle.sender, pool: Rc::clone(self) });
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(self: &Rc<Self>) -> Result<Lease, UpstreamFault> {
        let stream = open(&self.address).await.map_err(UpstreamFault::Unreachable)?;
        let sender = handshake(stream).await.map_err(|error| UpstreamFault::Unreachable(io::Error::other(error)))?;
        Ok(Lease { sender, pool: Rc::clone(self) })
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
    pool: Rc<Pool>,
}

impl Lease {
    /// Gives the connection back for the next request; its answer has been read to the end.
    pub(crate) fn release(self) {
        self.pool.put(self.sender);
    }
}
