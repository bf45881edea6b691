//! One line of JSON for every request, written when its answer has been sent or given up.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use gateway_table::{Route, Table};
use http::{HeaderValue, Method, Uri};
use tokio::sync::Notify;

use crate::auth::Principal;
use crate::client::Client;
use crate::clock::Timestamps;
use crate::cut::Cut;
use crate::log::{Level, LogSender, Piece};
use crate::rejection::Rejection;
use crate::request_body::Upload;
use crate::settings::OutcomeLevels;
use crate::telemetry::{Ended, Recorder};
use crate::trace_context::TraceContext;

/// How full a worker's buffer gets before it is handed over at once, in bytes.
const FULL: usize = 64 * 1024;

/// How long the line may be that makes it full before the buffer grows, in bytes.
const LAST_LINE: usize = 2 * 1024;

/// The status in the log of a request that never got one: its client went away first. No client ever sees it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A worker's lines on their way to the log: kept together for a moment, then handed over as one piece.
pub(crate) struct AccessLog {
    sender: LogSender,
    lines: RefCell<Piece>,
    has_lines: Notify,
    rules: Cell<LogRules>,
    timestamps: RefCell<Timestamps>,
    /// What lines say of the routes, by their place in the table.
    routes: Box<[Box<[u8]>]>,
    /// What its worker counts exchanges with.
    recorder: Recorder,
}

impl AccessLog {
    pub(crate) fn new(sender: LogSender, rules: LogRules, table: &Table, recorder: Recorder) -> Self {
        Self {
            sender,
            rules: Cell::new(rules),
            lines: RefCell::new(empty()),
            has_lines: Notify::new(),
            timestamps: RefCell::default(),
            routes: table.routes.iter().map(|route| route_members(table, route)).collect(),
            recorder,
        }
    }

    /// Writes lines by these rules from now on.
    pub(crate) fn keep_to(&self, rules: LogRules) {
        self.rules.set(rules);
    }

    /// Whether the next request makes a span.
    pub(crate) fn samples(&self) -> bool {
        self.recorder.samples()
    }

    /// Resolves when there are lines to hand over.
    pub(crate) async fn has_lines(&self) {
        self.has_lines.notified().await;
    }

    /// Hands over what there is.
    pub(crate) fn flush(&self) {
        if self.lines.borrow().count > 0 {
            self.sender.send(self.lines.replace(empty()));
        }
    }

    fn write(&self, exchange: &Exchange, elapsed: Duration) {
        let level = exchange.level(self.rules.get().levels);
        if !self.sender.threshold.lets(level) {
            return;
        }
        let mut piece = self.lines.borrow_mut();
        let start = piece.lines.len();
        if exchange.write_line(level, elapsed, self, &mut piece.lines).is_err() {
            piece.lines.truncate(start);
            return;
        }
        piece.count += 1;
        if self.sender.ships(level) {
            let line = start..piece.lines.len();
            piece.urgent.push(line);
        }
        let (is_full, is_first) = (piece.lines.len() >= FULL, piece.count == 1);
        drop(piece);
        if is_full {
            self.flush();
        } else if is_first {
            self.has_lines.notify_one();
        }
    }
}

/// What the settings say about the lines of requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRules {
    pub(crate) levels: OutcomeLevels,
    /// Whether queries are written down.
    pub(crate) has_query: bool,
}

/// A piece with room for as many lines as are handed over at a time.
fn empty() -> Piece {
    Piece { lines: Vec::with_capacity(FULL + LAST_LINE), ..Piece::default() }
}

/// What is known of a request and its answer, as far as it got.
pub(crate) struct Exchange {
    pub(crate) log: Rc<AccessLog>,
    pub(crate) started: Instant,
    pub(crate) client: Rc<Client>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) correlation_id: HeaderValue,
    pub(crate) trace: TraceContext,
    pub(crate) route: Option<usize>,
    pub(crate) principal: Option<Rc<Principal>>,
    pub(crate) status: u16,
    pub(crate) progress: Progress,
    pub(crate) rejection: Option<Rejection>,
    /// How long the request's body is, if its head told.
    pub(crate) announced_bytes: Option<u64>,
    pub(crate) response_bytes: u64,
    /// Whether the answer has no body on the wire, whatever its fields say.
    pub(crate) is_bodiless: bool,
    /// Why the answer was cut off, if it was.
    pub(crate) cut: Option<Cut>,
}

