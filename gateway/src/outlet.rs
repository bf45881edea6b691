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
        if outbox.is_empty() && piece.is_empty() {
            return Poll::Ready(Ok(()));
        }
        copy_short(&mut outbox, piece);
        let mut stream = self.stream.borrow_mut();
        while self.written.get() < outbox.len() || !piece.is_empty() {
            let head = &outbox[self.written.get()..];
            let slices = [IoSlice::new(head), IoSlice::new(&piece.data), IoSlice::new(piece.tail)];
            let written = ready!(poll_write(&mut stream, cx, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.has_sent.set(true);
            self.advance(outbox.len(), piece, written);
        }
        self.written.set(0);
        self.buffers.give_back_out(std::mem::take(&mut outbox));
        Pin::new(&mut *stream).poll_flush(cx)
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

/// Takes a short piece into the outbox, where there is something to send before it.
fn copy_short(outbox: &mut Vec<u8>, piece: &mut Piece) {
    if !outbox.is_empty() && !piece.is_empty() && piece.data.len() <= SHORT {
        outbox.extend_from_slice(&piece.data);
        outbox.extend_from_slice(piece.tail);
        *piece = Piece::default();
    }
}

fn poll_write(stream: &mut Stream, cx: &mut Context<'_>, slices: &[IoSlice<'_>; 3]) -> Poll<io::Result<usize>> {
    let first = slices.iter().position(|slice| !slice.is_empty()).unwrap_or_default();
    let is_one = slices[first + 1..].iter().all(|slice| slice.is_empty());
    if is_one {
        Pin::new(stream).poll_write(cx, &slices[first])
    } else {
        Pin::new(stream).poll_write_vectored(cx, &slices[first..])
    }
}
