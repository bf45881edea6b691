//! A stand-in for CoreTelemetry: it takes metrics and log lines, unless it is told to be in a bad mood.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::Full;
use hyper::header::CONTENT_ENCODING;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::Server;

/// How CoreTelemetry treats who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes what it gets.
    Well,
    /// It takes so long to take what it gets.
    Slow(Duration),
    /// It does not answer before its mood changes.
    Hanging,
    /// It answers 500 and takes nothing.
    Failing,
    /// It answers 500 to what has this text in it, and takes all else.
    Choking(&'static str),
}

/// A CoreTelemetry that keeps what it takes until it is dropped.
#[derive(Debug)]
pub struct CoreTelemetry {
    server: Option<Server>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something has come, or the mood has changed.
    news: Condvar,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    /// Bodies that came to `/v1/metrics`, as they were before they were compressed.
    metrics: Vec<Vec<u8>>,
    /// Bodies that came to `/v1/traces`, likewise.
    traces: Vec<Vec<u8>>,
    logs: Vec<Value>,
    /// How many calls have come, answered or not.
    calls: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let mut state = self.lock();
        state.calls += 1;
        self.news.notify_all();
        while state.mood == Mood::Hanging {
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.mood {
            Mood::Failing => return status(StatusCode::INTERNAL_SERVER_ERROR),
            Mood::Slow(pause) => {
                drop(state);
                std::thread::sleep(pause);
                state = self.lock();
            }
            Mood::Choking(on) if has(request.body(), on) => return status(StatusCode::INTERNAL_SERVER_ERROR),
            Mood::Well | Mood::Hanging | Mood::Choking(_) => {}
        }
        let taken = match (request.method(), request.uri().path()) {
            (&Method::POST, "/v1/metrics") => take(request, &mut state.metrics),
            (&Method::POST, "/v1/traces") => take(request, &mut state.traces),
            (&Method::POST, "/v1/logs") => state.take_log(request.body()),
            (&Method::GET, "/healthcheck") => StatusCode::OK,
            _ => StatusCode::NOT_FOUND,
        };
        drop(state);
        self.news.notify_all();
        status(taken)
    }
}

impl State {
    /// One object a call, with the members that the platform asks for.
    fn take_log(&mut self, body: &[u8]) -> StatusCode {
        let Ok(line) = serde_json::from_slice::<Value>(body) else { return StatusCode::BAD_REQUEST };
        let has = |member: &str| line[member].is_string();
        if !["timestamp", "service", "level", "message"].into_iter().all(has) {
            return StatusCode::UNPROCESSABLE_ENTITY;
        }
        self.logs.push(line);
        StatusCode::ACCEPTED
    }
}

impl CoreTelemetry {
    /// Starts a CoreTelemetry on a free port.
    ///
    /// # Errors
    ///
    /// There is no free port, or no further thread.
    pub fn start() -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts a CoreTelemetry at this address.
    ///
    /// # Errors
    ///
    /// The address is taken, or there is no further thread.
    pub fn start_at(address: SocketAddr) -> io::Result<Self> {
        let state = State { mood: Mood::Well, metrics: Vec::new(), traces: Vec::new(), logs: Vec::new(), calls: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), news: Condvar::new() });
        let answering = Arc::clone(&shared);
        let server = Server::start_at(address, move |request| answering.answer(&request))?;
        Ok(Self { server: Some(server), shared })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        self.server.as_ref().map(Server::url).unwrap_or_default()
    }

    /// Changes how it treats who comes, and who is there already.
    pub fn set_mood(&self, mood: Mood) {
        self.shared.lock().mood = mood;
        self.shared.news.notify_all();
    }

    /// How many calls have come so far.
    pub fn calls(&self) -> usize {
        self.shared.lock().calls
    }

    /// The metrics payloads that it took, as they came.
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        self.shared.lock().metrics.clone()
    }

    /// The requests with spans that it took, as they came.
    pub fn traces(&self) -> Vec<Vec<u8>> {
        self.shared.lock().traces.clone()
    }

    /// The log lines that it took.
    pub fn logs(&self) -> Vec<Value> {
        self.shared.lock().logs.clone()
    }

    /// What it was last told of a metric: the values of its series, by their labels as JSON. A histogram's is its count;
    /// what is no whole number is 0.
    pub fn series(&self, name: &str) -> BTreeMap<String, u64> {
        let mut latest = BTreeMap::new();
        for payload in &self.shared.lock().metrics {
            let Ok(payload) = serde_json::from_slice::<Value>(payload) else { continue };
            let families = payload["metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
            for series in families
                .iter()
                .filter(|family| family["name"] == name)
                .flat_map(|family| family["series"].as_array().map(Vec::as_slice).unwrap_or_default())
            {
                let value = series["value"].as_u64().or_else(|| series["count"].as_u64());
                latest.insert(series["labels"].to_string(), value.unwrap_or_default());
            }
        }
        latest
    }

    /// Waits until this is so, for half a minute at most.
    pub fn wait_until(&self, is_so: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..600 {
            if is_so(self) {
                return true;
            }
            let state = self.shared.lock();
            let waited = self.shared.news.wait_timeout(state, Duration::from_millis(50));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
        is_so(self)
    }
}

impl Drop for CoreTelemetry {
    fn drop(&mut self) {
        // Nobody may be left hanging: the server's thread is waited for.
        self.set_mood(Mood::Failing);
        drop(self.server.take());
    }
}

/// Whether a body that is not compressed has this text in it.
fn has(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).contains(text)
}

/// Keeps a body as it was before it was compressed.
fn take(request: &Request<Bytes>, taken: &mut Vec<Vec<u8>>) -> StatusCode {
    let mut body = request.body().to_vec();
    if request.headers().contains_key(CONTENT_ENCODING) {
        let compressed = std::mem::take(&mut body);
        if GzDecoder::new(&compressed[..]).read_to_end(&mut body).is_err() {
            return StatusCode::BAD_REQUEST;
        }
    }
    taken.push(body);
    StatusCode::ACCEPTED
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(json!({ "status": status.as_u16() }).to_string())));
    *response.status_mut() = status;
    response
}