/// How far a request has got on its way to its upstream.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// How often it has been sent.
    pub(crate) attempts: Cell<u32>,
    /// Whether the call of another has brought its answer.
    pub(crate) is_debounced: Cell<bool>,
    upload: OnceCell<Rc<Upload>>,
}

impl Progress {
    /// Goes by this upload from now on, unless there was one before: what is read of a body first is all of it.
    pub(crate) fn follow(&self, upload: Option<&Rc<Upload>>) {
        if let Some(upload) = upload {
            // A second one repeats the first.
            let _ = self.upload.set(Rc::clone(upload));
        }
    }

    /// Goes by what another has seen of the same request.
    pub(crate) fn adopt(&self, other: &Self) {
        self.attempts.set(other.attempts.get());
        self.is_debounced.set(other.is_debounced.get());
        self.follow(other.upload.get());
    }

    fn uploaded_bytes(&self) -> u64 {
        self.upload.get().map_or(0, |upload| upload.taken())
    }
}

/// However an exchange ends, it is counted and logged, and its connection waits for the next.
impl Drop for Exchange {
    fn drop(&mut self) {
        if self.status == 0 {
            self.status = CLIENT_CLOSED_REQUEST;
            self.cut = Some(self.client.watch.reason_to_end());
        }
        self.client.watch.exchange_ended();
        let elapsed = self.started.elapsed();
        self.log.recorder.record(&self.ended(elapsed));
        self.log.write(self, elapsed);
    }
}

impl Exchange {
    fn level(&self, levels: OutcomeLevels) -> Level {
        Level::shown(match self.status {
            502..=504 => levels.upstream_error,
            500.. => levels.gateway_error,
            _ if matches!(self.cut, Some(Cut::Ended | Cut::BrokenOff | Cut::Stalled)) => levels.upstream_error,
            400.. => levels.client_error,
            _ if self.cut.is_some() => levels.client_error,
            _ => levels.success,
        })
    }

