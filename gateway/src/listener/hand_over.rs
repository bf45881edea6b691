//! A worker's part in handing the gateway over to another executable, and in beginning with what one has left.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Listener;
use crate::client::{Client, Watch};
use crate::connection::Parked;
use crate::stream::Stream;
use crate::ticks::Ticks;

/// How far a gateway is with being handed over to another executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HandingOver {
    /// It is not.
    No,
    /// It will be soon. Connections that cannot go along end with their next answer.
    Soon,
    /// It is: nothing new is begun.
    Now,
}

/// What a worker has from the gateway before, or leaves to the one that comes next.
#[derive(Debug)]
pub(crate) struct Holding {
    pub(crate) socket: std::net::TcpListener,
    /// Connections between two requests.
    pub(crate) parked: Vec<Parked>,
}

impl Listener {
    /// Tells connections when the gateway is to be handed over soon, those to come too.
    pub(super) async fn retire(self: Rc<Self>, mut handing_over: watch::Receiver<HandingOver>) {
        if handing_over.wait_for(|how_far| *how_far >= HandingOver::Soon).await.is_ok() {
            self.is_retiring.set(true);
            self.order(Watch::retire);
        }
    }

    /// Goes on with a connection of the gateway before. Over TLS there is none such.
    pub(super) fn adopt(self: &Rc<Self>, parked: Parked) {
        let rules = Arc::clone(&self.workers.get().rules);
        // A client that has gone by now has no address any more.
        let (Ok(address), Ok(stream)) = (parked.stream.peer_addr(), TcpStream::from_std(parked.stream)) else { return };
        if rules.tls.is_some() {
            return;
        }
        self.connections.fetch_add(1, Ordering::Relaxed);
        let client = Rc::new(self.client(address, false, &rules));
        if parked.read.is_empty() {
            client.watch.rests();
        }
        let seat = self.seat(&client);
        tokio::task::spawn_local(async move { seat.serve(Stream::Plain(stream), parked.read, client).await });
    }

    /// Counts the requests that have been under way for a while: to wait for them would hold up all others.
    pub(super) fn count_lasting(&self) {
        let lasts = |client: &Client| client.watch.is_answering_for(Ticks::from_duration(Ticks::STEP));
        let lasting = self.clients.borrow().iter().filter(|(_, client)| lasts(client)).count();
        let before = self.lasting_here.replace(lasting);
        // What is subtracted was added before.
        self.lasting.fetch_add(lasting.wrapping_sub(before), Ordering::Relaxed);
    }
}
