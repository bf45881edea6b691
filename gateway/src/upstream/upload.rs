//! A request on its way up a connection: its head, then its body as it comes and as the upstream takes it.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use gateway_http1::{BodyLength, CHUNK_END, RequestWriter, write_chunk_size, write_last_chunk};
use http::HeaderMap;
use http_body::Frame;

use super::Outgoing;
use crate::request_body::{RequestBody, RequestBodyFault};
use crate::wire::{Piece, Wire};

/// How far the sending has got.
pub(super) struct Upload {
    piece: Piece,
    is_chunked: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Parts of the body are to come.
    Body,
    /// What is written is the last.
    Last,
    /// The last goes out at the end of the turn.
    Due,
    /// All is sent.
    Done,
    /// The upstream takes no more. It may have answered all the same.
    Refused,
}

impl Upload {
    /// Writes the request's head.
    pub(super) fn start(outbox: &mut Vec<u8>, request: &Outgoing<'_>, length: BodyLength) -> Self {
        let mut head = RequestWriter::begin(outbox, &request.method, &request.target);
        request.forwarding.each_field(&request.headers, |name, pieces| head.field(name, pieces));
        head.end(length);
        let state = if length.is_empty() { State::Last } else { State::Body };
        Self { piece: Piece::default(), is_chunked: length == BodyLength::Chunked, state }
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether nothing is left to do but to wait for the answer.
    pub(super) fn awaits_answer(&self, wire: &Wire) -> bool {
        self.is_done() || (self.state == State::Due && wire.is_due())
    }

    /// Sends what there is; ready when nothing more is to be sent.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut Wire,
        body: &mut RequestBody,
    ) -> Poll<Result<(), RequestBodyFault>> {
        loop {
            match self.state {
                State::Done | State::Refused => return Poll::Ready(Ok(())),
                State::Last => {
                    wire.send_in_turn(cx);
                    self.state = State::Due;
                }
                State::Due if wire.is_due() => return Poll::Ready(Ok(())),
                // The end of the turn has sent it, or could not send all of it.
                State::Due => {
                    let sent = ready!(wire.poll_send(cx, &mut self.piece));
                    self.state = if sent.is_ok() { State::Done } else { State::Refused };
                }
                State::Body => match self.piece.is_empty().then(|| body.poll_part(cx)) {
                    Some(Poll::Ready(part)) => self.take(part.transpose()?, wire),
                    Some(Poll::Pending) => {
                        self.send(cx, wire);
                        if self.state == State::Body {
                            return Poll::Pending;
                        }
                    }
                    None => ready!(self.poll_piece(cx, wire)),
                },
            }
        }
    }

    fn take(&mut self, part: Option<Frame<Bytes>>, wire: &mut Wire) {
        let Some(part) = part else { return self.end(wire, None) };
        match part.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => {
                if self.is_chunked {
                    write_chunk_size(&mut wire.outbox(), data.len());
                }
                self.piece = Piece { data, tail: if self.is_chunked { CHUNK_END } else { b"" } };
            }
            Err(part) => self.end(wire, part.into_trailers().ok().as_ref()),
        }
    }

    fn end(&mut self, wire: &mut Wire, trailers: Option<&HeaderMap>) {
        if self.is_chunked {
            write_last_chunk(&mut wire.outbox(), trailers);
        }
        self.state = State::Last;
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>, wire: &mut Wire) -> Poll<()> {
        if ready!(wire.poll_send(cx, &mut self.piece)).is_err() {
            self.state = State::Refused;
        }
        Poll::Ready(())
    }

    /// Sends what is written while more is awaited.
    fn send(&mut self, cx: &mut Context<'_>, wire: &mut Wire) {
        if let Poll::Ready(Err(_)) = wire.poll_send(cx, &mut self.piece) {
            self.state = State::Refused;
        }
    }
}
