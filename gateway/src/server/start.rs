//! The threads at their start: what each is given.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use gateway_table::Table;
use tokio::sync::{mpsc, watch};
use tracing::Dispatch;

use super::bind::Queues;
use super::single_threaded;
use crate::admin::{Admin, History};
use crate::auth::Verifier;
use crate::debounce::Debounce;
use crate::limiters::Limiters;
use crate::listener::{self, HandingOver, Holding, WorkerOrders};
use crate::log::LogSender;
use crate::operators::Duties;
use crate::orders::Orders;
use crate::rules::Rules;
#[cfg(feature = "otlp")]
use crate::telemetry::SpanExporter;
use crate::telemetry::{Pusher, Shipper, State, Telemetry};
use crate::worker::Shared;

/// What all workers share.
pub(super) fn shared(
    table: &'static Table,
    verifier: &Arc<Verifier>,
    log: LogSender,
    telemetry: &Arc<Telemetry>,
) -> Shared {
    let debounces = table.routes.iter().any(|route| route.debounce.is_some());
    Shared {
        table,
        limiters: Arc::new(Limiters::new(table)),
        debounce: debounces.then(|| Arc::new(Debounce::new(Instant::now()))),
        verifier: Arc::clone(verifier),
        connections: Arc::default(),
        lasting: Arc::default(),
        log,
        telemetry: Arc::clone(telemetry),
    }
}

/// What there is to do for operators.
pub(super) fn duties(
    shared: &Shared,
    rules: &watch::Sender<Arc<Rules>>,
    stop: &watch::Sender<bool>,
    admin: Option<(TcpListener, Orders)>,
    queues: Queues,
) -> Duties {
    let state = Arc::new(State {
        table: shared.table,
        rules: rules.subscribe(),
        limiters: Arc::clone(&shared.limiters),
        debounce: shared.debounce.clone(),
        verifier: Arc::clone(&shared.verifier),
        connections: Arc::clone(&shared.connections),
        log: shared.log.clone(),
        stop: stop.subscribe(),
    });
    let telemetry = || Arc::clone(&shared.telemetry);
    let admin = admin.map(|(listener, orders)| {
        let admin = Admin {
            telemetry: telemetry(),
            state: Arc::clone(&state),
            history: History::default(),
            stop: stop.clone(),
            threshold: shared.log.threshold.clone(),
            orders,
        };
        (listener, Arc::new(admin))
    });
    Duties {
        #[cfg(feature = "otlp")]
        spans: SpanExporter::new(&shared.telemetry, queues.spans),
        admin,
        pusher: Pusher::new(telemetry(), state),
        shipper: Shipper::new(telemetry(), queues.lines),
        rules: rules.subscribe(),
    }
}

/// What tells a worker what to do.
pub(super) fn orders(
    stop: &watch::Sender<bool>,
    handing_over: &watch::Sender<HandingOver>,
    rules: &watch::Sender<Arc<Rules>>,
) -> WorkerOrders {
    WorkerOrders { stop: stop.subscribe(), handing_over: handing_over.subscribe(), rules: rules.subscribe() }
}

/// Starts a worker; `end` tells that it has ended, and has what it leaves.
pub(super) fn worker(
    index: usize,
    holding: Holding,
    shared: Shared,
    orders: WorkerOrders,
    (end, events): (mpsc::Sender<Holding>, Dispatch),
) -> io::Result<JoinHandle<io::Result<()>>> {
    let runtime = single_threaded()?;
    std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        tracing::dispatcher::with_default(&events, || listener::run(&runtime, holding, &shared, orders, &end))
    })
}
