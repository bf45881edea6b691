//! The log: lines of JSON from every thread, written by a thread of its own.
//!
//! In: lines, from a bounded channel that never makes a sender wait. Out: a file, or standard output. What does not
//! fit is dropped, counted, and said.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::clock;
use crate::settings::LogLevel;

/// How many pieces wait for the writer at most; a worker's piece is up to 32 KiB.
const BACKLOG: usize = 256;

/// How long the end of the gateway waits for the last lines to be written.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How bad what a line tells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// For whoever looks into a problem.
    Debug,
    /// What happens in a normal day.
    Info,
    /// Something that someone should look at, some time.
    Warning,
    /// Something that someone should look at now.
    Error,
}

impl Level {
    /// The level as CoreTelemetry calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// The least severe level that a log with this setting shows.
    pub(crate) const fn shown(setting: LogLevel) -> Self {
        match setting {
            LogLevel::Trace | LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warning,
            LogLevel::Error => Self::Error,
        }
    }

    fn of(level: tracing::Level) -> Self {
        match level {
            tracing::Level::TRACE | tracing::Level::DEBUG => Self::Debug,
            tracing::Level::INFO => Self::Info,
            tracing::Level::WARN => Self::Warning,
            tracing::Level::ERROR => Self::Error,
        }
    }
}

/// Whole lines, in one piece.
struct Piece {
    lines: Vec<u8>,
    count: usize,
}

/// The sending end of the log; sending never waits.
#[derive(Clone)]
pub(crate) struct LogSender {
    channel: SyncSender<Piece>,
    dropped: Arc<AtomicU64>,
}

impl LogSender {
    /// Sends `count` whole lines, or counts them as dropped.
    pub(crate) fn send(&self, lines: Vec<u8>, count: usize) {
        if self.channel.try_send(Piece { lines, count }).is_err() {
            self.dropped.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}

/// The log's own thread. It ends when the last sender is gone.
pub(crate) struct Log {
    sender: LogSender,
    written: Receiver<()>,
}

impl Log {
    /// Opens the log and starts its thread. Lines go to `file` if there is one, and to standard output if there is no
    /// file or somebody watches.
    ///
    /// # Errors
    ///
    /// The file cannot be opened for appending, or there can be no further thread.
    pub(crate) fn open(file: Option<&Path>) -> io::Result<Self> {
        let mut sinks: Vec<Box<dyn Write + Send>> = Vec::new();
        if let Some(file) = file {
            sinks.push(Box::new(open_for_appending(file)?));
        }
        if file.is_none() || io::stdout().is_terminal() {
            sinks.push(Box::new(io::stdout()));
        }
        let (channel, pieces) = sync_channel(BACKLOG);
        let dropped = Arc::new(AtomicU64::new(0));
        let sender = LogSender { channel, dropped: Arc::clone(&dropped) };
        let writer = Writer { sinks, dropped, told: 0 };
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
    pub(crate) fn subscriber(&self, level: Level) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::registry().with(EventLines { sender: self.sender(), level })
    }

    /// Waits until everything that was sent has been written, but not for long: nobody may be reading. Every other
    /// sender must be gone.
    pub(crate) fn close(self) {
        drop(self.sender);
        // The writer never sends; it drops its end when it has written all.
        let _ = self.written.recv_timeout(LAST_WORDS);
    }
}

fn open_for_appending(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// What the log's thread does.
struct Writer {
    sinks: Vec<Box<dyn Write + Send>>,
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
        for sink in &mut self.sinks {
            if sink.write_all(&piece.lines).and_then(|()| sink.flush()).is_err() {
                self.dropped.fetch_add(piece.count as u64, Ordering::Relaxed);
            }
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
            self.write(&Piece { lines: event_line(Level::Warning, &fields), count: 0 });
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
    level: Level,
}

impl<S: tracing::Subscriber> Layer<S> for EventLines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        Level::of(*metadata.level()) >= self.level
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.sender.send(event_line(Level::of(*event.metadata().level()), &fields.0), 1);
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