    /// What is counted of it.
    fn ended(&self, elapsed: Duration) -> Ended<'_> {
        Ended {
            route: self.route,
            method: &self.method,
            status: self.status,
            started: self.started,
            elapsed,
            request_bytes: self.announced_bytes.unwrap_or_else(|| self.progress.uploaded_bytes()),
            response_bytes: self.response_bytes,
            is_authenticated: self.principal.is_some(),
            attempts: self.progress.attempts.get(),
            is_debounced: self.progress.is_debounced.get(),
            rejection: self.rejection.as_ref().map(Rejection::itself),
            cut: self.cut,
            trace: &self.trace,
        }
    }

    fn write_line(&self, level: Level, elapsed: Duration, log: &AccessLog, line: &mut Vec<u8>) -> std::io::Result<()> {
        line.extend_from_slice(b"{\"timestamp\":\"");
        log.timestamps.borrow_mut().write(line);
        line.extend_from_slice(b"\",\"service\":\"coregateway\",\"level\":\"");
        line.extend_from_slice(level.name().as_bytes());
        line.extend_from_slice(b"\",\"message\":\"request\",\"correlation_id\":");
        push_bytes(line, self.correlation_id.as_bytes())?;
        line.extend_from_slice(b",\"trace_id\":\"");
        line.extend_from_slice(&self.trace.trace_id());
        line.extend_from_slice(b"\",\"client\":\"");
        line.extend_from_slice(self.client.origin.address.as_bytes());
        line.extend_from_slice(b"\",\"method\":");
        push_text(line, self.method.as_str())?;
        self.write_target(log, line)?;
        line.extend_from_slice(b",\"status\":");
        push_number(line, self.status.into());
        line.extend_from_slice(b",\"latency_us\":");
        push_number(line, u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
        line.extend_from_slice(b",\"response_bytes\":");
        push_number(line, self.response_bytes);
        if self.progress.attempts.get() > 1 {
            line.extend_from_slice(b",\"attempts\":");
            push_number(line, self.progress.attempts.get().into());
        }
        self.write_route(log, line)?;
        self.write_causes(line)?;
        line.extend_from_slice(b"}\n");
        Ok(())
    }

    fn write_target(&self, log: &AccessLog, line: &mut Vec<u8>) -> std::io::Result<()> {
        if matches!(self.rejection, Some(Rejection::Malformed(_))) {
            return Ok(());
        }
        line.extend_from_slice(b",\"path\":");
        push_text(line, self.uri.path())?;
        if log.rules.get().has_query
            && let Some(query) = self.uri.query()
        {
            line.extend_from_slice(b",\"query\":");
            push_text(line, query)?;
        }
        Ok(())
    }

    fn write_route(&self, log: &AccessLog, line: &mut Vec<u8>) -> std::io::Result<()> {
        if let Some(members) = self.route.and_then(|route| log.routes.get(route)) {
            line.extend_from_slice(members);
        }
        if let Some(subject) = self.principal.as_ref().and_then(|principal| principal.subject.as_deref()) {
            line.extend_from_slice(b",\"user_id\":");
            push_text(line, subject)?;
        }
        if let Some(name) = self.client.certificate.get() {
            line.extend_from_slice(b",\"client_certificate\":");
            push_text(line, name)?;
        }
        Ok(())
    }

    fn write_causes(&self, line: &mut Vec<u8>) -> std::io::Result<()> {
        if let Some(rejection) = &self.rejection {
            line.extend_from_slice(b",\"reason\":");
            push_text(line, &rejection.to_string())?;
            line.extend_from_slice(b",\"blame\":");
            push_text(line, rejection.blame().name())?;
        }
        if let Some(cut) = self.cut {
            line.extend_from_slice(b",\"cut\":");
            push_text(line, cut.reason())?;
        }
        Ok(())
    }
}

fn push_number(line: &mut Vec<u8>, number: u64) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_text(line: &mut Vec<u8>, text: &str) -> std::io::Result<()> {
    if is_plain(text.as_bytes()) {
        push_plain(line, text.as_bytes());
        return Ok(());
    }
    Ok(serde_json::to_writer(line, text)?)
}

/// Header values are bytes; what is not UTF-8 in them is shown as U+FFFD.
fn push_bytes(line: &mut Vec<u8>, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_ascii() && is_plain(bytes) {
        push_plain(line, bytes);
        return Ok(());
    }
    push_text(line, &String::from_utf8_lossy(bytes))
}

/// Whether JSON has these bytes of UTF-8 as they are (RFC 8259 §7).
fn is_plain(text: &[u8]) -> bool {
    // Every byte is looked at, so that many are at once.
    text.iter().fold(true, |is_plain, byte| is_plain & stands_as_it_is(*byte))
}

const fn stands_as_it_is(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

fn push_plain(line: &mut Vec<u8>, text: &[u8]) {
    line.push(b'"');
    line.extend_from_slice(text);
    line.push(b'"');
}

/// What every line about a request for this route says of it.
fn route_members(table: &Table, route: &Route) -> Box<[u8]> {
    let mut members = b",\"route\":".to_vec();
    // Neither a `Vec` nor text can refuse to be written.
    let _ = push_text(&mut members, &route.path_prefix);
    members.extend_from_slice(b",\"upstream_service\":");
    let _ = push_text(&mut members, &table.service_of(route).name);
    members.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_written_as_json_whatever_is_in_it(text in ".*", bytes in any::<Vec<u8>>()) {
            for (bytes, shown) in [(text.as_bytes(), text.clone()), (&bytes, String::from_utf8_lossy(&bytes).into_owned())] {
                let mut line = Vec::new();
                push_bytes(&mut line, bytes).unwrap();
                prop_assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), shown);
            }
        }
    }
}
