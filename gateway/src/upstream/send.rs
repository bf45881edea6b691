//! One try of a request over HTTP: on an idle connection if there is any, else on a new one.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use gateway_http1::ResponseHead;
use gateway_table::Timeouts;
use http::{HeaderMap, Method, Response};
use tokio::time::{Instant, timeout};

use super::http1::Exchange;
use super::{Pool, UpstreamFault, http2};
use crate::auth::Principal;
use crate::connection::Interim;
use crate::headers::Forwarding;
use crate::request_body::RequestBody;
use crate::response_body::UpstreamBody;
use crate::stream::Stream;

/// Which HTTP a request is sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Whichever the upstream chooses.
    Any,
    /// HTTP/1.1, which alone can switch a connection to another protocol.
    Http1,
    /// HTTP/2, without which there is no gRPC.
    Http2,
}

/// A request as the upstream gets it, save its body.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    /// What follows the authority in its URL.
    pub(crate) target: String,
    /// The fields that its client has sent.
    pub(crate) headers: HeaderMap,
    /// Which of them the upstream sees, and which others.
    pub(crate) forwarding: Forwarding<'a>,
    pub(crate) protocol: Protocol,
    /// Where interim answers go.
    pub(crate) interim: Interim,
    pub(crate) timeouts: Timeouts,
    /// When the calling began, and how long it may take until there is an answer.
    pub(crate) started: Instant,
    pub(crate) timeout: Duration,
    /// Who is asking, where the route asks that.
    #[cfg_attr(not(feature = "zeromq"), expect(dead_code, reason = "over HTTP, fields say so"))]
    pub(crate) principal: Option<Rc<Principal>>,
}

impl Outgoing<'_> {
    /// Its fields as a map, for protocols that want one.
    pub(super) fn fields(&self) -> HeaderMap {
        self.forwarding.fields(&self.headers)
    }
}

/// An answer: its head, and its body on the connection on which it comes.
pub(crate) type Answer = Response<UpstreamBody>;

/// Sends a request. An idle connection that turns out closed costs nothing but another try, where the request may be
/// sent again: `is_repeatable` says that it does no harm; where nothing was sent of it, it does none either.
pub(super) async fn send(
    pool: &Rc<Pool>,
    request: &Outgoing<'_>,
    body: &mut RequestBody,
    is_repeatable: bool,
) -> Result<Answer, UpstreamFault> {
    if request.protocol == Protocol::Http2 || (request.protocol == Protocol::Any && pool.shared.is_for_all()) {
        return Box::pin(http2::send(pool, None, request, body)).await;
    }
    while let Some(lease) = pool.idle() {
        let mut exchange = Exchange::start(lease, request, body);
        match exchange.head(request, body).await {
            Ok(head) => return Ok(taken(exchange, head, body)),
            Err(fault) => {
                let may_repeat = is_repeatable || !exchange.has_sent();
                if !(exchange.was_stale() && fault.is_reset() && may_repeat && body.rewind()) {
                    return Err(fault);
                }
            }
        }
    }
    let stream = Box::pin(open(pool, request)).await?;
    if stream.protocol() == Some(b"h2") {
        return Box::pin(http2::send(pool, Some(stream), request, body)).await;
    }
    let mut exchange = Exchange::start(pool.lease(stream), request, body);
    let head = exchange.head(request, body).await?;
    Ok(taken(exchange, head, body))
}

/// A new stream, within the time that the route has for one.
pub(super) async fn open(pool: &Pool, request: &Outgoing<'_>) -> Result<Stream, UpstreamFault> {
    let opening = pool.open(request.protocol);
    match request.timeouts.connect {
        Some(limit) => timeout(limit, opening).await.unwrap_or(Err(UpstreamFault::ConnectTooSlow(limit))),
        None => opening.await,
    }
}

fn taken(exchange: Exchange, head: ResponseHead, body: &mut RequestBody) -> Answer {
    let body = body.take();
    let mut response = Response::new(UpstreamBody::http1(exchange, body));
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

impl UpstreamFault {
    /// Whether the connection broke before an answer.
    const fn is_reset(&self) -> bool {
        matches!(self, Self::Reset(_))
    }

    /// The connection ended where an answer should have come.
    pub(super) fn ended() -> Self {
        Self::Reset(io::ErrorKind::UnexpectedEof.into())
    }
}
