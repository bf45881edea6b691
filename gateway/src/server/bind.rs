//! The start, as far as it can fail for what the configuration says: everything is checked, read, opened and bound before
//! anything is served.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gateway_table::Table;
use tokio::sync::{mpsc, watch};

use super::Gateway;
use super::sockets::listen;
use crate::log::{Log, Shipping};
use crate::materials::Materials;
use crate::orders::Orders;
use crate::settings::{Settings, SettingsError};
use crate::takeover::{Build, Estate, Executable};
use crate::telemetry::{self, Telemetry};

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings do not fit the compiled routes, or what they name cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
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
    /// What the executable before has left cannot be read.
    #[error("what is handed over cannot be read: {0}")]
    Estate(#[source] io::Error),
    /// The process could not go on as another executable, nor as the one that it was.
    #[error("no other executable could take over: {0}")]
    Succession(#[source] io::Error),
    /// Something that the system did not give: a thread, a runtime, signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

impl StartError {
    /// Whether the configuration, or a file that it names, is at fault.
    pub const fn is_of_configuration(&self) -> bool {
        match self {
            Self::Settings(_) | Self::Log { .. } => true,
            Self::Listen { .. } | Self::Estate(_) | Self::Succession(_) | Self::System(_) => false,
        }
    }
}

/// Where lines and spans wait to be sent.
pub(super) struct Queues {
    pub(super) lines: mpsc::Receiver<Vec<u8>>,
    #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only OTLP has spans"))]
    pub(super) spans: mpsc::Receiver<telemetry::Span>,
}

impl Gateway {
    /// Checks the settings against the table, reads what they name, opens the log, and takes the address.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn bind(settings: Settings, table: &'static Table) -> Result<Self, StartError> {
        Self::bind_with(settings, table, None)
    }

    /// As [`Self::bind`], in a process of its own, with what another executable has left in it.
    pub(crate) fn take_place(settings: Settings, table: &'static Table) -> Result<Self, StartError> {
        let estate = Estate::take().map_err(StartError::Estate)?;
        let mut executable = Executable::current();
        if let (Some(executable), Some(estate)) = (&mut executable, &estate) {
            // What runs may have lost its name.
            executable.path.clone_from(&estate.executable);
        }
        let gateway = Self::bind_with(settings, table, estate)?;
        Ok(Self { executable, ..gateway })
    }

    /// Checks everything that [`Self::take_place`] needs, and gives what this executable says of itself.
    pub(crate) fn check_place(settings: Settings, table: &'static Table) -> Result<String, StartError> {
        let estate = Estate::look().map_err(StartError::Estate)?;
        drop(Self::bind_with(settings, table, estate)?);
        Ok(serde_json::to_string(&Build::own(table)).map_err(io::Error::from)?)
    }

    fn bind_with(settings: Settings, table: &'static Table, mut estate: Option<Estate>) -> Result<Self, StartError> {
        let materials = Materials::read(&settings, table, None)?;
        let (telemetry, spans) = match &estate {
            Some(estate) => Telemetry::resume(table, &estate.state.telemetry),
            None => Telemetry::new(table),
        };
        let telemetry = Arc::new(telemetry);
        let waiting = estate.as_mut().map(|estate| std::mem::take(&mut estate.state.lines)).unwrap_or_default();
        let (log, lines) = open_log(&settings, &telemetry, waiting)?;
        let taken = |address| move |source| StartError::Listen { address, source };
        let known = estate.as_mut().map(|estate| (estate.clients.take(), estate.operators.take()));
        let (of_clients, of_operators) = known.unwrap_or_default();
        let clients = listen(settings.listen, worker_count(&settings), of_clients).map_err(taken(settings.listen))?;
        let operators = settings
            .admin
            .as_ref()
            .map(|admin| listen(admin.listen, 1, of_operators).map_err(taken(admin.listen)))
            .transpose()?;
        let (stop, orders) = (watch::Sender::new(false), Orders::new());
        let queues = Queues { lines, spans };
        Ok(Self {
            settings,
            table,
            materials,
            clients,
            operators,
            log,
            telemetry,
            queues,
            stop,
            orders,
            executable: None,
            estate,
        })
    }
}

/// Opens the log, and the queue of lines for CoreTelemetry, which stays empty while none are to go there.
/// `waiting` are lines of the executable before.
fn open_log(
    settings: &Settings,
    telemetry: &Arc<Telemetry>,
    waiting: Vec<String>,
) -> Result<(Log, mpsc::Receiver<Vec<u8>>), StartError> {
    let (queue, lines) = mpsc::channel(telemetry::BACKLOG);
    for line in waiting {
        if queue.try_send(line.into_bytes()).is_ok() {
            telemetry.own.log_backlog.add(1);
        }
    }
    let shipping = Shipping { queue, telemetry: Arc::clone(telemetry) };
    let ships_from = settings.telemetry.as_ref().and_then(|telemetry| telemetry.log_level);
    let file = settings.log.file.as_ref();
    let path = || file.map_or_else(|| "standard output".to_owned(), |file| file.display().to_string());
    let log =
        Log::open(&settings.log, ships_from, shipping).map_err(|source| StartError::Log { path: path(), source })?;
    Ok((log, lines))
}

fn worker_count(settings: &Settings) -> usize {
    match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads as usize,
    }
}
