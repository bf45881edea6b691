//! A client's end of an HTTP/1.1 connection: its requests' heads and bodies come out of it, answers go into it, and its
//! watch is told what moves. The connection and the body of the request that is being answered share it.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use gateway_http1::{
    BodyLength, BodyReader, HeadLimits, HeadReader, Part, RequestFault, RequestHead, write_informational,
};
use http::{HeaderMap, StatusCode, Version};
use http_body::Frame;

use crate::client::Client;
use crate::headers::forward_response;
use crate::request_body::RequestBodyFault;
use crate::wire::{Piece, Wire};

/// What a client of HTTP/2 says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is kept for the end of the turn, in bytes: answers to requests that came together.
const MOST_IN_TURN: usize = 8 * 1024;

/// How much is read ahead of the request that is being answered, in bytes.
const MOST_AHEAD: usize = 16 * 1024;

pub(crate) struct ClientWire {
    wire: RefCell<Wire>,
    heads: RefCell<HeadReader>,
    /// The body of the last request.
    body: RefCell<BodyReader>,
    limits: HeadLimits,
    /// Whether the client waits for a 100 before it sends the body.
    awaits_continue: Cell<bool>,
    /// Whether the client knows what a 1xx is.
    takes_interim: Cell<bool>,
    has_ended: Cell<bool>,
    client: Rc<Client>,
}

impl ClientWire {
    pub(super) fn new(wire: Wire, limits: HeadLimits, client: Rc<Client>) -> Self {
        Self {
            wire: RefCell::new(wire),
            heads: RefCell::new(HeadReader::new(limits)),
            body: RefCell::new(BodyReader::new(BodyLength::Empty, limits)),
            limits,
            awaits_continue: Cell::new(false),
            takes_interim: Cell::new(false),
            has_ended: Cell::new(false),
            client,
        }
    }

    pub(super) fn into_wire(self) -> Wire {
        self.wire.into_inner()
    }

