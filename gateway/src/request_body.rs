//! A client's body on its way up to the upstream, and how it is getting on.
//!
//! It is passed on as the upstream takes it. Its beginning is kept for as long as the request might have to be sent again.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gateway_http1::BodyLength;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::connection::ClientWire;
use crate::debounce::Replayed;
use crate::headers::forward_trailers;

/// How much of a body is kept to be sent again, in bytes.
const MOST_KEPT: usize = 64 * 1024;

/// How long a body may come as slowly as it likes.
const RATE_GRACE: Duration = Duration::from_secs(5);

/// A request's body, as its client's connection has it.
#[derive(Default)]
pub(crate) enum ClientBody {
    /// There is none.
    #[default]
    Empty,
    /// It comes on an HTTP/1.1 connection.
    Http1(Rc<ClientWire>),
    /// It comes on a stream of HTTP/2.
    Http2(Incoming),
    /// It has come as a whole.
    Whole(Bytes),
    /// Its beginning has been read already; with its whole length, if the client said so.
    Replayed(Box<Replayed<RequestBody>>, Option<u64>),
}

impl ClientBody {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Http1(wire) => wire.poll_body(cx),
            Self::Http2(incoming) => Pin::new(incoming).poll_frame(cx).map_err(|_| RequestBodyFault::Broken),
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Replayed(body, _) => Pin::new(&mut **body).poll_frame(cx),
        }
    }

    fn is_at_end(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Http1(wire) => wire.is_body_at_end(),
            Self::Http2(incoming) => incoming.is_end_stream(),
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Replayed(body, _) => body.is_end_stream(),
        }
    }

    /// How long it is, if the client said so.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Http1(wire) => wire.body_left(),
            Self::Http2(incoming) => incoming.size_hint().exact(),
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Replayed(_, length) => *length,
        }
    }
}

/// The body of a request on its way to the upstream.
pub(crate) struct RequestBody {
    source: ClientBody,
    length: BodyLength,
    upload: Option<Rc<Upload>>,
    kept: Kept,
}

/// What has been taken of a body and may have to be sent again.
struct Kept {
    parts: Vec<Bytes>,
    bytes: usize,
    /// How many bytes are kept at most.
    limit: usize,
    /// How many of the parts have been sent this time.
    sent: usize,
    /// Whether more was taken than is kept.
    is_lost: bool,
}

impl RequestBody {
    /// The body that a client sends, of at most `limit` bytes and no slower than `rate` bytes a second; with it what the forwarding stage watches, if there is
    /// anything to send at all.
    pub(crate) fn new(source: ClientBody, limit: u64, rate: u32) -> (Self, Option<Rc<Upload>>) {
        let length = match source.length() {
            _ if source.is_at_end() => BodyLength::Empty,
            Some(length) => BodyLength::Exact(length),
            None => BodyLength::Chunked,
        };
        let upload = (!source.is_at_end()).then(|| Rc::new(Upload::new(limit, rate)));
        (Self { source, length, upload: upload.clone(), kept: Kept::new() }, upload)
    }

    /// No body.
    pub(crate) fn empty() -> Self {
        Self { source: ClientBody::Empty, length: BodyLength::Empty, upload: None, kept: Kept::new() }
    }

    /// Takes the body away; what is left cannot be sent in its place, unless there was none.
    pub(crate) fn take(&mut self) -> Self {
        let mut left = Self::empty();
        left.kept.is_lost = !self.length.is_empty();
        std::mem::replace(self, left)
    }

    /// When the last part of the body came, if there is one.
    #[cfg(feature = "zeromq")]
    pub(crate) fn last_progress(&self) -> Option<Instant> {
        self.upload.as_ref().map(|upload| upload.last_progress())
    }

    /// What ended the body early, if anything did.
    pub(crate) fn fault(&self) -> Option<RequestBodyFault> {
        self.upload.as_ref().and_then(|upload| upload.fault())
    }

    /// How the upstream is told its length.
    pub(crate) fn length(&self) -> BodyLength {
        self.length
    }

    /// Starts from the beginning again, if that can be had.
    pub(crate) fn rewind(&mut self) -> bool {
        self.kept.sent = 0;
        !self.kept.is_lost
    }

    /// Keeps nothing any more: the request will not be sent again.
    pub(crate) fn forget(&mut self) {
        self.kept.limit = 0;
        self.kept.shorten();
    }

    /// The next part.
    pub(crate) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        if let Some(part) = self.kept.parts.get(self.kept.sent) {
            self.kept.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(part.clone()))));
        }
        let Some(upload) = &self.upload else { return Poll::Ready(None) };
        let polled = self.source.poll_frame(cx);
        upload.waits(polled.is_pending());
        let frame = match ready!(polled) {
            Some(Ok(frame)) => {
                // Trailers are not kept.
                self.kept.is_lost |= frame.is_trailers();
                Some(upload.take(frame))
            }
            Some(Err(fault)) => Some(Err(upload.fail(fault))),
            None => None,
        };
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.kept.keep(data);
        }
        upload.is_done.set(frame.is_none() || self.source.is_at_end());
        Poll::Ready(frame)
    }
}

