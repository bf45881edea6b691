//! A connection's place at its worker, from its first byte to its last.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use tokio::net::TcpStream;

use super::Listener;
use crate::client::Client;
use crate::connection;
use crate::rules::Rules;
use crate::stream::Stream;
use crate::tls;

/// A connection's place among its listener's; leaving frees it, also if the connection's task panics.
pub(super) struct Seat {
    index: usize,
    listener: Rc<Listener>,
}

impl Listener {
    /// A place for a client's connection.
    pub(super) fn seat(self: &Rc<Self>, client: &Rc<Client>) -> Seat {
        Seat { index: self.clients.borrow_mut().insert(Rc::clone(client)), listener: Rc::clone(self) }
    }
}

impl Seat {
    /// Serves a connection that has just come.
    pub(super) async fn welcome(&self, stream: TcpStream, client: Rc<Client>, rules: Arc<Rules>) {
        let tls = rules.tls.as_ref().map(|tls| (Arc::clone(&tls.config), rules.limits.header_timeout));
        // A connection may last for long; the rules under which it began are not to last with it.
        drop(rules);
        let stream = match tls {
            None => Some(Stream::Plain(stream)),
            Some((config, limit)) => Box::pin(self.shake(stream, &client, config, limit)).await,
        };
        if let Some(stream) = stream {
            self.serve(stream, Bytes::new(), client).await;
        }
    }

    /// The stream over TLS, if the handshake comes about.
    async fn shake(
        &self,
        stream: TcpStream,
        client: &Client,
        config: Arc<ServerConfig>,
        limit: Duration,
    ) -> Option<Stream> {
        match self.listener.handshakes.shake(stream, config, limit).await {
            Ok(stream) => {
                if let Some(name) = tls::client_name(&stream) {
                    // It is said once, here.
                    let _ = client.certificate.set(name);
                }
                Some(Stream::Tls(Box::new(stream.into())))
            }
            // It is the client's affair; who looks into it sees why.
            Err(fault) => {
                tracing::debug!(client = %client.address.ip(), reason = %fault, "no TLS connection came about");
                None
            }
        }
    }

    /// Speaks with the client, until the connection ends or is to be handed over.
    pub(super) async fn serve(&self, stream: Stream, read: Bytes, client: Rc<Client>) {
        let workers = Rc::clone(&self.listener.workers);
        if let Some(parked) = connection::serve(workers, stream, read, client).await {
            self.listener.parked.borrow_mut().push(parked);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.listener.clients.borrow_mut().remove(self.index);
        self.listener.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