    /// Whether the connection starts with the preface of HTTP/2 (RFC 9113 §3.4); nothing is taken.
    pub(super) fn poll_preface(&self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            {
                let read = &self.wire.borrow().inbox;
                let length = read.len().min(PREFACE.len());
                if length == PREFACE.len() || read[..length] != PREFACE[..length] {
                    return Poll::Ready(read[..length] == *PREFACE);
                }
            }
            match self.poll_fill(cx) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Pending if self.client.watch.must_park() => return Poll::Ready(false),
                Poll::Pending if !self.client.watch.must_finish() || self.has_bytes() => return Poll::Pending,
                Poll::Pending | Poll::Ready(_) => return Poll::Ready(false),
            }
        }
    }

    /// The next request's head; ready with `None` if the client ended the connection instead.
    pub(super) fn poll_head(
        &self,
        cx: &mut Context<'_>,
        spare: &mut HeaderMap,
    ) -> Poll<Result<Option<RequestHead>, RequestFault>> {
        loop {
            if let Some(head) = self.read_head(spare)? {
                *self.body.borrow_mut() = BodyReader::new(head.body, self.limits);
                self.awaits_continue.set(head.expects_continue);
                self.takes_interim.set(head.version == Version::HTTP_11);
                return Poll::Ready(Ok(Some(head)));
            }
            if !matches!(ready!(self.poll_fill(cx)), Ok(1..)) {
                return Poll::Ready(Ok(None));
            }
        }
    }

    fn read_head(&self, spare: &mut HeaderMap) -> Result<Option<RequestHead>, RequestFault> {
        self.heads.borrow_mut().read_request(&mut self.wire.borrow_mut().inbox, spare)
    }

    /// Whether anything of a further request is here.
    pub(super) fn has_bytes(&self) -> bool {
        !self.wire.borrow().inbox.is_empty()
    }

    /// Whether the client will send nothing more.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// The next part of the body of the request that is being answered.
    pub(crate) fn poll_body(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        loop {
            let part = self.body.borrow_mut().read(&mut self.wire.borrow_mut().inbox);
            match part {
                Ok(Part::Data(data)) => {
                    self.awaits_continue.set(false);
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Ok(Part::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Ok(Part::End) => return Poll::Ready(None),
                Err(_) => return Poll::Ready(Some(Err(RequestBodyFault::Broken))),
                Ok(Part::NeedsMore) => {}
            }
            if !matches!(ready!(self.poll_fill(cx)), Ok(1..)) {
                return Poll::Ready(Some(Err(RequestBodyFault::Broken)));
            }
        }
    }

    /// Whether the whole body of the request has been taken.
    pub(crate) fn is_body_at_end(&self) -> bool {
        self.body.borrow().is_at_end()
    }

    /// How much of the body is still to come, if the client said so.
    pub(crate) fn body_left(&self) -> Option<u64> {
        self.body.borrow().remaining()
    }

    /// Whether the client still waits to be told that it may send the body.
    pub(super) fn awaits_continue(&self) -> bool {
        self.awaits_continue.get()
    }

    /// Passes an interim answer on (RFC 9110 §15.2): to a client that knows of them, and a 100 to one that waits for it.
    pub(crate) fn pass_interim(&self, status: StatusCode, mut headers: HeaderMap) {
        let is_unasked = status == StatusCode::CONTINUE && !self.awaits_continue.replace(false);
        if !is_unasked && self.takes_interim.get() {
            forward_response(&mut headers);
            write_informational(&mut self.wire.borrow().outbox(), status, &headers);
        }
    }

    /// Reads ahead while a request is being answered; ready when the client is gone. One that only says that it will
    /// send nothing more may wait for its answer, or may be gone as well: its watch gives it a moment.
    pub(super) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_ended() && self.wire.borrow().inbox.len() < MOST_AHEAD {
            match ready!(self.poll_fill(cx)) {
                Ok(0) => self.client.watch.client_ended(),
                // Whoever reads the body has looked before these bytes came.
                Ok(_) if !self.is_body_at_end() => cx.waker().wake_by_ref(),
                Ok(_) => {}
                Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn poll_fill(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.has_ended() {
            return Poll::Ready(Ok(0));
        }
        let filled = ready!(self.wire.borrow_mut().poll_fill(cx));
        match &filled {
            Ok(1..) => self.client.watch.bytes_came(),
            Ok(0) | Err(_) => self.has_ended.set(true),
        }
        Poll::Ready(filled)
    }

    /// What has come or comes next, whatever it is; empty when the client ends the connection.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if !self.has_bytes() {
            ready!(self.poll_fill(cx))?;
        }
        Poll::Ready(Ok(self.wire.borrow_mut().inbox.split().freeze()))
    }

    /// Where the head of an answer is written.
    pub(super) fn write(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.wire.borrow().outbox());
    }

    /// Sends what has been written, then `piece`.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>, piece: &mut Piece) -> Poll<io::Result<()>> {
        let wire = self.wire.borrow();
        let has_part = wire.unsent() > 0 || !piece.is_empty();
        let sent = wire.poll_send(cx, piece);
        self.client.watch.write_blocked(sent.is_pending());
        if has_part && matches!(sent, Poll::Ready(Ok(()))) {
            self.client.watch.part_taken();
        }
        sent
    }

    /// Sends the last of an answer: at the end of the turn, if it is short, the connection `stays`, and nothing is left of the request;
    /// else now. What is read and forgotten of a request, or of a connection that ends, has a time of its own: the answer goes first.
    pub(super) fn poll_send_last(&self, cx: &mut Context<'_>, stays: bool) -> Poll<io::Result<()>> {
        let wire = self.wire.borrow();
        if stays && self.is_body_at_end() && wire.unsent() <= MOST_IN_TURN {
            // Should the stream not take it then either, it is told anew.
            self.client.watch.write_blocked(false);
            wire.send_in_turn(cx);
            return Poll::Ready(Ok(()));
        }
        drop(wire);
        self.poll_send(cx, &mut Piece::default())
    }

    /// Whether something goes out at the end of the turn.
    pub(super) fn is_due(&self) -> bool {
        self.wire.borrow().is_due()
    }

    /// Goes on sending what the end of a turn could not; ready when that is done, or still to come.
    pub(super) fn poll_unsent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_due() { Poll::Ready(Ok(())) } else { self.poll_send(cx, &mut Piece::default()) }
    }

    /// Says that no more answers come.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.borrow().poll_shutdown(cx)
    }

    /// Reads and forgets, until the client ends the connection.
    pub(super) fn poll_forget(&self, cx: &mut Context<'_>) -> Poll<()> {
        while matches!(ready!(self.poll_fill(cx)), Ok(1..)) {
            self.wire.borrow_mut().inbox.clear();
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::{Read, Write};
    use std::task::Waker;

    use tokio::net::TcpStream;

    use super::*;
    use crate::buffers::Buffers;
    use crate::client::Watch;
    use crate::outlet::fill;
    use crate::stream::Stream;
    use crate::ticks::TickClock;

    const UNFINISHED: &[u8] = b"POST / HTTP/1.1\r\nHost: plant\r\nContent-Length: 10\r\n\r\n12";

    /// A client that has sent this and takes nothing at the moment; and its own end.
    async fn client_that_takes_nothing(request: &[u8]) -> (ClientWire, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut peer, address) = listener.accept().unwrap();
        peer.write_all(request).unwrap();
        let client = Client::new(address, "http", false, Watch::new(Rc::new(TickClock::new())));
        let limits = HeadLimits { bytes: 1024, fields: 16 };
        let wire =
            ClientWire::new(Wire::new(Stream::Plain(stream), Rc::new(Buffers::default())), limits, Rc::new(client));
        poll_fn(|cx| wire.poll_head(cx, &mut HeaderMap::new())).await.unwrap();
        (wire, peer)
    }

    #[tokio::test]
    async fn an_answer_goes_out_before_the_rest_of_its_request_is_read_and_forgotten() {
        let (wire, mut peer) = client_that_takes_nothing(UNFINISHED).await;
        let cx = &mut Context::from_waker(Waker::noop());
        let taken = fill(|piece| wire.poll_send(cx, piece));
        wire.write(|out| out.extend_from_slice(b"the last"));
        let stays = true;
        assert!(wire.poll_send_last(cx, stays).is_pending());
        let reading = std::thread::spawn(move || {
            let mut all = vec![0; taken + 8];
            peer.read_exact(&mut all).unwrap();
            all
        });
        poll_fn(|cx| wire.poll_send_last(cx, stays)).await.unwrap();
        assert!(reading.join().unwrap().ends_with(b"the last"));
    }
}