impl Kept {
    const fn new() -> Self {
        Self { parts: Vec::new(), bytes: 0, limit: MOST_KEPT, sent: 0, is_lost: false }
    }

    fn keep(&mut self, part: &Bytes) {
        self.bytes += part.len();
        self.parts.push(part.clone());
        self.sent += 1;
        self.shorten();
    }

    /// Keeps nothing where there is more than may be kept.
    fn shorten(&mut self) {
        if self.bytes > self.limit {
            self.is_lost = true;
            self.parts = Vec::new();
            self.sent = 0;
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        self.poll_part(cx)
    }

    fn is_end_stream(&self) -> bool {
        let Some(upload) = &self.upload else { return true };
        upload.is_done.get() && self.kept.sent == self.kept.parts.len()
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            BodyLength::Empty => SizeHint::with_exact(0),
            BodyLength::Exact(length) => SizeHint::with_exact(length),
            BodyLength::Chunked | BodyLength::UntilClose => SizeHint::default(),
        }
    }
}

/// How a request body is getting on: written by the body, read by the stage that waits for the answer.
#[derive(Debug)]
pub(crate) struct Upload {
    is_done: Cell<bool>,
    left: Cell<u64>,
    progress: Cell<Instant>,
    /// How many bytes have come, how long they were waited for, and how many a second there must be.
    taken: Cell<u64>,
    waited: Cell<Duration>,
    rate: u32,
    waits_since: Cell<Option<Instant>>,
    fault: Cell<Option<RequestBodyFault>>,
}

impl Upload {
    fn new(limit: u64, rate: u32) -> Self {
        Self {
            is_done: Cell::new(false),
            left: Cell::new(limit),
            progress: Cell::new(Instant::now()),
            taken: Cell::new(0),
            waited: Cell::new(Duration::ZERO),
            rate,
            waits_since: Cell::new(None),
            fault: Cell::new(None),
        }
    }

    /// How many bytes have come.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// When the last part of the body came.
    pub(crate) fn last_progress(&self) -> Instant {
        self.progress.get()
    }

    /// Whether it is the client that everybody waits for.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.waits_since.get().is_some() && !self.is_done.get()
    }

    /// What ended the body early, if anything did.
    pub(crate) fn fault(&self) -> Option<RequestBodyFault> {
        self.fault.get()
    }

    fn take(&self, mut frame: Frame<Bytes>) -> Result<Frame<Bytes>, RequestBodyFault> {
        self.progress.set(Instant::now());
        if let Some(trailers) = frame.trailers_mut() {
            forward_trailers(trailers);
        }
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.taken.set(self.taken.get() + length);
        if self.is_too_slow() {
            return Err(self.fail(RequestBodyFault::TooSlow));
        }
        match self.left.get().checked_sub(length) {
            Some(left) => {
                self.left.set(left);
                Ok(frame)
            }
            None => Err(self.fail(RequestBodyFault::TooLarge)),
        }
    }

    /// Counts the time that passes while it is the client that is waited for.
    fn waits(&self, is_waiting: bool) {
        match self.waits_since.get() {
            None if is_waiting => self.waits_since.set(Some(Instant::now())),
            Some(since) if !is_waiting => {
                self.waited.set(self.waited.get() + since.elapsed());
                self.waits_since.set(None);
            }
            _ => {}
        }
    }

    fn is_too_slow(&self) -> bool {
        let waited = self.waited.get();
        waited > RATE_GRACE && self.taken.get() < waited.as_secs() * u64::from(self.rate)
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
    /// It comes so slowly that it would never end.
    TooSlow,
    /// The client went away or broke the framing.
    Broken,
}

impl fmt::Display for RequestBodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the request body is too large",
            Self::TooSlow => "the request body comes too slowly",
            Self::Broken => "the request body broke off",
        })
    }
}

impl Error for RequestBodyFault {}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// Lets a client send so many bytes after each pause of this length.
    async fn trickle(rate: u32, bytes: usize, pause: Duration, times: u32) -> Result<(), RequestBodyFault> {
        let upload = Upload::new(u64::MAX, rate);
        for _ in 0..times {
            upload.waits(true);
            advance(pause).await;
            upload.waits(false);
            upload.take(Frame::data(Bytes::from(vec![0; bytes])))?;
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_given_up_once_its_time_to_start_is_over() {
        let second = Duration::from_secs(1);
        assert_eq!(trickle(240, 1, second, 5).await, Ok(()));
        assert_eq!(trickle(240, 1, second, 6).await, Err(RequestBodyFault::TooSlow));
        assert_eq!(trickle(240, 240, second, 100).await, Ok(()));
        assert_eq!(trickle(0, 1, second, 100).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_waits_for_the_client_does_not_count() {
        let upload = Upload::new(u64::MAX, 240);
        for _ in 0..100 {
            advance(Duration::from_secs(1)).await;
            upload.waits(false);
            assert!(upload.take(Frame::data(Bytes::from_static(b"x"))).is_ok());
        }
    }
}
