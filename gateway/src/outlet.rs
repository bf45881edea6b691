//! A stream, and what is to be written to it: at once, or at the end of the turn.

use std::cell::{Cell, RefCell, RefMut};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::buffers::Buffers;
use crate::stream::Stream;

/// How long a piece is at most that is copied behind the outbox, in bytes: to send one buffer costs less than to send two.
pub(crate) const SHORT: usize = 1024;

/// Where a wire's bytes go out. Its wire has it, and the turn at whose end they go.
pub(crate) struct Outlet {
    stream: RefCell<Stream>,
    /// What is to be written before anything else; `written` bytes of it have been.
    outbox: RefCell<Vec<u8>>,
    written: Cell<usize>,
    has_sent: Cell<bool>,
    /// Whether the stream may still hold what has been written to it, as TLS does.
    must_flush: Cell<bool>,
    /// Whether the turn's end will send what is in the outbox.
    pub(crate) is_due: Cell<bool>,
    buffers: Rc<Buffers>,
}

/// A part of a body, to be written after the outbox without being copied.
#[derive(Default)]
pub(crate) struct Piece {
    /// The bytes.
    pub(crate) data: Bytes,
    /// What follows them.
    pub(crate) tail: &'static [u8],
}

impl Piece {
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.tail.is_empty()
    }
}

impl Outlet {
    pub(crate) fn new(stream: Stream, buffers: Rc<Buffers>) -> Self {
        Self {
            stream: RefCell::new(stream),
            outbox: RefCell::default(),
            written: Cell::new(0),
            has_sent: Cell::new(false),
            must_flush: Cell::new(false),
            is_due: Cell::new(false),
            buffers,
        }
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream.into_inner()
    }

    /// The stream, to read from.
    pub(crate) fn stream(&self) -> RefMut<'_, Stream> {
        self.stream.borrow_mut()
    }

    /// The outbox, with memory to write in.
    pub(crate) fn outbox(&self) -> RefMut<'_, Vec<u8>> {
        let mut outbox = self.outbox.borrow_mut();
        if outbox.capacity() == 0 {
            *outbox = self.buffers.take_out();
        }
        outbox
    }

    /// How many bytes wait in the outbox.
    pub(crate) fn unsent(&self) -> usize {
        self.outbox.borrow().len() - self.written.get()
    }

    /// Whether any byte has been written since this was last asked to be forgotten.
    pub(crate) fn has_sent(&self) -> bool {
        self.has_sent.get()
    }

    /// Forgets that anything has been written.
    pub(crate) fn forget_sent(&self) {
        self.has_sent.set(false);
    }

    /// Writes what is in the outbox, then `piece`, both with as few calls as the stream allows.
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>, piece: &mut Piece) -> Poll<io::Result<()>> {
        let mut outbox = self.outbox.borrow_mut();
        if outbox.is_empty() && piece.is_empty() && !self.must_flush.get() {
            return Poll::Ready(Ok(()));
        }
        let mut stream = self.stream.borrow_mut();
        while self.written.get() < outbox.len() || !piece.is_empty() {
            let own = outbox.len();
            let written = self.poll_write(&mut stream, cx, &mut outbox, piece);
            outbox.truncate(own);
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.has_sent.set(true);
            self.advance(own, piece, written);
            self.must_flush.set(true);
        }
        self.written.set(0);
        self.buffers.give_back_out(std::mem::take(&mut outbox));
        let flushed = Pin::new(&mut *stream).poll_flush(cx);
        self.must_flush.set(flushed.is_pending());
        flushed
    }

    /// Writes once. A short piece is copied behind the outbox for that, of which whoever calls takes it off again.
    fn poll_write(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        outbox: &mut Vec<u8>,
        piece: &Piece,
    ) -> Poll<io::Result<usize>> {
        let written = self.written.get();
        if written < outbox.len() && piece.data.len() <= SHORT {
            outbox.extend_from_slice(&piece.data);
            outbox.extend_from_slice(piece.tail);
            return Pin::new(stream).poll_write(cx, &outbox[written..]);
        }
        let slices = [&outbox[written..], &piece.data, piece.tail].map(IoSlice::new);
        let first = slices.iter().position(|slice| !slice.is_empty()).unwrap_or_default();
        if slices[first + 1..].iter().all(|slice| slice.is_empty()) {
            Pin::new(stream).poll_write(cx, &slices[first])
        } else {
            Pin::new(stream).poll_write_vectored(cx, &slices[first..])
        }
    }

    fn advance(&self, outbox: usize, piece: &mut Piece, mut written: usize) {
        let of_outbox = written.min(outbox - self.written.get());
        self.written.set(self.written.get() + of_outbox);
        written -= of_outbox;
        for part in [&mut piece.data as &mut dyn Buf, &mut piece.tail] {
            let length = written.min(part.remaining());
            part.advance(length);
            written -= length;
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx, &mut Piece::default()))?;
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Read as _;
    use std::task::Waker;

    use tokio::net::TcpStream;

    use super::*;

    /// More than any machine takes before somebody reads, in bytes.
    const LONG: usize = 64 << 20;

    #[tokio::test]
    async fn a_short_piece_that_a_full_stream_does_not_take_stays_with_whoever_sends_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut peer = listener.accept().unwrap().0;
        let outlet = Outlet::new(Stream::Plain(stream), Rc::default());
        let mut long = Piece { data: vec![b'-'; LONG].into(), tail: b"" };
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(outlet.poll_send(cx, &mut long).is_pending());
        let sent_before = LONG - long.data.len();
        outlet.outbox().extend_from_slice(b"head");
        let mut short = Piece { data: Bytes::from_static(b"body"), tail: b"" };
        assert!(outlet.poll_send(cx, &mut short).is_pending());
        assert_eq!((outlet.unsent(), &short.data[..]), (4, &b"body"[..]));
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).unwrap();
            all
        });
        poll_fn(|cx| outlet.poll_send(cx, &mut short)).await.unwrap();
        poll_fn(|cx| outlet.poll_shutdown(cx)).await.unwrap();
        let all = reading.join().unwrap();
        assert_eq!((all.len(), &all[all.len() - 8..]), (sent_before + 8, &b"headbody"[..]));
    }
}
