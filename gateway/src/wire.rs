//! A stream with what has been read of it and not yet understood, and what is to be written to it. Both sides of the
//! gateway speak HTTP/1.1 through one.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::buffers::{BUFFER_SIZE, Buffers};
use crate::stream::Stream;

/// How much room there is at least for what is read, in bytes.
const LEAST_ROOM: usize = 4 * 1024;

/// How long a piece is at most that is copied behind the outbox: to send one buffer costs less than to send two.
const MOST_COPIED: usize = 1024;

/// A stream and its buffers, which it has only while there is something in them.
pub(crate) struct Wire {
    stream: Stream,
    /// What has been read and not yet understood.
    pub(crate) inbox: BytesMut,
    /// What is to be written before anything else; `written` bytes of it have been.
    outbox: Vec<u8>,
    written: usize,
    buffers: Rc<Buffers>,
    has_sent: bool,
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

impl Wire {
    pub(crate) fn new(stream: Stream, buffers: Rc<Buffers>) -> Self {
        Self::with(stream, buffers, &[])
    }

    /// A stream of which this has been read already.
    pub(crate) fn with(stream: Stream, buffers: Rc<Buffers>, read: &[u8]) -> Self {
        Self { stream, inbox: BytesMut::from(read), outbox: Vec::new(), written: 0, buffers, has_sent: false }
    }

    /// Gives up the stream, with what has been read of it.
    pub(crate) fn into_parts(self) -> (Stream, Bytes) {
        (self.stream, self.inbox.freeze())
    }

    /// Whether any byte has been written since this was last asked to be forgotten.
    pub(crate) fn has_sent(&self) -> bool {
        self.has_sent
    }

    /// Forgets that anything has been written.
    pub(crate) fn forget_sent(&mut self) {
        self.has_sent = false;
    }

    /// Whether something waits in the outbox.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The outbox, with memory to write in.
    pub(crate) fn outbox(&mut self) -> &mut Vec<u8> {
        if self.outbox.capacity() == 0 {
            self.outbox = self.buffers.take_out();
        }
        &mut self.outbox
    }

    /// Reads more into the inbox; ready with 0 at the stream's end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.inbox.capacity() == 0 {
            self.inbox = self.buffers.take();
        } else if self.inbox.capacity() - self.inbox.len() < LEAST_ROOM {
            self.inbox.reserve(BUFFER_SIZE);
        }
        let read = pin!(self.stream.read_buf(&mut self.inbox)).poll(cx);
        if read.is_pending() {
            self.rest();
        }
        read
    }

    /// What has been read or comes next; empty at the stream's end.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if self.inbox.is_empty() {
            ready!(self.poll_fill(cx))?;
        }
        Poll::Ready(Ok(self.inbox.split().freeze()))
    }

    /// An empty map, to read fields into.
    pub(crate) fn take_map(&self) -> HeaderMap {
        self.buffers.take_map()
    }

    /// Keeps a map's memory for the next head.
    pub(crate) fn give_back_map(&self, map: HeaderMap) {
        self.buffers.give_back_map(map);
    }

    /// Gives back the memory of a buffer with nothing in it; unless parts of what was in it are still in use, which is so
    /// while a request is being answered.
    pub(crate) fn rest(&mut self) {
        if self.inbox.is_empty() && self.inbox.capacity() > 0 {
            let left = self.buffers.give_back(std::mem::take(&mut self.inbox));
            self.inbox = left.unwrap_or_default();
        }
    }

    /// Writes what is in the outbox, then `piece`, both with as few calls as the stream allows.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>, piece: &mut Piece) -> Poll<io::Result<()>> {
        if self.outbox.is_empty() && piece.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.copy_short(piece);
        while self.written < self.outbox.len() || !piece.is_empty() {
            let head = &self.outbox[self.written..];
            let slices = [IoSlice::new(head), IoSlice::new(&piece.data), IoSlice::new(piece.tail)];
            let first = slices.iter().position(|slice| !slice.is_empty()).unwrap_or_default();
            let stream = Pin::new(&mut self.stream);
            let is_one = slices[first + 1..].iter().all(|slice| slice.is_empty());
            let written = ready!(if is_one {
                stream.poll_write(cx, &slices[first])
            } else {
                stream.poll_write_vectored(cx, &slices[first..])
            })?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.has_sent = true;
            self.advance(piece, written);
        }
        self.written = 0;
        self.buffers.give_back_out(std::mem::take(&mut self.outbox));
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Takes a short piece into the outbox, where there is something to send before it.
    fn copy_short(&mut self, piece: &mut Piece) {
        if !self.outbox.is_empty() && !piece.is_empty() && piece.data.len() <= MOST_COPIED {
            self.outbox.extend_from_slice(&piece.data);
            self.outbox.extend_from_slice(piece.tail);
            *piece = Piece::default();
        }
    }

    fn advance(&mut self, piece: &mut Piece, mut written: usize) {
        let of_outbox = written.min(self.outbox.len() - self.written);
        self.written += of_outbox;
        written -= of_outbox;
        for part in [&mut piece.data as &mut dyn Buf, &mut piece.tail] {
            let length = written.min(part.remaining());
            part.advance(length);
            written -= length;
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
