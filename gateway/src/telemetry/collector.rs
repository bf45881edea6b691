//! A neighbour that takes telemetry: POST requests on one connection, which is kept.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::settings::HttpUrl;
use crate::upstream::open;

/// How long a call may take, the connection included.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The longest answer that is read, for the sake of the connection.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Where telemetry goes.
pub(super) struct Collector {
    url: HttpUrl,
    connection: Option<SendRequest<Full<Bytes>>>,
}

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
    #[error("it answered {}", .0.as_u16())]
    Status(StatusCode),
}

impl Collector {
    pub(super) fn new(url: HttpUrl) -> Self {
        Self { url, connection: None }
    }

    /// Sends a message; it is taken if the answer's status is 2xx.
    pub(super) async fn post(&mut self, message: Message) -> Result<(), CallFault> {
        let sent = timeout(TIME_LIMIT, self.exchange(message)).await;
        let status = match sent.unwrap_or(Err(CallFault::TimedOut)) {
            Ok(status) => status,
            Err(fault) => {
                // What comes on it later would be taken for the answer to something else.
                self.connection = None;
                return Err(fault);
            }
        };
        if status.is_success() { Ok(()) } else { Err(CallFault::Status(status)) }
    }

    async fn exchange(&mut self, message: Message) -> Result<StatusCode, CallFault> {
        if let Some(mut kept) = self.connection.take()
            && kept.ready().await.is_ok()
            // The other end may close it at the very moment; then it has not taken the message.
            && let Ok(status) = self.send(kept, message.clone()).await
        {
            return Ok(status);
        }
        let stream = open(&self.url.address).await.map_err(CallFault::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(CallFault::Exchange)?;
        // What goes wrong in it shows in the answer.
        tokio::spawn(async move { drop(connection.await) });
        self.send(sender, message).await
    }

    async fn send(
        &mut self,
        mut connection: SendRequest<Full<Bytes>>,
        message: Message,
    ) -> Result<StatusCode, CallFault> {
        let mut request = Request::post(self.url.path.as_str())
            .header(HOST, self.url.address.authority())
            .header(USER_AGENT, "coregateway")
            .header(CONTENT_TYPE, message.content_type);
        if message.is_gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let request = request.body(Full::new(message.body)).map_err(CallFault::Request)?;
        let response = connection.send_request(request).await.map_err(CallFault::Exchange)?;
        let status = response.status();
        if Limited::new(response.into_body(), LONGEST_ANSWER).collect().await.is_ok() {
            self.connection = Some(connection);
        }
        Ok(status)
    }
}
