//! An upstream's body on its way down to the client. It is never held as a whole; each part is passed on when the client
//! takes it.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;
use tower_http::compression::CompressionBody;

use crate::access_log::Exchange;
use crate::cut::Cut;
use crate::debounce::Replayed;
#[cfg(feature = "zeromq")]
use crate::parts::Parts;
use crate::rejection::Rejection;
use crate::request_body::RequestBody;
use crate::upstream;
use crate::upstream::Slot;
use crate::wire::Wire;

/// The body of an answer. Dropping it ends the exchange.
pub(crate) struct ResponseBody {
    source: Source,
    /// Whether the end has been reached and told.
    is_done: bool,
    exchange: Option<Box<Exchange>>,
}

enum Source {
    Whole(Option<Bytes>),
    Upstream(UpstreamBody),
    /// Another body, whose beginning has been read already.
    Replayed(Box<Replayed<ResponseBody>>),
    /// Another body, compressed on its way.
    Compressed(Pin<Box<CompressionBody<ResponseBody>>>),
    Tunnel(Option<Box<Tunnel>>),
}

/// What remains of an exchange after its protocol was switched.
pub(crate) struct Tunnel {
    /// The connection to the upstream.
    pub(crate) upstream: Wire,
    /// How long nothing may move on it.
    pub(crate) idle: Duration,
    /// The request's place at its service, which it keeps until the tunnel ends.
    #[expect(dead_code, reason = "it is given back by being dropped")]
    pub(crate) slot: Option<Slot>,
}

impl ResponseBody {
    /// A body that is all here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::of(Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    /// A body that an upstream is still sending.
    pub(crate) fn upstream(body: UpstreamBody) -> Self {
        Self::of(Source::Upstream(body))
    }

    /// A body whose beginning has been read already.
    pub(crate) fn replayed(body: Replayed<Self>) -> Self {
        Self::of(Source::Replayed(Box::new(body)))
    }

    /// A body that is compressed on its way.
    pub(crate) fn compressed(body: CompressionBody<Self>) -> Self {
        Self::of(Source::Compressed(Box::pin(body)))
    }

    /// No body: what follows on the connection is another protocol's.
    pub(crate) fn tunnel(tunnel: Tunnel) -> Self {
        Self::of(Source::Tunnel(Some(Box::new(tunnel))))
    }

    const fn of(source: Source) -> Self {
        Self { source, is_done: false, exchange: None }
    }

    /// Ties the exchange to the body: it ends when the body does.
    pub(crate) fn closing(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    /// Whether parts of it are still to come from an upstream.
    pub(crate) fn is_streamed(&self) -> bool {
        matches!(&self.source, Source::Upstream(body) if !body.is_at_end())
    }

    /// Whether the request was such that nothing which follows it on its connection can be trusted.
    pub(crate) fn must_close(&self) -> bool {
        let rejection = self.exchange.as_ref().and_then(|exchange| exchange.rejection.as_ref());
        rejection.is_some_and(Rejection::must_close)
    }

    /// The next part.
    pub(crate) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyFault>>> {
        let part = match &mut self.source {
            Source::Whole(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Source::Upstream(body) => ready!(body.poll_part(cx)),
            Source::Replayed(body) => ready!(Pin::new(&mut **body).poll_frame(cx)),
            Source::Compressed(body) => ready!(body.as_mut().poll_frame(cx)).map(|part| part.map_err(of_compressed)),
            Source::Tunnel(_) => None,
        };
        match &part {
            Some(Ok(part)) => self.count(part.data_ref().map_or(0, Bytes::len) as u64),
            Some(Err(fault)) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.cut = Some(fault.cut());
                }
            }
            None => self.is_done = true,
        }
        Poll::Ready(part)
    }

