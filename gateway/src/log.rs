//! The log: lines of JSON from every thread, written by a thread of its own.
//!
//! In: lines, from a bounded channel that never makes a sender wait. Out: a file, or standard output; and those that are
//! bad enough, for CoreTelemetry. What does not fit is dropped, counted, and said.

mod event;
mod file;
mod level;
mod rotation;
mod writer;

use std::io::{self, IsTerminal};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing_subscriber::layer::SubscriberExt;

use self::event::EventLines;
use self::writer::Writer;
use crate::settings::{LogLevel, LogSettings};
use crate::telemetry::Telemetry;

pub(crate) use self::event::{BY_OPERATORS, event_line};
pub(crate) use self::file::RotatedFile;
pub(crate) use self::level::{Level, Threshold};

/// How many pieces wait for the writer at most; a worker's piece is up to 32 KiB.
const BACKLOG: usize = 256;

/// How long the end of the gateway waits for the last lines to be written.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Whole lines, in one piece.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) lines: Vec<u8>,
    pub(crate) count: usize,
    /// Where the lines are that CoreTelemetry is to get.
    pub(crate) urgent: Vec<Range<usize>>,
}

/// Where lines for CoreTelemetry go.
pub(crate) struct Shipping {
    pub(crate) queue: mpsc::Sender<Vec<u8>>,
    pub(crate) telemetry: Arc<Telemetry>,
}

/// The sending end of the log; sending never waits.
#[derive(Clone)]
pub(crate) struct LogSender {
    channel: SyncSender<Piece>,
    dropped: Arc<AtomicU64>,
    /// The least severe level that is written.
    pub(crate) threshold: Threshold,
    /// The least severe level that is shipped, if any is.
    pub(crate) ships_from: Threshold,
}

impl LogSender {
    /// Sends whole lines, or counts them as dropped.
    pub(crate) fn send(&self, piece: Piece) {
        if let Err(TrySendError::Full(piece) | TrySendError::Disconnected(piece)) = self.channel.try_send(piece) {
            self.dropped.fetch_add(piece.count as u64, Ordering::Relaxed);
        }
    }

    /// Whether a line of this level is for CoreTelemetry, too.
    pub(crate) fn ships(&self, level: Level) -> bool {
        self.ships_from.lets(level)
    }

    /// How many lines did not reach the log so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// The log's own thread. It ends when the last sender is gone.
pub(crate) struct Log {
    sender: LogSender,
    written: Receiver<()>,
}

impl Log {
    /// Opens the log and starts its thread. Lines go to the file if there is one, to standard output if there is no file or
    /// somebody watches, and to CoreTelemetry if they are to be shipped.
    ///
    /// # Errors
    ///
    /// The file cannot be opened for appending, or there can be no further thread.
    pub(crate) fn open(settings: &LogSettings, ships_from: Option<LogLevel>, shipping: Shipping) -> io::Result<Self> {
        let open = |path| RotatedFile::open(path, settings.max_size, settings.keep);
        let file = settings.file.as_deref().map(open).transpose()?;
        let has_stdout = file.is_none() || io::stdout().is_terminal();
        let (channel, pieces) = sync_channel(BACKLOG);
        let dropped = Arc::new(AtomicU64::new(0));
        let sender = LogSender {
            channel,
            dropped: Arc::clone(&dropped),
            threshold: Threshold::new(Some(settings.level)),
            ships_from: Threshold::new(ships_from),
        };
        let writer = Writer::new(file, has_stdout, shipping, sender.ships_from.clone(), dropped);
        let (all_written, written) = sync_channel(0);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            writer.run(&pieces);
            drop(all_written);
        })?;
        Ok(Self { sender, written })
    }

    pub(crate) fn sender(&self) -> LogSender {
        self.sender.clone()
    }

    /// A subscriber for the gateway's own events, which makes lines of them.
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::registry().with(EventLines { sender: self.sender() })
    }

    /// Waits until everything that was sent has been written, but not for long: nobody may be reading. Every other
    /// sender must be gone.
    pub(crate) fn close(self) {
        drop(self.sender);
        // The writer never sends; it drops its end when it has written all.
        let _ = self.written.recv_timeout(LAST_WORDS);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The files of a folder, with what is in them.
    pub(super) fn contents(folder: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut files: Vec<_> = entries.map(|path| (name(&path), std::fs::read_to_string(path).unwrap())).collect();
        files.sort();
        files
    }
}
