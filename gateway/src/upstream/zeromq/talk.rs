//! A connection while it lasts: what is queued is written, replies go to who waits for them.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use gateway_zeromq::{Command, Event, MessageReader, Peer, write_ping, write_pong};

use super::connection::{Connection, of_fault, of_io};
use super::envelope::Reply;
use super::queue::Broken;
use super::silence::{Measure, Silence};
use crate::parts::Parts;
use crate::upstream::UpstreamFault;
use crate::wire::{Piece, Wire};

/// How much of messages is put together before it is written, in bytes.
const BATCH: usize = 16 * 1024;

/// A connection that is there.
pub(super) struct Talk<'a> {
    of: &'a Connection,
    wire: Wire,
    reader: MessageReader,
    /// The part of a body that is being written, and what follows it in its message.
    piece: Piece,
    sending: Option<Parts>,
    /// Whether what is written waits for the service to take it.
    is_blocked: bool,
    /// The reply that is coming in, if anybody waits for it.
    receiving: Option<(u64, Reply)>,
    silence: Silence,
    /// What a PING of the service's wants back.
    pong: Option<Bytes>,
    has_replied: bool,
    has_warned: bool,
}

impl<'a> Talk<'a> {
    pub(super) fn new(of: &'a Connection, wire: Wire, peer: &Peer) -> Self {
        Self {
            of,
            wire,
            reader: MessageReader::new(of.limits),
            piece: Piece::default(),
            sending: None,
            is_blocked: false,
            receiving: None,
            silence: Silence::new(of.pool.clock.now(), peer.answers_ping),
            pong: None,
            has_replied: false,
            has_warned: false,
        }
    }

    /// Whether any reply has come for somebody.
    pub(super) const fn has_replied(&self) -> bool {
        self.has_replied
    }

    /// Reads and writes what there is; ready when the connection is of no use any more.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        self.of.queue.wakes(cx);
        if let Poll::Ready(Err(broken)) = self.poll_read(cx) {
            return Poll::Ready(broken);
        }
        if let Err(broken) = self.check_silence() {
            return Poll::Ready(broken);
        }
        match self.poll_write(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(of_io(&error)),
            _ => Poll::Pending,
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        loop {
            match self.reader.read(&mut self.wire.inbox).map_err(|fault| of_fault(&fault))? {
                Event::NeedsMore => {
                    ready!(poll_more(&mut self.wire, cx))?;
                    self.is_alive();
                }
                event => self.take(event),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            // A newer one replaces one that has not been answered.
            Event::Command(Command::Ping(context)) => self.pong = Some(context),
            Event::NeedsMore | Event::Command(_) => {}
            Event::Begun(number, head) => self.begin(number, head),
            Event::Body(part) => self.push(part),
            Event::Ended => self.end(),
            Event::Unfit(number, fault) => {
                self.receiving = None;
                self.settle(number, Err(fault.into()));
            }
            Event::Stray => self.warn_of_stray(),
        }
    }

    fn begin(&mut self, number: u64, head: Bytes) {
        if self.of.queue.expects(number) {
            let body = Parts::new(self.of.held.none());
            self.receiving = Some((number, Reply { head, body }));
        } else {
            self.count_unexpected(number);
        }
    }

    fn push(&mut self, part: Bytes) {
        if let Some((_, reply)) = &mut self.receiving
            && !reply.body.push(part)
            && let Some((number, _)) = self.receiving.take()
        {
            self.settle(number, Err(UpstreamFault::NoRoom));
        }
    }

    fn end(&mut self) {
        if let Some((number, reply)) = self.receiving.take() {
            self.has_replied = true;
            self.settle(number, Ok(reply));
        }
    }

    fn settle(&self, number: u64, outcome: Result<Reply, UpstreamFault>) {
        if !self.of.queue.settle(number, outcome) {
            self.count_unexpected(number);
        }
    }

    /// A reply is late, is a second one, or answers nothing: it is nobody's.
    fn count_unexpected(&self, number: u64) {
        self.of.telemetry.unexpected_replies.add(1);
        tracing::debug!(service = &*self.of.service, number, "a reply came for which nobody waits");
    }

    fn warn_of_stray(&mut self) {
        self.of.telemetry.unexpected_replies.add(1);
        if !std::mem::replace(&mut self.has_warned, true) {
            let service = &*self.of.service;
            tracing::warn!(
                service,
                "a reply came without the frames that lead back, up to and including the empty one"
            );
        }
    }

    fn is_alive(&mut self) {
        self.silence.ends(self.of.pool.clock.now());
    }

    /// Asks a service that has been silent for a sign of life, and gives it up if there is none.
    fn check_silence(&mut self) -> Result<(), Broken> {
        match self.silence.calls_for(self.of.pool.clock.now()) {
            Measure::Ask if self.is_between_messages() => {
                self.silence.is_asked = true;
                write_ping(&mut self.wire.outbox());
            }
            Measure::None | Measure::Ask => {}
            Measure::GiveUp => return Err(Broken::new(io::ErrorKind::TimedOut, &"the service gives no sign of life")),
        }
        Ok(())
    }

    fn is_between_messages(&self) -> bool {
        self.sending.is_none() && self.piece.is_empty()
    }

    /// Writes what is queued, as far as the service takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.gather();
            let sent = self.wire.poll_send(cx, &mut self.piece);
            if std::mem::replace(&mut self.is_blocked, sent.is_pending()) && sent.is_ready() {
                // It has taken what it did not take before: that, too, is a sign of life.
                self.is_alive();
            }
            ready!(sent)?;
            if self.is_between_messages() && self.pong.is_none() && !self.of.queue.has_messages() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Puts together what is written next: the rest of a message, then as many as are short.
    fn gather(&mut self) {
        if !self.piece.is_empty() {
            return;
        }
        if let Some(data) = self.sending.as_mut().and_then(Parts::take) {
            self.piece = Piece { data, tail: b"" };
            return;
        }
        self.sending = None;
        if let Some(context) = self.pong.take() {
            write_pong(&mut self.wire.outbox(), &context);
        }
        while self.sending.is_none() && self.wire.outbox().len() < BATCH {
            let Some(message) = self.of.queue.next() else { return };
            self.wire.outbox().extend_from_slice(&message.head);
            self.begin_body(message.body);
        }
    }

    fn begin_body(&mut self, mut body: Parts) {
        if let Some(data) = body.take() {
            self.piece = Piece { data, tail: b"" };
            self.sending = Some(body);
        }
    }
}

/// Reads more; the end of the stream is an error.
pub(super) fn poll_more(wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
    Poll::Ready(match ready!(wire.poll_fill(cx)) {
        Ok(0) => Err(Broken::new(io::ErrorKind::UnexpectedEof, &"the service has closed the connection")),
        Ok(_) => Ok(()),
        Err(error) => Err(of_io(&error)),
    })
}
