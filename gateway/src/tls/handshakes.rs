//! Handshakes of a worker's new connections: not too many at a time, and never two signatures in a row without a turn for
//! connections that are established.
//!
//! In: a connection in clear. Out: one over TLS, or nothing. Whoever begins handshakes and does not end them is forgotten
//! when others come: the oldest that is under way makes room.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// How many handshakes may be under way on a worker.
const MOST: usize = 512;

/// The handshakes of a worker.
pub(crate) struct Handshakes {
    /// Those under way, the oldest first, and what has each give up.
    under_way: RefCell<VecDeque<Rc<Notify>>>,
    /// Whose turn it is to compute.
    turn: Semaphore,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeFault {
    #[error("{0}")]
    Failed(#[from] std::io::Error),
    #[error("it took too long")]
    TooSlow,
    #[error("others needed its place")]
    PushedOut,
}

impl Default for Handshakes {
    fn default() -> Self {
        Self { under_way: RefCell::default(), turn: Semaphore::new(1) }
    }
}

impl Handshakes {
    /// Shakes hands, within so long.
    pub(crate) async fn shake(
        &self,
        stream: TcpStream,
        config: Arc<ServerConfig>,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, HandshakeFault> {
        let place = Place::take(self);
        tokio::select! {
            shaken = timeout(limit, self.converse(stream, config)) => Ok(shaken.map_err(|_| HandshakeFault::TooSlow)??),
            () = place.give_up.notified() => Err(HandshakeFault::PushedOut),
        }
    }

    /// Has all that are under way given up.
    pub(crate) fn give_up(&self) {
        self.under_way.borrow().iter().for_each(|place| place.notify_one());
    }

    async fn converse(&self, stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<TlsStream<TcpStream>> {
        // Until a client has said what it wants nothing has been computed for it.
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let mut rest = pin!(begun.into_stream(config));
        {
            let _turn = self.turn.acquire().await;
            // The first step signs. What the network then brings is small work.
            let first = poll_fn(|cx| Poll::Ready(rest.as_mut().poll(cx))).await;
            tokio::task::yield_now().await;
            if let Poll::Ready(stream) = first {
                return stream;
            }
        }
        rest.await
    }
}

/// A handshake's place among those under way; dropping it frees it.
struct Place<'a> {
    of: &'a Handshakes,
    give_up: Rc<Notify>,
}

impl<'a> Place<'a> {
    fn take(of: &'a Handshakes) -> Self {
        let give_up = Rc::new(Notify::new());
        let mut under_way = of.under_way.borrow_mut();
        if under_way.len() >= MOST
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.notify_one();
        }
        under_way.push_back(Rc::clone(&give_up));
        Self { of, give_up }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.of.under_way.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.give_up));
    }
}
