//! The gateway's own events as lines: in, what is said with `tracing`; out, JSON.

use std::io::Write as _;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing_subscriber::layer::{Context, Layer};

use super::{Level, LogSender, Piece};
use crate::clock;

/// A line for an event of the gateway's own.
pub(super) fn event_line(level: Level, fields: &Map<String, Value>) -> Vec<u8> {
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
pub(super) struct EventLines {
    pub(super) sender: LogSender,
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
