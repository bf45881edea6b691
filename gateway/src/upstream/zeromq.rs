//! Services that speak ZeroMQ: a request becomes one message, the reply to it an answer.
//!
//! A worker has its own connections to such a service, each of which many requests share. What the messages are made of is
//! told in `docs/zeromq.md`.

mod backoff;
mod body;
mod connection;
mod envelope;
mod queue;
mod silence;
mod talk;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use gateway_table::{Table, Text};
use tokio::task::spawn_local;

use self::connection::Connection;
use self::queue::{Outbound, Queue};
use super::send::{Answer, Outgoing};
use super::{Pool, Upstream, UpstreamFault};
use crate::budget::Budget;
use crate::request_body::RequestBody;
use crate::settings::ZeroMqSettings;
use crate::telemetry::Telemetry;

/// The connections of one worker to one service.
pub(crate) struct Dealers {
    queues: Box<[Rc<Queue>]>,
    /// The number of the next request; none is used twice, on whichever connection.
    next: Cell<u64>,
    /// What bodies are held in.
    held: Budget,
    service: Text,
    table: &'static Table,
    settings: ZeroMqSettings,
    telemetry: Arc<Telemetry>,
}

impl Dealers {
    /// No connections yet; they are made when there are requests for them.
    pub(crate) fn new(
        upstream: &Upstream,
        table: &'static Table,
        settings: ZeroMqSettings,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        Self {
            queues: (0..settings.connections).map(|_| Rc::default()).collect(),
            // A reply from before this worker began meets nobody.
            next: Cell::new(fastrand::u64(..)),
            held: upstream.held.clone(),
            service: upstream.name.clone(),
            table,
            settings,
            telemetry,
        }
    }

    /// Sends a request and waits for its reply. The connection is there before the body is read: as long as there is none,
    /// nothing is lost and the request can be sent again.
    pub(super) async fn send(
        &self,
        pool: &Rc<Pool>,
        request: &Outgoing<'_>,
        body: &mut RequestBody,
    ) -> Result<Answer, UpstreamFault> {
        let queue = self.queue(pool);
        queue.opened(request.timeouts.connect).await?;
        let had_body = !body.length().is_empty();
        let held = body::hold(body, &self.held).await?;
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let envelope = envelope::head(request, body.last_progress(), self.table);
        let reply = queue.submit(Outbound::new(number, &envelope, held))?.reply().await?;
        envelope::answer(reply, &request.method, had_body)
    }

    /// The connection that has the least to do, of those that are there if any is. One that was never used is started.
    fn queue(&self, pool: &Rc<Pool>) -> &Rc<Queue> {
        let fittest = self.queues.iter().min_by_key(|queue| (queue.is_down(), queue.load()));
        let queue = fittest.expect("the settings ask for one connection at least");
        if queue.start() {
            spawn_local(Connection::new(pool, queue, self).keep());
        }
        queue
    }

    /// Once a tick: connections on which nothing has come for long are looked at.
    pub(super) fn tick(&self) {
        for queue in &self.queues {
            queue.wake();
        }
    }
}
