//! The gateway as a whole: its listeners, its workers, and the order in which it starts and stops.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gateway_table::{Scheme, Table};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tracing::Dispatch;

use crate::access_log::LogRules;
use crate::admin::{Admin, History};
use crate::auth::Verifier;
use crate::auth::refresh::{self, RefreshHandle, Upkeep};
use crate::clock::Clock;
use crate::debounce::Debounce;
#[cfg(unix)]
use crate::descriptors;
use crate::disclosure::Disclosure;
use crate::identity::{IdentityRules, ServiceKeyFault, ServiceSigner};
use crate::limiters::Limiters;
use crate::listener;
use crate::log::{Level, Log, Shipping};
use crate::operators::{Duties, Operators};
use crate::settings::{AdminSettings, AuthSettings, Settings, SettingsError};
use crate::telemetry::{self, Pusher, Shipper, State, Telemetry};
use crate::tls::{self, TlsError};
use crate::upstream::Upstream;
use crate::worker::{Rules, Shared};

/// How many connections the kernel keeps for a worker that is busy.
const BACKLOG: i32 = 4096;

/// How many names a thread looks up at a time; each service has one look-up under way at most.
const LOOK_UPS: usize = 64;

/// How much longer than the grace period the whole gateway waits for its workers, which keep to it themselves.
const LAST_MOMENT: Duration = Duration::from_millis(200);

