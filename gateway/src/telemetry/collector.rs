//! A neighbour that takes telemetry: POST requests on one connection, which is kept.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::settings::HttpUrl;
use crate::upstream::open;

/// How long a call may take, the connection included.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The longest answer that is read, for the sake of the connection, and how long its body may take to come.
const LONGEST_ANSWER: usize = 64 * 1024;
const BODY_TIME_LIMIT: Duration = Duration::from_millis(500);

/// Where telemetry goes.
pub(super) struct Collector {
    url: HttpUrl,
    /// The kept one.
    connection: Option<Connection>,
}

type Connection = SendRequest<Full<Bytes>>;

/// The head of an answer, and the connection on which the rest of it comes.
type Answered = (Connection, Response<Incoming>);

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) content_type: &'static str,
    pub(super) is_gzip: bool,
    pub(super) body: Bytes,
}

/// Why a call has failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallFault {
    #[error("it did not answer within 5 s")]
    TimedOut,
    #[error("the connection failed: {0}")]
    Connect(#[source] io::Error),
    #[error("the URL cannot be asked for: {0}")]
    Request(#[source] http::Error),
    #[error("the exchange failed: {0}")]
    Exchange(#[source] hyper::Error),
    #[error("it answered {}{}", .0.as_u16(), hint(*.0))]
    Status(StatusCode),
}

impl Collector {
    pub(super) fn new(url: HttpUrl) -> Self {
        Self { url, connection: None }
    }

    /// Sends a message; it is taken if the answer's status is 2xx, whatever becomes of the answer's body.
    pub(super) async fn post(&mut self, message: Message) -> Result<(), CallFault> {
        // What comes later on a connection that failed would be taken for the answer to something else: it is not kept.
        let exchange = self.exchange(message);
        let (connection, response) = timeout(TIME_LIMIT, exchange).await.unwrap_or(Err(CallFault::TimedOut))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect();
        if timeout(BODY_TIME_LIMIT, body).await.is_ok_and(|read| read.is_ok()) {
            self.connection = Some(connection);
        }
        if status.is_success() { Ok(()) } else { Err(CallFault::Status(status)) }
    }

    async fn exchange(&mut self, message: Message) -> Result<Answered, CallFault> {
        if let Some(mut kept) = self.connection.take()
            && kept.ready().await.is_ok()
            // The other end may close it at the very moment; then it has not taken the message.
            && let Ok(answered) = self.send(kept, message.clone()).await
        {
            return Ok(answered);
        }
        let stream = open(&self.url.address).await.map_err(CallFault::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(CallFault::Exchange)?;
        // What goes wrong in it shows in the answer.
        tokio::spawn(async move { drop(connection.await) });
        self.send(sender, message).await
    }

    async fn send(&self, mut connection: Connection, message: Message) -> Result<Answered, CallFault> {
        let mut request = Request::post(self.url.path.as_str())
            .header(HOST, self.url.address.authority())
            .header(USER_AGENT, "coregateway")
            .header(CONTENT_TYPE, message.content_type);
        if message.is_gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let request = request.body(Full::new(message.body)).map_err(CallFault::Request)?;
        let response = connection.send_request(request).await.map_err(CallFault::Exchange)?;
        Ok((connection, response))
    }
}

/// The end of a status's message: what to look at where the fault is not in what was sent.
fn hint(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => ", and is not followed elsewhere: look at `telemetry` in the configuration",
        401 | 403 => ", and the gateway has nothing to identify itself with: let it in without",
        404 | 405 => ": look at the URL and the paths of `telemetry` in the configuration",
        415 | 431 => ": look at `telemetry.format`, and whether CoreTelemetry is what answers there",
        _ => "",
    }
}
