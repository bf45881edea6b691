//! The log: lines of JSON from every thread, written by a thread of its own.
//!
//! In: lines, from a bounded channel that never makes a sender wait. Out: a file, or standard output; and those that are
//! bad enough, for CoreTelemetry. What does not fit is dropped, counted, and said.

mod file;
mod level;

use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use self::file::RotatedFile;
use crate::clock;
use crate::settings::{LogLevel, LogSettings};
use crate::telemetry::Telemetry;

pub(crate) use self::level::{Level, Threshold};

/// How many pieces wait for the writer at most; a worker's piece is up to 32 KiB.
const BACKLOG: usize = 256;

/// How long the end of the gateway waits for the last lines to be written.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// The longest line that CoreTelemetry is sent, in bytes.
const LONGEST_SHIPPED: usize = 16 * 1024;

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
        let writer = Writer { file, has_stdout, shipping, dropped, told: 0 };
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

/// What the log's thread does.
struct Writer {
    file: Option<RotatedFile>,
    has_stdout: bool,
    shipping: Shipping,
    dropped: Arc<AtomicU64>,
    told: u64,
}

impl Writer {
    fn run(mut self, pieces: &Receiver<Piece>) {
        while let Ok(piece) = pieces.recv() {
            self.write(&piece);
            self.tell_dropped();
        }
    }

    /// A sink that fails (a full disk, a closed pipe) loses the piece, never the gateway.
    fn write(&mut self, piece: &Piece) {
        let to_file = self.file.as_mut().map(|file| file.append(&piece.lines));
        let to_stdout = self.has_stdout.then(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&piece.lines).and_then(|()| stdout.flush())
        });
        for written in [to_file, to_stdout].into_iter().flatten() {
            if written.is_err() {
                self.dropped.fetch_add(piece.count as u64, Ordering::Relaxed);
            }
        }
        for line in &piece.urgent {
            self.ship(&piece.lines[line.clone()]);
        }
    }

    /// Hands a line over for CoreTelemetry, or counts it as dropped.
    fn ship(&self, line: &[u8]) {
        let own = &self.shipping.telemetry.own;
        own.log_backlog.add(1);
        let is_short = line.len() <= LONGEST_SHIPPED;
        if !is_short || self.shipping.queue.try_send(line.trim_ascii_end().to_vec()).is_err() {
            own.log_backlog.subtract(1);
            own.logs_dropped.add(1);
        }
    }

    /// Says how many lines were lost since it was last said.
    fn tell_dropped(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > self.told {
            let mut fields = Map::new();
            fields.insert("dropped".to_owned(), (dropped - self.told).into());
            fields.insert("message".to_owned(), "log lines were dropped".into());
            self.told = dropped;
            self.write(&Piece { lines: event_line(Level::Warning, &fields), ..Piece::default() });
        }
    }
}

/// A line for an event of the gateway's own.
fn event_line(level: Level, fields: &Map<String, Value>) -> Vec<u8> {
    let mut line = Vec::with_capacity(256);
    line.extend_from_slice(b"{\"timestamp\":\"");
    clock::write_timestamp(&mut line);
    line.extend_from_slice(b"\",\"service\":\"coregateway\",\"level\":\"");
    line.extend_from_slice(level.name().as_bytes());
    line.push(b'"');
    for (name, value) in fields {
        // Neither a `Vec` nor JSON text can refuse to be written.
        let _ = write!(line, ",{}:{value}", Value::from(name.as_str()));
    }
    line.extend_from_slice(b"}\n");
    line
}

/// Makes lines of events.
struct EventLines {
    sender: LogSender,
}

impl<S: tracing::Subscriber> Layer<S> for EventLines {
    /// The threshold may change, so that every event asks for itself.
    fn register_callsite(&self, _: &'static tracing::Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        self.sender.threshold.lets(Level::of(*metadata.level()))
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = Level::of(*event.metadata().level());
        let lines = event_line(level, &fields.0);
        let urgent = self.sender.ships(level).then_some(0..lines.len()).into_iter().collect();
        self.sender.send(Piece { lines, count: 1, urgent });
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}