    /// Goes on sending what is left of the request, while the client does not take the answer.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        match &mut self.source {
            Source::Upstream(UpstreamBody { source: Some(UpstreamSource::Http1(under_way)), .. }) => {
                let (exchange, body) = &mut **under_way;
                exchange.poll_upload(cx, body);
            }
            Source::Compressed(body) => body.as_mut().get_pin_mut().poll_upload(cx),
            Source::Replayed(body) => {
                if let Some(rest) = body.rest_mut() {
                    rest.poll_upload(cx);
                }
            }
            _ => {}
        }
    }

    /// All of the body that the client is to get has been handed over.
    pub(crate) fn ended(&mut self) {
        self.is_done = true;
    }

    /// The tunnel that follows, if there is one.
    pub(crate) fn take_tunnel(&mut self) -> Option<Tunnel> {
        match &mut self.source {
            Source::Tunnel(tunnel) => tunnel.take().map(|tunnel| *tunnel),
            _ => None,
        }
    }

    /// The tunnel has ended, after so many bytes for the client.
    pub(crate) fn tunnelled(&mut self, bytes: u64) {
        self.count(bytes);
        self.is_done = true;
    }

    fn count(&mut self, bytes: u64) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response_bytes += bytes;
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = UpstreamBodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyFault>>> {
        self.poll_part(cx)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(bytes) => bytes.is_none(),
            Source::Upstream(body) => body.is_at_end(),
            Source::Replayed(body) => body.is_end_stream(),
            Source::Compressed(body) => body.is_end_stream(),
            Source::Tunnel(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Upstream(body) => body.size_hint(),
            Source::Replayed(body) => body.size_hint(),
            Source::Compressed(body) => body.size_hint(),
            Source::Tunnel(_) => SizeHint::default(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        let is_whole = self.is_done || self.is_end_stream();
        if let Some(exchange) = &mut self.exchange
            && exchange.cut.is_none()
            && !is_whole
            && !exchange.is_bodiless
        {
            exchange.cut = Some(exchange.client.watch.reason_to_end());
        }
    }
}

/// A body that an upstream sends, and the connection that becomes free at its end.
pub(crate) struct UpstreamBody {
    /// `None` once it has ended.
    source: Option<UpstreamSource>,
    had_request_body: bool,
    stall_limit: Duration,
    stall: Option<Pin<Box<Sleep>>>,
    /// The request's place at its service.
    slot: Option<Slot>,
}

enum UpstreamSource {
    /// With what is left to send of the request's body.
    Http1(Box<(upstream::Exchange, RequestBody)>),
    Http2(Incoming),
    /// All of it is here.
    #[cfg(feature = "zeromq")]
    Held(Parts),
}

impl UpstreamBody {
    /// The body that comes in this exchange, in which the request's body may still be on its way up.
    pub(crate) fn http1(exchange: upstream::Exchange, request: RequestBody) -> Self {
        let had_request_body = !request.length().is_empty();
        Self::of(UpstreamSource::Http1(Box::new((exchange, request))), had_request_body)
    }

    /// The body that comes on a stream of HTTP/2.
    pub(crate) const fn http2(incoming: Incoming, had_request_body: bool) -> Self {
        Self::of(UpstreamSource::Http2(incoming), had_request_body)
    }

    /// The body that has come as a whole.
    #[cfg(feature = "zeromq")]
    pub(crate) const fn held(parts: Parts, had_request_body: bool) -> Self {
        Self::of(UpstreamSource::Held(parts), had_request_body)
    }

    const fn of(source: UpstreamSource, had_request_body: bool) -> Self {
        Self { source: Some(source), had_request_body, stall_limit: Duration::MAX, stall: None, slot: None }
    }

    /// Sets how long may pass at most between two of its parts, and keeps the request's place until its end.
    pub(crate) fn hold(&mut self, stall_limit: Duration, slot: Slot) {
        self.stall_limit = stall_limit;
        self.slot = Some(slot);
        self.release_at_end();
    }

    /// Whether the request had a body, which has gone along with the answer.
    pub(crate) const fn has_request_body(&self) -> bool {
        self.had_request_body
    }

    /// The connection, after its protocol was switched.
    pub(crate) fn into_wire(self) -> Option<Wire> {
        match self.source {
            Some(UpstreamSource::Http1(under_way)) => Some(under_way.0.into_wire()),
            Some(UpstreamSource::Http2(_)) | None => None,
            #[cfg(feature = "zeromq")]
            Some(UpstreamSource::Held(_)) => None,
        }
    }

    /// The next part.
    pub(crate) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyFault>>> {
        let polled = match &mut self.source {
            Some(UpstreamSource::Http1(under_way)) => {
                let (exchange, request) = &mut **under_way;
                exchange.poll_part(cx, request)
            }
            Some(UpstreamSource::Http2(incoming)) => poll_incoming(incoming, cx),
            #[cfg(feature = "zeromq")]
            Some(UpstreamSource::Held(parts)) => Poll::Ready(parts.take().map(|part| Ok(Frame::data(part)))),
            None => Poll::Ready(None),
        };
        let Poll::Ready(part) = polled else { return self.poll_stall(cx) };
        self.stall = None;
        match part {
            Some(Ok(part)) => {
                self.release_at_end();
                Poll::Ready(Some(Ok(part)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(UpstreamBodyFault::Broken(error)))),
            None => {
                self.release();
                Poll::Ready(None)
            }
        }
    }

    /// Nothing came: ready with a fault once that has lasted too long.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyFault>>> {
        let limit = self.stall_limit;
        let stall = self.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stall.as_mut().poll(cx));
        self.source = None;
        Poll::Ready(Some(Err(UpstreamBodyFault::Stalled)))
    }

    fn is_at_end(&self) -> bool {
        match &self.source {
            Some(UpstreamSource::Http1(under_way)) => under_way.0.is_at_end(),
            Some(UpstreamSource::Http2(incoming)) => incoming.is_end_stream(),
            #[cfg(feature = "zeromq")]
            Some(UpstreamSource::Held(parts)) => parts.left() == 0,
            None => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Some(UpstreamSource::Http1(under_way)) => {
                under_way.0.remaining().map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            Some(UpstreamSource::Http2(incoming)) => incoming.size_hint(),
            #[cfg(feature = "zeromq")]
            Some(UpstreamSource::Held(parts)) => SizeHint::with_exact(parts.left()),
            None => SizeHint::with_exact(0),
        }
    }

    fn release_at_end(&mut self) {
        if self.is_at_end() {
            self.release();
        }
    }

    fn release(&mut self) {
        self.slot = None;
        if let Some(UpstreamSource::Http1(under_way)) = self.source.take() {
            under_way.0.end();
        }
    }
}

/// The next part that is not empty: an empty one says nothing, and clients of HTTP/2 do not bear many of them.
fn poll_incoming(incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
    loop {
        let part = ready!(Pin::new(&mut *incoming).poll_frame(cx)).transpose().map_err(io::Error::other)?;
        if !part.as_ref().and_then(Frame::data_ref).is_some_and(Bytes::is_empty) {
            return Poll::Ready(part.map(Ok));
        }
    }
}

/// Why an upstream's body ended before its end. The client's connection is cut, so that it does not take a part for
/// the whole.
#[derive(Debug)]
pub(crate) enum UpstreamBodyFault {
    /// The connection or the framing broke.
    Broken(io::Error),
    /// Nothing came for too long.
    Stalled,
}

/// What broke off a body that was compressed on its way: the compression itself fails at nothing.
fn of_compressed(error: Box<dyn Error + Send + Sync>) -> UpstreamBodyFault {
    error.downcast().map_or_else(|error| UpstreamBodyFault::Broken(io::Error::other(error)), |fault| *fault)
}

impl UpstreamBodyFault {
    const fn cut(&self) -> Cut {
        match self {
            Self::Broken(_) => Cut::BrokenOff,
            Self::Stalled => Cut::Stalled,
        }
    }
}

impl fmt::Display for UpstreamBodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cut().reason())
    }
}

impl Error for UpstreamBodyFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::Stalled => None,
        }
    }
}
