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
    /// Something that the system did not give: a thread, a runtime, signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
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
        let materials = Materials::read(&settings, table)?;
        let (telemetry, spans) = Telemetry::new(table);
        let telemetry = Arc::new(telemetry);
        let (log, lines) = open_log(&settings, &telemetry)?;
        let taken = |address| move |source| StartError::Listen { address, source };
        let (listeners, address) = listen(settings.listen, worker_count(&settings)).map_err(taken(settings.listen))?;
        let admin = settings.admin.as_ref().map(|admin| listen(admin.listen, 1).map_err(taken(admin.listen)));
        let admin = admin.transpose()?.map(|(mut listeners, _)| listeners.remove(0));
        let (stop, orders) = (watch::Sender::new(false), Orders::new());
        let queues = Queues { lines, spans };
        Ok(Self { settings, table, materials, listeners, address, admin, log, telemetry, queues, stop, orders })
    }
}

/// Opens the log, and the queue of lines for CoreTelemetry, which stays empty while none are to go there.
fn open_log(settings: &Settings, telemetry: &Arc<Telemetry>) -> Result<(Log, mpsc::Receiver<Vec<u8>>), StartError> {
    let (queue, lines) = mpsc::channel(telemetry::BACKLOG);
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
