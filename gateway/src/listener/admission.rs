//! A connection has come: it is let in, if there is room for it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpStream;

use super::Listener;
use crate::client::{Client, Watch};
use crate::rules::Rules;

/// How many connections beyond their limit are let in to ask for the gateway's health, and for nothing else: a supervisor
/// that could not ask would restart a gateway that merely has much to do.
const SURPLUS: usize = 16;

/// What a client is told when all connections are taken. It is the cheapest answer that is one.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

impl Listener {
    /// Serves a connection in a task of its own, or refuses it if there are too many.
    pub(super) fn admit(self: &Rc<Self>, stream: TcpStream, address: SocketAddr) {
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
        let seat = self.seat(&client);
        tokio::task::spawn_local(async move { seat.welcome(stream, client, rules).await });
    }

    pub(super) fn client(&self, address: SocketAddr, is_surplus: bool, rules: &Rules) -> Client {
        let scheme = if rules.tls.is_some() { "https" } else { "http" };
        let watch = Watch::new(Rc::clone(&self.workers.get().ticks));
        let mut client = Client::new(address, scheme, rules.trusts(address), watch);
        client.is_surplus = is_surplus;
        client.watch.set_portable(rules.tls.is_none());
        if self.is_retiring.get() {
            client.watch.retire();
        }
        client
    }
}