/// How long the last metrics and log lines may take to reach CoreTelemetry, once the workers have ended.
const LAST_TELEMETRY: Duration = Duration::from_millis(500);

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings do not fit the compiled routes.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The gateway's certificate cannot be used.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The log file cannot be opened.
    #[error("cannot open the log file {path}: {source}")]
    Log {
        /// The file.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The gateway's own private key cannot be used.
    #[error(transparent)]
    ServiceKey(#[from] ServiceKeyFault),
    /// Something that the system did not give: a thread, a runtime, signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// A gateway that listens, and does not answer yet.
pub struct Gateway {
    settings: Settings,
    table: &'static Table,
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    admin: Option<(TcpListener, Option<TlsAcceptor>)>,
    log: Log,
    telemetry: Arc<Telemetry>,
    lines: mpsc::Receiver<Vec<u8>>,
    signer: Option<Arc<ServiceSigner>>,
    stop: watch::Sender<bool>,
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
    /// Checks the settings against the table, opens the log, and takes the address.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn bind(settings: Settings, table: &'static Table) -> Result<Self, StartError> {
        settings.check_against(table)?;
        let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
        let signer = settings.identity.token.as_ref().map(ServiceSigner::load).transpose()?.map(Arc::new);
        let telemetry = Arc::new(Telemetry::new(table));
        let (log, lines) = open_log(&settings, &telemetry)?;
        let (listeners, address) = listen(settings.listen, worker_count(&settings))
            .map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let admin = settings.admin.as_ref().map(listen_for_operators).transpose()?;
        let stop = watch::Sender::new(false);
        Ok(Self { settings, table, listeners, address, tls, admin, log, telemetry, lines, signer, stop })
    }

    /// The address it listens on; the port is the real one if the settings ask for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the admin listener, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// The JWK set with which services check the gateway's own tokens, if it signs any.
    pub fn service_jwk_set(&self) -> Option<&str> {
        self.signer.as_deref().map(ServiceSigner::jwk_set)
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

    /// Serves until the process is told to stop: by SIGTERM or SIGINT, or by Ctrl-C where there are no signals.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn serve_until_signalled(self) -> Result<(), StartError> {
        let runtime = single_threaded()?;
        let stopper = self.stopper();
        let signalled = {
            let _context = runtime.enter();
            stop_signal()?
        };
        runtime.spawn(async move {
            signalled.await;
            stopper.stop();
        });
        self.serve_on(&runtime)
    }

    fn serve_on(self, runtime: &Runtime) -> Result<(), StartError> {
        let events = Dispatch::new(self.log.subscriber());
        let served = tracing::dispatcher::with_default(&events, || self.run(runtime, &events));
        drop(events);
        served.map(Log::close)
    }

    /// Starts the workers, keeps the keys fresh until the stop, and waits for the workers. Gives back the log, which is
    /// to be closed when nobody else can write to it.
    fn run(self, runtime: &Runtime, events: &Dispatch) -> Result<Log, StartError> {
        let verifier = Arc::new(Verifier::new(self.settings.auth.as_ref(), self.table));
        let (refresh, key_refresh) = keep_fresh(self.settings.auth.as_ref(), &verifier);
        let shared = self.shared(verifier, key_refresh)?;
        let admin_address = self.admin_address();
        let duties = duties(&self.settings, &shared, &self.stop, self.admin, self.lines, self.signer.as_deref());
        let operators = Operators::start(duties, events.clone())?;
        let (alive, all_ended) = mpsc::channel(1);
        let mut workers = Vec::new();
        for (index, listener) in self.listeners.into_iter().enumerate() {
            workers.push(start_worker(index, listener, shared.clone(), &self.stop, alive.clone(), events.clone())?);
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
        let grace = self.settings.shutdown_grace;
        runtime.block_on(keep_until_stopped(refresh, self.stop.subscribe(), all_ended, grace));
        let ended = workers.into_iter().filter(JoinHandle::is_finished).map(JoinHandle::join);
        for worker in ended {
            if !matches!(worker, Ok(Ok(()))) {
                tracing::error!("a worker thread failed");
            }
        }
        if let Some(operators) = operators {
            operators.finish(LAST_TELEMETRY.min(grace.max(LAST_MOMENT)));
        }
        tracing::info!("stopped");
        Ok(self.log)
    }

    fn shared(&self, verifier: Arc<Verifier>, key_refresh: Option<RefreshHandle>) -> Result<Shared, StartError> {
        let settings = &self.settings;
        let upstreams: Option<Vec<Upstream>> =
            self.table.services.iter().map(|service| Upstream::new(service, settings)).collect();
        let upstreams = upstreams.ok_or_else(|| io::Error::other("the compiled routes name an impossible address"))?;
        for upstream in upstreams.iter().filter(|upstream| upstream.address.scheme == Scheme::ZeroMq) {
            tracing::warn!(service = &*upstream.name, "this build cannot speak ZeroMQ: its routes answer 502");
        }
        let debounces = self.table.routes.iter().any(|route| route.debounce.is_some());
        Ok(Shared {
            table: self.table,
            upstreams: upstreams.into(),
            limiters: Arc::new(Limiters::new(self.table)),
            debounce: debounces.then(|| Arc::new(Debounce::new(Instant::now()))),
            identity: Arc::new(IdentityRules {
                signer: self.signer.clone(),
                has_plain_fields: settings.identity.headers,
            }),
            verifier,
            key_refresh,
            tls: self.tls.clone(),
            connections: Arc::new(AtomicUsize::new(0)),
            log: self.log.sender(),
            telemetry: Arc::clone(&self.telemetry),
            rules: Arc::new(Rules {
                limits: settings.limits,
                trusted_proxies: settings.trusted_proxies.clone(),
                dropped_fields: settings.identity.drop.clone(),
                shutdown_grace: settings.shutdown_grace,
                disclosure: Disclosure::new(settings.response_headers),
                cors: settings.cors.clone(),
                compression: settings.compression.clone(),
                log: LogRules { levels: settings.log.levels, has_query: settings.log.query },
            }),
        })
    }
}

/// Opens the log, and the queue of lines for CoreTelemetry, which stays empty if none are to go there.
fn open_log(settings: &Settings, telemetry: &Arc<Telemetry>) -> Result<(Log, mpsc::Receiver<Vec<u8>>), StartError> {
    let (queue, lines) = mpsc::channel(telemetry::BACKLOG);
    let level = settings.telemetry.as_ref().and_then(|telemetry| telemetry.log_level);
    let shipping = level.map(|level| Shipping { from: Level::shown(level), queue, telemetry: Arc::clone(telemetry) });
    let log = Log::open(&settings.log, shipping).map_err(|source| StartError::Log {
        path: settings
            .log
            .file
            .as_ref()
            .map_or_else(|| "standard output".to_owned(), |file| file.display().to_string()),
        source,
    })?;
    Ok((log, lines))
}

/// The admin listener, bound, and its TLS.
fn listen_for_operators(admin: &AdminSettings) -> Result<(TcpListener, Option<TlsAcceptor>), StartError> {
    let tls = admin.tls.as_ref().map(tls::acceptor).transpose()?;
    let (mut listeners, _) =
        listen(admin.listen, 1).map_err(|source| StartError::Listen { address: admin.listen, source })?;
    Ok((listeners.remove(0), tls))
}

/// What there is to do for operators.
fn duties(
    settings: &Settings,
    shared: &Shared,
    stop: &watch::Sender<bool>,
    admin: Option<(TcpListener, Option<TlsAcceptor>)>,
    lines: mpsc::Receiver<Vec<u8>>,
    signer: Option<&ServiceSigner>,
) -> Duties {
    let state = Arc::new(State {
        table: shared.table,
        upstreams: Arc::clone(&shared.upstreams),
        limiters: Arc::clone(&shared.limiters),
        debounce: shared.debounce.clone(),
        verifier: Arc::clone(&shared.verifier),
        connections: Arc::clone(&shared.connections),
        log: shared.log.clone(),
        stop: stop.subscribe(),
        has_auth: settings.auth.is_some(),
    });
    let telemetry = || Arc::clone(&shared.telemetry);
    for upstream in state.upstreams.iter() {
        upstream.breaker.report_to(&shared.telemetry.alarm);
    }
    let sent = settings.telemetry.as_ref();
    let admin = admin.zip(settings.admin.as_ref()).map(|((listener, tls), settings)| {
        let admin = Admin {
            settings: settings.clone(),
            telemetry: telemetry(),
            state: Arc::clone(&state),
            history: History::default(),
            jwk_set: signer.map(|signer| signer.jwk_set().to_owned()),
            stop: stop.clone(),
            threshold: shared.log.threshold.clone(),
        };
        (listener, tls, Arc::new(admin))
    });
    Duties {
        #[cfg(feature = "otlp")]
        spans: sent.and_then(|sent| sent.traces.as_ref()).map(|settings| shared.telemetry.trace(settings)),
        admin,
        pusher: sent.map(|settings| Pusher::new(settings, telemetry(), Arc::clone(&state))),
        shipper: sent
            .filter(|settings| settings.log_level.is_some())
            .map(|settings| Shipper::new(settings, telemetry(), lines)),
    }
}

/// What keeps keys and revocations fresh, and what asks it to; nothing where nobody's tokens are believed.
fn keep_fresh(auth: Option<&AuthSettings>, verifier: &Arc<Verifier>) -> (Option<Upkeep>, Option<RefreshHandle>) {
    let Some(auth) = auth else {
        tracing::warn!("no keys are configured: every route that asks for a role answers 401");
        return (None, None);
    };
    let (refresh, handle) = refresh::prepare(auth, verifier, Clock::default());
    (Some(refresh), Some(handle))
}

fn single_threaded() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(LOOK_UPS).build()
}

fn worker_count(settings: &Settings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    }
}

