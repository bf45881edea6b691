//! A stream with what has been read of it and not yet understood, and what is to be written to it. Both sides of the
//! gateway speak HTTP/1.1 through one.

use std::cell::RefMut;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use tokio::io::AsyncReadExt;

use crate::buffers::{BUFFER_SIZE, Buffers};
use crate::outlet::Outlet;
use crate::stream::Stream;

pub(crate) use crate::outlet::Piece;

/// How much room there is at least for what is read, in bytes.
const LEAST_ROOM: usize = 4 * 1024;

/// How much is read at once where more comes than a buffer takes, in bytes: a long body takes fewer calls.
const LONG_SIZE: usize = 64 * 1024;

/// A stream and its buffers, which it has only while there is something in them.
pub(crate) struct Wire {
    outlet: Rc<Outlet>,
    /// What has been read and not yet understood.
    pub(crate) inbox: BytesMut,
    buffers: Rc<Buffers>,
    /// Whether the last read has taken all the room that there was.
    has_filled: bool,
}

impl Wire {
    pub(crate) fn new(stream: Stream, buffers: Rc<Buffers>) -> Self {
        Self::with(stream, buffers, &[])
    }

    /// A stream of which this has been read already.
    pub(crate) fn with(stream: Stream, buffers: Rc<Buffers>, read: &[u8]) -> Self {
        let outlet = Rc::new(Outlet::new(stream, Rc::clone(&buffers)));
        Self { outlet, inbox: BytesMut::from(read), buffers, has_filled: false }
    }

    /// Gives up the stream, with what has been read of it. None while something [is due](Self::is_due).
    pub(crate) fn into_parts(self) -> Option<(Stream, Bytes)> {
        Some((Rc::into_inner(self.outlet)?.into_stream(), self.inbox.freeze()))
    }

    /// Whether any byte has been written since this was last asked to be forgotten.
    pub(crate) fn has_sent(&self) -> bool {
        self.outlet.has_sent()
    }

    /// Forgets that anything has been written.
    pub(crate) fn forget_sent(&self) {
        self.outlet.forget_sent();
    }

    /// How many bytes wait in the outbox.
    pub(crate) fn unsent(&self) -> usize {
        self.outlet.unsent()
    }

    /// Whether something goes out at the end of the turn.
    pub(crate) fn is_due(&self) -> bool {
        self.outlet.is_due.get()
    }

    /// The outbox, with memory to write in.
    pub(crate) fn outbox(&self) -> RefMut<'_, Vec<u8>> {
        self.outlet.outbox()
    }

    /// Reads more into the inbox; ready with 0 at the stream's end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.inbox.capacity() == 0 && !self.has_filled {
            self.inbox = self.buffers.take();
        } else if self.inbox.capacity() - self.inbox.len() < LEAST_ROOM {
            self.inbox.reserve(if self.has_filled { LONG_SIZE } else { BUFFER_SIZE });
        }
        let room = self.inbox.capacity() - self.inbox.len();
        let read = pin!(self.outlet.stream().read_buf(&mut self.inbox)).poll(cx);
        match &read {
            Poll::Pending => self.rest(),
            Poll::Ready(read) => self.has_filled = read.as_ref().is_ok_and(|read| *read == room),
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
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>, piece: &mut Piece) -> Poll<io::Result<()>> {
        self.outlet.poll_send(cx, piece)
    }

    /// Has what is in the outbox sent at the end of the turn. Should the stream not take all of it, the task is woken, and finds
    /// it [unsent](Self::unsent) and no longer [due](Self::is_due).
    pub(crate) fn send_in_turn(&self, cx: &Context<'_>) {
        if self.unsent() > 0 {
            self.buffers.turn.send(&self.outlet, cx.waker());
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outlet.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn what_fills_a_buffer_is_read_on_in_longer_parts() {
        const LENGTH: usize = 8 << 20;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut peer = listener.accept().unwrap().0;
        let writing = std::thread::spawn(move || peer.write_all(&vec![b'-'; LENGTH]).unwrap());
        let mut wire = Wire::new(Stream::Plain(stream), Rc::default());
        let (mut read, mut longest) = (0, 0);
        while read < LENGTH {
            let part = poll_fn(|cx| wire.poll_take(cx)).await.unwrap();
            (read, longest) = (read + part.len(), longest.max(part.len()));
        }
        writing.join().unwrap();
        assert!(longest > BUFFER_SIZE, "{longest}");
    }
}
