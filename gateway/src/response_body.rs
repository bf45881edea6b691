//! An upstream's body on its way down to the client. It is never held as a whole; each frame is passed on when the
//! client takes it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::access_log::Exchange;
use crate::upstream::Lease;

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
}

impl ResponseBody {
    /// A body that is all here.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { source: Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())), is_done: false, exchange: None }
    }

    /// A body that an upstream is still sending.
    pub(crate) fn upstream(body: UpstreamBody) -> Self {
        Self { source: Source::Upstream(body), is_done: false, exchange: None }
    }

    /// Ties the exchange to the body: it ends when the body does.
    pub(crate) fn closing(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    fn count(&mut self, frame: &Frame<Bytes>) {
        if let (Some(exchange), Some(data)) = (&mut self.exchange, frame.data_ref()) {
            exchange.response_bytes += data.len() as u64;
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
        let frame = match &mut self.source {
            Source::Whole(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Source::Upstream(body) => ready!(body.poll_frame(cx)),
        };
        match &frame {
            Some(Ok(frame)) => self.count(frame),
            Some(Err(fault)) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.cut = Some(fault.reason());
                }
            }
            None => self.is_done = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(bytes) => bytes.is_none(),
            Source::Upstream(body) => body.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Upstream(body) => body.incoming.size_hint(),
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
    incoming: Incoming,
    lease: Option<Lease>,
    stall_limit: Duration,
    stall: Option<Pin<Box<Sleep>>>,
}

impl UpstreamBody {
    /// The body that comes on the connection of `lease`; at most `stall_limit` passes between two of its frames.
    pub(crate) fn new(incoming: Incoming, lease: Lease, stall_limit: Duration) -> Self {
        let mut body = Self { incoming, lease: Some(lease), stall_limit, stall: None };
        body.release_at_end();
        body
    }

    /// The next frame, as of [`Body::poll_frame`].
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamBodyFault>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) else {
            return self.poll_stall(cx);
        };
        self.stall = None;
        match frame {
            Some(Ok(frame)) => {
                self.release_at_end();
                Poll::Ready(Some(Ok(frame)))
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
        self.lease = None;
        Poll::Ready(Some(Err(UpstreamBodyFault::Stalled)))
    }

    fn release_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.release();
        }
    }

    fn release(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.release();
        }
    }
}

/// Why an upstream's body ended before its end. The client's connection is cut, so that it does not take a part for
/// the whole.
#[derive(Debug)]
pub(crate) enum UpstreamBodyFault {
    /// The connection or the framing broke.
    Broken(hyper::Error),
    /// Nothing came for too long.
    Stalled,
}

impl UpstreamBodyFault {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Broken(_) => "the upstream broke off its answer",
            Self::Stalled => "the upstream stopped sending its answer",
        }
    }
}

impl fmt::Display for UpstreamBodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
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
