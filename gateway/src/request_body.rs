//! A client's body on its way up to the upstream, and how it is getting on.
//!
//! It is never held as a whole; each frame is passed on when the upstream takes it.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

/// The body of a request on its way to the upstream.
pub(crate) struct RequestBody {
    /// `None` where there is nothing to send.
    incoming: Option<Incoming>,
    upload: Option<Rc<Upload>>,
}

impl RequestBody {
    /// The body that a client sends, of at most `limit` bytes; with it what the forwarding stage watches, if there is
    /// anything to send at all.
    pub(crate) fn new(incoming: Incoming, limit: u64) -> (Self, Option<Rc<Upload>>) {
        if incoming.is_end_stream() {
            return (Self::empty(), None);
        }
        let upload = Rc::new(Upload::new(limit));
        (Self { incoming: Some(incoming), upload: Some(Rc::clone(&upload)) }, Some(upload))
    }

    /// No body.
    pub(crate) const fn empty() -> Self {
        Self { incoming: None, upload: None }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        let Self { incoming: Some(incoming), upload } = &mut *self else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *incoming).poll_frame(cx);
        let Some(upload) = upload else {
            return polled.map_err(|_| RequestBodyFault::Broken);
        };
        upload.waits_for_client.set(polled.is_pending());
        let frame = match ready!(polled) {
            Some(Ok(frame)) if frame.is_data() => Some(upload.take(frame)),
            Some(Err(_)) => Some(Err(upload.fail(RequestBodyFault::Broken))),
            // Trailers end here: a service could take a field in them for one that the gateway has let pass.
            Some(Ok(_)) | None => None,
        };
        upload.is_done.set(frame.is_none() || incoming.is_end_stream());
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// How a request body is getting on: written by the body, read by the stage that waits for the answer.
#[derive(Debug)]
pub(crate) struct Upload {
    is_done: Cell<bool>,
    left: Cell<u64>,
    progress: Cell<Instant>,
    waits_for_client: Cell<bool>,
    fault: Cell<Option<RequestBodyFault>>,
}

impl Upload {
    fn new(limit: u64) -> Self {
        Self {
            is_done: Cell::new(false),
            left: Cell::new(limit),
            progress: Cell::new(Instant::now()),
            waits_for_client: Cell::new(false),
            fault: Cell::new(None),
        }
    }

    /// Whether the whole body has been taken by the upstream's connection.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.get()
    }

    /// When the last part of the body came.
    pub(crate) fn last_progress(&self) -> Instant {
        self.progress.get()
    }

    /// Whether it is the client that everybody waits for.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.waits_for_client.get()
    }

    /// What ended the body early, if anything did.
    pub(crate) fn fault(&self) -> Option<RequestBodyFault> {
        self.fault.get()
    }

    fn take(&self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, RequestBodyFault> {
        self.progress.set(Instant::now());
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.get().checked_sub(length) {
            Some(left) => {
                self.left.set(left);
                Ok(frame)
            }
            None => Err(self.fail(RequestBodyFault::TooLarge)),
        }
    }

    fn fail(&self, fault: RequestBodyFault) -> RequestBodyFault {
        self.fault.set(Some(fault));
        fault
    }
}

/// Why a request body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestBodyFault {
    /// It is longer than the route takes.
    TooLarge,
    /// The client went away or broke the framing.
    Broken,
}

impl fmt::Display for RequestBodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the request body is too large",
            Self::Broken => "the request body broke off",
        })
    }
}

impl Error for RequestBodyFault {}
