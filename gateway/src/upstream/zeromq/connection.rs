//! One connection to a service: made, and made again when it breaks.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gateway_table::Text;
use gateway_zeromq::{GREETING, Handshake, Limits, Peer, SocketType, write_ready};
use tokio::time::{sleep, timeout};

use super::Dealers;
use super::backoff::Backoff;
use super::queue::{Broken, Queue};
use super::talk::{Talk, poll_more};
use crate::budget::Budget;
use crate::telemetry::Telemetry;
use crate::upstream::{HEAD_LIMITS, Pool, Protocol, UpstreamFault};
use crate::wire::{Piece, Wire};

/// How long one attempt to connect may take, whoever waits for it.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(5);

/// What a connection's task has, whether or not there is a connection.
pub(super) struct Connection {
    pub(super) pool: Rc<Pool>,
    pub(super) queue: Rc<Queue>,
    pub(super) service: Text,
    /// What bodies of replies are held in.
    pub(super) held: Budget,
    pub(super) limits: Limits,
    pub(super) telemetry: Arc<Telemetry>,
}

impl Connection {
    pub(super) fn new(pool: &Rc<Pool>, queue: &Rc<Queue>, dealers: &Dealers) -> Self {
        Self {
            pool: Rc::clone(pool),
            queue: Rc::clone(queue),
            service: dealers.service.clone(),
            held: dealers.held.clone(),
            limits: Limits { head: HEAD_LIMITS.bytes, body: dealers.settings.reply_bytes },
            telemetry: Arc::clone(&dealers.telemetry),
        }
    }

    /// Makes the connection, keeps it while it lasts, and begins again. What goes wrong is logged once until it is mended.
    pub(super) async fn keep(self) {
        let mut backoff = Backoff::default();
        let mut is_down = false;
        loop {
            let broken = match timeout(LONGEST_ATTEMPT, self.connect()).await {
                Ok(Ok((wire, peer))) => {
                    tracing::info!(service = &*self.service, socket = peer.socket, "connected over ZeroMQ");
                    is_down = false;
                    self.queue.open();
                    let mut talk = Talk::new(&self, wire, &peer);
                    let broken = poll_fn(|cx| talk.poll(cx)).await;
                    if talk.has_replied() {
                        backoff.reset();
                    }
                    broken
                }
                Ok(Err(broken)) => broken,
                Err(_) => Broken::new(io::ErrorKind::TimedOut, &"the service does not shake hands"),
            };
            if !std::mem::replace(&mut is_down, true) {
                tracing::warn!(service = &*self.service, reason = &*broken.reason, "not connected over ZeroMQ");
            }
            self.queue.broke(&broken);
            sleep(backoff.next()).await;
            self.queue.connecting();
        }
    }

    /// A connection on which both sides have said who they are.
    async fn connect(&self) -> Result<(Wire, Peer), Broken> {
        let stream = self.pool.open(Protocol::Http1).await.map_err(|fault| match fault {
            UpstreamFault::Unreachable(error) => of_io(&error),
            fault => Broken::new(io::ErrorKind::Other, &fault),
        })?;
        let mut wire = Wire::new(stream, Rc::clone(&self.pool.buffers));
        wire.outbox().extend_from_slice(&GREETING);
        write_ready(&mut wire.outbox(), SocketType::Dealer);
        poll_fn(|cx| wire.poll_send(cx, &mut Piece::default())).await.map_err(|error| of_io(&error))?;
        let mut handshake = Handshake::default();
        loop {
            if let Some(peer) = handshake.read(&mut wire.inbox).map_err(|fault| of_fault(&fault))? {
                peer.must_answer().map_err(|fault| of_fault(&fault))?;
                return Ok((wire, peer));
            }
            poll_fn(|cx| poll_more(&mut wire, cx)).await?;
        }
    }
}

pub(super) fn of_io(error: &io::Error) -> Broken {
    Broken::new(error.kind(), error)
}

pub(super) fn of_fault(fault: &impl ToString) -> Broken {
    Broken::new(io::ErrorKind::InvalidData, fault)
}
