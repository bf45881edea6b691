//! The gateway as a whole: the order in which it starts, serves and stops.

mod bind;
mod control;
mod reload;
mod renewal;
mod signals;
mod sockets;
mod start;
mod take_over;

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
use self::renewal::Renewal;
use crate::auth::Verifier;
use crate::connection::Parked;
#[cfg(unix)]
use crate::descriptors;
use crate::limiters::Limiters;
use crate::listener::{HandingOver, Holding};
use crate::log::Log;
use crate::materials::Materials;
use crate::operators::Operators;
use crate::orders::{Order, Orders};
use crate::rules::Rules;
use crate::settings::Settings;
use crate::takeover::{Build, Estate, Executable, Listening, replace_process};
use crate::telemetry::Telemetry;
use crate::upstream::Upstream;

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
    clients: Listening,
    operators: Option<Listening>,
    log: Log,
    telemetry: Arc<Telemetry>,
    queues: Queues,
    stop: watch::Sender<bool>,
    orders: (Orders, mpsc::Receiver<Order>),
    /// The file that runs, if the gateway has its process to itself.
    executable: Option<Executable>,
    /// What the executable before has left.
    estate: Option<Estate>,
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
        self.clients.address
    }

    /// The address of the admin listener, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.operators.as_ref().map(|listening| listening.address)
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
    /// it read its configuration again, SIGUSR2 has another executable take over.
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
        let (log, succession) = served?;
        log.close();
        match succession {
            None => Ok(()),
            Some((executable, estate)) => Err(StartError::Succession(replace_process(&executable, estate))),
        }
    }

    /// Starts all threads, obeys orders until the stop, and waits for the threads. Gives back the log, which is to be closed
    /// when nobody else can write to it, and who takes over, if anybody does.
    fn run(mut self, runtime: &Runtime, events: &Dispatch) -> Result<(Log, Option<(Executable, Estate)>), StartError> {
        let verifier = Arc::new(Verifier::new(self.settings.auth.as_ref(), self.table));
        if let Some(estate) = &self.estate {
            estate.state.resume_trust(self.settings.auth.as_ref(), &verifier);
        }
        let (upkeep, key_refresh) = keep_fresh(&self.settings, &verifier);
        let rules = Rules::new(&self.settings, &self.materials, self.table, key_refresh, None)?;
        rules.report_to(&self.telemetry);
        Rules::tune(&self.settings, &self.log.sender(), &self.telemetry);
        let upstreams = Arc::clone(&rules.upstreams);
        let rules = watch::Sender::new(Arc::new(rules));
        let shared = start::shared(self.table, &verifier, self.log.sender(), &self.telemetry);

        let parked = self.estate.take().map(|estate| take_over_from(estate, self.table, &shared.limiters, &upstreams));

        let admin_address = self.admin_address();
        let admin = self.operators.as_ref().and_then(|listening| listening.sockets.first()).map(TcpListener::try_clone);
        let admin = admin.transpose()?.map(|listener| (listener, self.orders.0));
        let duties = start::duties(&shared, &rules, &self.stop, admin, self.queues);
        let operators = Operators::start(duties, events.clone())?;
        let (end, ends) = mpsc::channel(1);
        let mut workers = Vec::new();
        let handing_over = watch::Sender::new(HandingOver::No);
        let address = self.clients.address;
        for (index, holding) in holdings(self.clients.sockets, parked.unwrap_or_default()).into_iter().enumerate() {
            let orders = start::orders(&self.stop, &handing_over, &rules);
            workers.push(start::worker(index, holding, shared.clone(), orders, (end.clone(), events.clone()))?);
        }
        let (limiters, lasting) = (Arc::clone(&shared.limiters), Arc::clone(&shared.lasting));
        drop((end, shared));
        if let Some(address) = admin_address {
            tracing::info!(%address, "operators may connect");
        }
        #[cfg(unix)]
        descriptors::provide_for(self.settings.limits.connections);
        self.materials.warn(&self.settings);
        tracing::info!(
            %address, version = env!("CARGO_PKG_VERSION"), routes = self.table.routes.len(),
            digest = &*self.table.digest, workers = workers.len(), "listening"
        );
        let mut control = Control {
            settings: self.settings,
            table: self.table,
            renewal: Renewal::of(&self.materials),
            materials: self.materials,
            rules,
            verifier,
            upkeep,
            log: self.log.sender(),
            telemetry: self.telemetry,
            workers: u32::try_from(workers.len()).unwrap_or(u32::MAX),
            limiters,
            lasting,
            handing_over,
            address,
            operators: self.operators,
            executable: self.executable,
        };
        let successor = runtime.block_on(control.run(self.orders.1, self.stop.subscribe(), ends));
        join(workers);
        let Some((successor, held)) = successor else {
            operators.finish(LAST_TELEMETRY.min(control.settings.shutdown_grace.max(LAST_MOMENT)));
            tracing::info!("stopped");
            return Ok((self.log, None));
        };
        let lines = operators.leave();
        let estate = control.into_estate(held, &successor, lines);
        Ok((self.log, Some((successor, estate))))
    }
}

/// Goes on with what limits and breakers stood at, and gives the connections that are open.
fn take_over_from(estate: Estate, table: &Table, limiters: &Limiters, upstreams: &[Upstream]) -> Vec<Parked> {
    estate.state.resume_traffic(table, limiters, upstreams);
    let Build { version, routes_digest } = estate.from;
    tracing::info!(
        from_version = version,
        from_digest = routes_digest,
        connections = estate.parked.len(),
        "this executable has taken over"
    );
    estate.parked
}

/// What each worker begins with: a socket, and its share of the connections that are open.
fn holdings(sockets: Vec<TcpListener>, parked: Vec<Parked>) -> Vec<Holding> {
    let mut holdings: Vec<Holding> = sockets.into_iter().map(|socket| Holding { socket, parked: Vec::new() }).collect();
    let count = holdings.len().max(1);
    for (index, parked) in parked.into_iter().enumerate() {
        if let Some(holding) = holdings.get_mut(index % count) {
            holding.parked.push(parked);
        }
    }
    holdings
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
