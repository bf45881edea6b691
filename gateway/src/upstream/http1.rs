//! One request and its answer on an HTTP/1.1 connection to an upstream.
//!
//! In: a connection, a request's head, its body. Out: the answer's head, then its body, part by part. What is left to
//! send of the request's body is sent meanwhile, whoever waits for what.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gateway_http1::{BodyReader, HeadReader, Part, ResponseHead};
use http::StatusCode;
use http_body::Frame;
use tokio::time::{Sleep, sleep};

use super::upload::Upload;
use super::{HEAD_LIMITS, Lease, Outgoing, UpstreamFault};
use crate::request_body::RequestBody;
use crate::wire::Wire;

/// How many interim answers (1xx) may come before the answer.
const MOST_INTERIM: u32 = 32;

/// An exchange that is under way.
pub(crate) struct Exchange {
    lease: Lease,
    upload: Upload,
    heads: HeadReader,
    body: BodyReader,
    is_persistent: bool,
    has_answered: bool,
    patience: Patience,
}

/// How long the first byte of an answer may take once the request has been sent.
struct Patience {
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<UpstreamFault> {
        let Some(limit) = self.limit else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).map(|()| UpstreamFault::TooSlow(limit))
    }
}

impl Exchange {
    /// Starts to send a request on this connection.
    pub(super) fn start(lease: Lease, request: &Outgoing<'_>, body: &RequestBody) -> Self {
        lease.wire.forget_sent();
        let upload = Upload::start(&mut lease.wire.outbox(), request, body.length());
        let body = BodyReader::new(gateway_http1::BodyLength::Empty, HEAD_LIMITS);
        Self {
            lease,
            upload,
            heads: HeadReader::new(HEAD_LIMITS),
            body,
            is_persistent: false,
            has_answered: false,
            patience: Patience { limit: request.timeouts.first_byte, timer: None },
        }
    }

    /// The answer's head. Interim answers are passed on as they come.
    pub(super) async fn head(
        &mut self,
        request: &Outgoing<'_>,
        body: &mut RequestBody,
    ) -> Result<ResponseHead, UpstreamFault> {
        let mut interim = 0;
        loop {
            let head = poll_fn(|cx| self.poll_head(cx, request, body)).await?;
            self.has_answered = true;
            let is_interim = head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS;
            if !is_interim {
                self.body = BodyReader::new(head.body, HEAD_LIMITS);
                self.is_persistent = head.is_persistent;
                return Ok(head);
            }
            interim += 1;
            if interim > MOST_INTERIM {
                return Err(UpstreamFault::TooManyInterim);
            }
            request.interim.pass(head.status, head.headers);
        }
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        request: &Outgoing<'_>,
        body: &mut RequestBody,
    ) -> Poll<Result<ResponseHead, UpstreamFault>> {
        if let Poll::Ready(Err(fault)) = self.upload.poll(cx, &mut self.lease.wire, body) {
            return Poll::Ready(Err(UpstreamFault::RequestBody(fault)));
        }
        loop {
            let wire = &mut self.lease.wire;
            let mut spare = wire.take_map();
            let head = self.heads.read_response(&mut wire.inbox, &request.method, &mut spare);
            wire.give_back_map(spare);
            if let Some(head) = head? {
                return Poll::Ready(Ok(head));
            }
            match wire.poll_fill(cx) {
                Poll::Ready(Ok(1..)) => self.has_answered = true,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(UpstreamFault::ended())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(UpstreamFault::Reset(error))),
                Poll::Pending if self.has_answered || !self.upload.awaits_answer(wire) => return Poll::Pending,
                Poll::Pending => return self.patience.poll(cx).map(Err),
            }
        }
    }

    /// Whether the connection turned out to have been closed before the request reached the upstream.
    pub(super) fn was_stale(&self) -> bool {
        self.lease.is_reused && !self.has_answered
    }

    /// Whether any byte of the request may have reached the upstream.
    pub(super) fn has_sent(&self) -> bool {
        self.lease.wire.has_sent()
    }

    /// Whether all of the answer's body has been read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.body.is_at_end()
    }

    /// How much of the answer's body is still to come, if the upstream said so.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    /// The next part of the answer's body.
    pub(crate) fn poll_part(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut RequestBody,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.poll_upload(cx, body);
        loop {
            match self.body.read(&mut self.lease.wire.inbox) {
                Ok(Part::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Part::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Ok(Part::End) => return Poll::Ready(None),
                Err(fault) => return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, fault)))),
                Ok(Part::NeedsMore) => {}
            }
            match ready!(self.lease.wire.poll_fill(cx)) {
                Ok(1..) => {}
                Ok(0) => {
                    let ended = self.body.at_eof();
                    return Poll::Ready(
                        ended.err().map(|fault| Err(io::Error::new(io::ErrorKind::UnexpectedEof, fault))),
                    );
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Goes on sending the request's body. The answer counts, whatever becomes of that.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>, body: &mut RequestBody) {
        let _ = self.upload.poll(cx, &mut self.lease.wire, body);
    }

    /// Gives the connection up: for the next request if it is fit for one. It is not while the request is still being
    /// sent, as the next one would wait for a client that is not its own, nor if the upstream has said more than it was
    /// asked.
    pub(crate) fn end(self) {
        let is_clean = self.body.is_at_end() && self.lease.wire.inbox.is_empty();
        if self.is_persistent && self.upload.is_done() && is_clean {
            self.lease.release();
        }
    }

    /// The connection after the upstream has switched protocols on it.
    pub(crate) fn into_wire(self) -> Wire {
        self.lease.wire
    }
}
