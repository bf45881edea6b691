//! The gateway as a whole: the order in which it starts, serves and stops.

mod bind;
mod control;
mod reload;
mod signals;
mod sockets;
mod start;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gateway_table::Table;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tracing::Dispatch;

use self::bind::Queues;
use self::control::{Control, LAST_MOMENT, keep_fresh};
use crate::auth::Verifier;
#[cfg(unix)]
use crate::descriptors;
use crate::log::Log;
use crate::materials::Materials;
use crate::operators::Operators;
use crate::orders::{Order, Orders};
use crate::rules::Rules;
use crate::settings::Settings;
use crate::telemetry::Telemetry;

pub use self::bind::StartError;
pub(crate) use self::reload::ReloadError;

/// How many names a thread looks up at a time; each service has one look-up under way at most.
const LOOK_UPS: usize = 64;

/// How long the last metrics and log lines may take to reach CoreTelemetry, once the workers have ended.
const LAST_TELEMETRY: Duration = Duration::from_millis(500);

/// A gateway that listens, and does not answer yet.
pub struct Gateway {
    settings: Settings,
    table: &'static Table,
    materials: Materials,
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    admin: Option<TcpListener>,
    log: Log,
    telemetry: Arc<Telemetry>,
    queues: Queues,
    stop: watch::Sender<bool>,
    orders: (Orders, mpsc::Receiver<Order>),
}

/// Stops a running gateway.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Stops accepting connections, lets requests finish within the grace period, and then lets
    /// [`Gateway::serve`] return.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Gateway {
    /// The address it listens on; the port is the real one if the settings ask for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the admin listener, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// The JWK set with which services check the gateway's own tokens, if it signs any.
    pub fn service_jwk_set(&self) -> Option<&str> {
        self.materials.signer.as_ref().map(|signer| signer.jwk_set())
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Serves until it is stopped by its [`Stopper`].
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn serve(self) -> Result<(), StartError> {
        let runtime = single_threaded()?;
        self.serve_on(&runtime)
    }

    /// Serves until the process is told to stop: by SIGTERM or SIGINT, or by Ctrl-C where there are no signals. SIGHUP has
    /// it read its configuration again.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn serve_until_signalled(self) -> Result<(), StartError> {
        let runtime = single_threaded()?;
        {
            let _context = runtime.enter();
            signals::obey(self.stopper(), self.orders.0.clone())?;
        }
        self.serve_on(&runtime)
    }

    fn serve_on(self, runtime: &Runtime) -> Result<(), StartError> {
        let events = Dispatch::new(self.log.subscriber());
        let served = tracing::dispatcher::with_default(&events, || {
            let _context = runtime.enter();
            self.run(runtime, &events)
        });
        drop(events);
        served.map(Log::close)
    }

    /// Starts all threads, obeys orders until the stop, and waits for the threads. Gives back the log, which is to be closed
    /// when nobody else can write to it.
    fn run(self, runtime: &Runtime, events: &Dispatch) -> Result<Log, StartError> {
        let verifier = Arc::new(Verifier::new(self.settings.auth.as_ref(), self.table));
        let (upkeep, key_refresh) = keep_fresh(self.settings.auth.as_ref(), &verifier);
        let rules = Rules::new(&self.settings, &self.materials, self.table, key_refresh, None)?;
        rules.report_to(&self.telemetry);
        Rules::tune(&self.settings, &self.log.sender(), &self.telemetry);
        let rules = watch::Sender::new(Arc::new(rules));
        let shared = start::shared(self.table, &verifier, self.log.sender(), &self.telemetry);

        let admin_address = self.admin_address();
        let admin = self.admin.map(|listener| (listener, self.orders.0));
        let duties = start::duties(&shared, &rules, &self.stop, admin, self.queues);
        let operators = Operators::start(duties, events.clone())?;
        let (alive, all_ended) = mpsc::channel(1);
        let mut workers = Vec::new();
        for (index, listener) in self.listeners.into_iter().enumerate() {
            let orders = start::orders(&self.stop, &rules);
            workers.push(start::worker(index, listener, shared.clone(), orders, (alive.clone(), events.clone()))?);
        }
        drop((alive, shared));
        if let Some(address) = admin_address {
            tracing::info!(%address, "operators may connect");
        }
        #[cfg(unix)]
        descriptors::provide_for(self.settings.limits.connections);
        tracing::info!(
            address = %self.address, version = env!("CARGO_PKG_VERSION"), routes = self.table.routes.len(),
            digest = &*self.table.digest, workers = workers.len(), "listening"
        );
        let mut control = Control {
            settings: self.settings,
            table: self.table,
            rules,
            verifier,
            upkeep,
            log: self.log.sender(),
            telemetry: self.telemetry,
            workers: u32::try_from(workers.len()).unwrap_or(u32::MAX),
        };
        runtime.block_on(control.run(self.orders.1, self.stop.subscribe(), all_ended));
        join(workers);
        operators.finish(LAST_TELEMETRY.min(control.settings.shutdown_grace.max(LAST_MOMENT)));
        tracing::info!("stopped");
        Ok(self.log)
    }
}

/// Waits for those that have ended; the others are left behind.
fn join(workers: Vec<JoinHandle<io::Result<()>>>) {
    for worker in workers.into_iter().filter(JoinHandle::is_finished) {
        if !matches!(worker.join(), Ok(Ok(()))) {
            tracing::error!("a worker thread failed");
        }
    }
}

fn single_threaded() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(LOOK_UPS).build()
}

/// A value as people read it: text without its quotes.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
