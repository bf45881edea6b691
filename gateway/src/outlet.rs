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

/// Sends until the stream takes no more; gives how many bytes it has taken.
#[cfg(test)]
pub(crate) fn fill(mut poll_send: impl FnMut(&mut Piece) -> Poll<io::Result<()>>) -> usize {
    const PART: usize = 4096;
    let mut taken = 0;
    loop {
        let mut piece = Piece { data: vec![b'-'; PART].into(), tail: b"" };
        let sent = poll_send(&mut piece);
        taken += PART - piece.data.len();
        match sent {
            Poll::Ready(sent) => sent.expect("the stream is open"),
            Poll::Pending => return taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Read;
    use std::sync::Arc;
    use std::task::Waker;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A connection: ours, and the peer's end.
    async fn connection() -> (TcpStream, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (stream, listener.accept().unwrap().0)
    }

    /// Reads from the peer's end until so much has come, in a thread of its own.
    fn read(mut peer: impl Read + Send + 'static, length: usize) -> std::thread::JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let mut all = vec![0; length];
            peer.read_exact(&mut all).unwrap();
            all
        })
    }

    #[tokio::test]
    async fn a_short_piece_that_a_full_stream_does_not_take_stays_with_whoever_sends_it() {
        let (stream, peer) = connection().await;
        let outlet = Outlet::new(Stream::Plain(stream), Rc::default());
        let cx = &mut Context::from_waker(Waker::noop());
        let taken = fill(|piece| outlet.poll_send(cx, piece));
        outlet.outbox().extend_from_slice(b"head");
        let mut short = Piece { data: Bytes::from_static(b"body"), tail: b"" };
        assert!(outlet.poll_send(cx, &mut short).is_pending());
        assert_eq!((outlet.unsent(), &short.data[..]), (4, &b"body"[..]));
        let reading = read(peer, taken + 8);
        poll_fn(|cx| outlet.poll_send(cx, &mut short)).await.unwrap();
        assert!(reading.join().unwrap().ends_with(b"headbody"));
    }

    #[tokio::test]
    async fn what_the_library_for_tls_still_holds_is_not_sent_yet() {
        let (stream, peer) = connection().await;
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth();
        let server = server.with_single_cert(vec![cert.der().clone()], signing_key.into()).unwrap();
        let mut peer = StreamOwned::new(client, peer);
        let shaking = std::thread::spawn(move || {
            peer.conn.complete_io(&mut peer.sock).unwrap();
            peer
        });
        let stream = TlsAcceptor::from(Arc::new(server)).accept(stream).await.unwrap();
        let peer = shaking.join().unwrap();

        let outlet = Outlet::new(Stream::Tls(Box::new(stream.into())), Rc::default());
        let cx = &mut Context::from_waker(Waker::noop());
        let taken = fill(|piece| outlet.poll_send(cx, piece));
        assert!(outlet.poll_send(cx, &mut Piece::default()).is_pending());
        let reading = read(peer, taken);
        poll_fn(|cx| outlet.poll_send(cx, &mut Piece::default())).await.unwrap();
        assert_eq!(reading.join().unwrap().len(), taken);
    }
}
