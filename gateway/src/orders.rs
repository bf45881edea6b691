//! What a running gateway is told to do, by signals and by operators; the main thread obeys, one order after the other.

use tokio::sync::{mpsc, oneshot};

use crate::server::ReloadError;
use crate::takeover::{Build, TakeOverError};

/// How many orders may wait; who orders more waits for a place.
const MOST_WAITING: usize = 8;

/// What came of a reload: the keys of what has changed, or why nothing has.
pub(crate) type Reloaded = Result<Vec<String>, ReloadError>;

/// What takes over, or why nothing does.
pub(crate) type TakenOver = Result<Build, TakeOverError>;

/// Something to be done.
pub(crate) enum Order {
    /// Read the configuration again, and say what came of it.
    Reload(oneshot::Sender<Reloaded>),
    /// Have another executable take over, and say which, once it is known that it can.
    TakeOver(oneshot::Sender<TakenOver>),
}

/// Where orders are given.
#[derive(Debug, Clone)]
pub(crate) struct Orders(mpsc::Sender<Order>);

impl Orders {
    /// Where orders are given, and where they come out.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Order>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        (Self(sender), receiver)
    }

    /// Has another executable take over; `None` if the gateway is stopping.
    pub(crate) async fn take_over(&self) -> Option<TakenOver> {
        let (tell, told) = oneshot::channel();
        self.0.send(Order::TakeOver(tell)).await.ok()?;
        told.await.ok()
    }

    /// Has the configuration read again; `None` if the gateway is stopping.
    pub(crate) async fn reload(&self) -> Option<Reloaded> {
        let (tell, told) = oneshot::channel();
        self.0.send(Order::Reload(tell)).await.ok()?;
        told.await.ok()
    }
}
