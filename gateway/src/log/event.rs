//! The gateway's own events as lines: in, what is said with `tracing`; out, JSON.

use std::io::Write as _;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing_subscriber::layer::{Context, Layer};

use super::{Level, LogSender, Piece};
use crate::clock;

/// The target of what operators have the gateway do, which is written down whatever the level is.
pub(crate) const BY_OPERATORS: &str = "by operators";

/// What every line has; a field of an event is called otherwise.
const RESERVED: [&str; 3] = ["timestamp", "service", "level"];

/// A line for an event of the gateway's own.
pub(crate) fn event_line(level: Level, fields: &Map<String, Value>) -> Vec<u8> {
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
        metadata.target() == BY_OPERATORS || self.sender.threshold.lets(Level::of(*metadata.level()))
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
        let mut name = field.name().to_owned();
        if RESERVED.contains(&field.name()) {
            name.insert_str(0, "event_");
        }
        self.0.insert(name, value.into());
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

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::{LogSender, Threshold};
    use super::*;
    use crate::settings::LogLevel;

    #[test]
    fn no_line_has_a_member_twice_whatever_the_fields_of_its_event_are_called() {
        let (channel, pieces) = std::sync::mpsc::sync_channel(1);
        let any = || Threshold::new(Some(LogLevel::Trace));
        let sender = LogSender { channel, dropped: std::sync::Arc::default(), threshold: any(), ships_from: any() };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(EventLines { sender }), || {
            tracing::warn!(timestamp = 1, service = "other", level = "loud", reason = "x", "said");
        });
        let lines = String::from_utf8(pieces.recv().unwrap().lines).unwrap();
        let rest = lines.split_once("\"level\"").unwrap().1;
        assert_eq!(
            rest,
            ":\"WARNING\",\"event_level\":\"loud\",\"event_service\":\"other\",\"event_timestamp\":1,\"message\":\"said\",\"reason\":\"x\"}\n"
        );
    }
}
