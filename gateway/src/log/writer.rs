//! The log's own thread: in, pieces from every other one; out, lines in a file, on standard output, and for CoreTelemetry.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use serde_json::{Map, Value};

use super::event::event_line;
use super::file::RotatedFile;
use super::{Level, Piece, Shipping, Threshold};

/// The longest line that CoreTelemetry is sent, in bytes.
const LONGEST_SHIPPED: usize = 16 * 1024;

/// What the log's thread does.
pub(super) struct Writer {
    file: Option<RotatedFile>,
    has_stdout: bool,
    shipping: Shipping,
    ships_from: Threshold,
    dropped: Arc<AtomicU64>,
    /// How many dropped lines have been told of.
    told: u64,
}

impl Writer {
    /// A writer to these sinks; what it has lost so far, and what anybody else loses, is in `dropped`.
    pub(super) fn new(
        file: Option<RotatedFile>,
        has_stdout: bool,
        shipping: Shipping,
        ships_from: Threshold,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self { file, has_stdout, shipping, ships_from, dropped, told: 0 }
    }

    /// Writes until the last sender is gone.
    pub(super) fn run(mut self, pieces: &Receiver<Piece>) {
        while let Ok(piece) = pieces.recv() {
            self.write(&piece);
            self.tell_dropped();
            self.tell_unrotated();
        }
    }

    /// A sink that fails (a full disk, a closed pipe) loses the piece, never the gateway.
    fn write(&mut self, piece: &Piece) {
        let to_file = self.file.as_mut().map(|file| file.append(&piece.lines, Instant::now()));
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
            let lost = dropped - self.told;
            self.told = dropped;
            self.warn("log lines were dropped", [("dropped", lost.into())]);
        }
    }

    /// Says that the file grows on, once when that begins.
    fn tell_unrotated(&mut self) {
        let Some((path, error)) = self.file.as_mut().and_then(RotatedFile::fault) else { return };
        let fields = [("file", path.display().to_string().into()), ("reason", error.to_string().into())];
        self.warn("the log file is full and cannot be rotated: it grows on; see to it that it can be renamed", fields);
    }

    fn warn<const N: usize>(&mut self, message: &str, fields: [(&str, Value); N]) {
        let mut fields: Map<_, _> = fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        fields.insert("message".to_owned(), message.into());
        let lines = event_line(Level::Warning, &fields);
        let urgent = self.ships_from.lets(Level::Warning).then_some(0..lines.len()).into_iter().collect();
        // Should it be lost, too, that is no news.
        self.write(&Piece { lines, count: 0, urgent });
    }
}
