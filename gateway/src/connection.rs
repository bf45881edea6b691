//! A client's connection: which protocol is spoken on it, and the orders that end it.

mod answer;
mod client_wire;
mod downgrade;
mod http1;
mod http2;
mod interim;
mod linger;
mod pumped_body;
mod tunnel;
mod watched_io;

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;

use crate::client::Client;
use crate::stream::Stream;
use crate::wire::Wire;
use crate::worker::Current;

pub(crate) use client_wire::ClientWire;
pub(crate) use interim::Interim;

/// A connection between two requests, as it is handed over.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) stream: std::net::TcpStream,
    /// What has been read of the next request.
    pub(crate) read: Bytes,
}

/// Serves a connection, of which `read` has been read already, until either side closes it, or the worker orders its end. Gives
/// it back if the worker orders that it be handed over.
pub(crate) async fn serve(workers: Rc<Current>, stream: Stream, read: Bytes, client: Rc<Client>) -> Option<Parked> {
    let mut serving = pin!(speak(workers, stream, read, Rc::clone(&client)));
    poll_fn(|cx| {
        client.watch.register(cx.waker());
        if client.watch.must_abort() {
            return Poll::Ready(None);
        }
        // A broken connection is the client's affair; what was lost of an answer is in its log line.
        serving.as_mut().poll(cx)
    })
    .await
}

/// HTTP/2 if the TLS handshake settled on it, or if a connection in clear starts with its preface; else HTTP/1.1.
async fn speak(workers: Rc<Current>, stream: Stream, read: Bytes, client: Rc<Client>) -> Option<Parked> {
    if stream.protocol() == Some(b"h2") {
        Box::pin(http2::serve(workers, stream, read, client)).await;
        return None;
    }
    let may_be_http2 = stream.protocol().is_none();
    let worker = workers.get();
    let wire = Wire::with(stream, Rc::clone(&worker.buffers), &read);
    let wire = ClientWire::new(wire, worker.head_limits(), Rc::clone(&client));
    drop(worker);
    if may_be_http2 && poll_fn(|cx| wire.poll_preface(cx)).await {
        let (stream, read) = wire.into_wire().into_parts()?;
        Box::pin(http2::serve(workers, stream, read, client)).await;
        return None;
    }
    let wire = http1::serve(workers, Rc::new(wire), client).await?;
    let (stream, read) = wire.into_wire().into_parts()?;
    Some(Parked { stream: stream.into_plain()?, read })
}