fn start_worker(
    index: usize,
    listener: TcpListener,
    shared: Shared,
    stop: &watch::Sender<bool>,
    alive: mpsc::Sender<()>,
    events: Dispatch,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let runtime = single_threaded()?;
    let stop = stop.subscribe();
    std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        tracing::dispatcher::with_default(&events, || listener::run(&runtime, listener, shared, stop, alive))
    })
}

/// Keeps the keys fresh until the stop, then waits until the last worker has ended or the time is over.
async fn keep_until_stopped(
    refresh: Option<Upkeep>,
    mut stop: watch::Receiver<bool>,
    mut all_ended: mpsc::Receiver<()>,
    grace: Duration,
) {
    let refresh = async {
        match refresh {
            Some(refresh) => refresh.run().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = refresh => {}
        _ = stop.wait_for(|must_stop| *must_stop) => {}
        _ = all_ended.recv() => {}
    }
    tracing::info!("stopping: no new connections, requests in flight may finish");
    // The last worker to end drops the last sender.
    let _ = tokio::time::timeout(grace + LAST_MOMENT, all_ended.recv()).await;
}

/// One listener for each worker on the same address, and that address.
fn listen(address: SocketAddr, count: usize) -> io::Result<(Vec<TcpListener>, SocketAddr)> {
    refuse_taken(address)?;
    let first = listener(address)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    while listeners.len() < count {
        let next = if cfg!(unix) { listener(address)? } else { listeners[0].try_clone()? };
        listeners.push(next);
    }
    Ok((listeners, address))
}

/// Fails if anybody listens on the address, be it another gateway that would share it (`SO_REUSEPORT`).
fn refuse_taken(address: SocketAddr) -> io::Result<()> {
    let probe = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    probe.set_reuse_address(true)?;
    probe.bind(&address.into())
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    {
        // The first lets a restart bind while old connections linger in TIME_WAIT, the second shares the port.
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A future that resolves when the process is told to stop.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A future that resolves when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without Ctrl-C to wait for, only the end of the process stops it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
