//! A client's connection: HTTP/1.1 on it, and the watch over clients that are slow or idle.

mod watched_io;

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::client::Client;
use crate::pipeline;
use crate::worker::Worker;
use watched_io::WatchedIo;

/// The most header fields that a request may have.
const MOST_FIELDS: usize = 100;

/// Serves a connection until either side closes it, or the worker orders its end.
pub(crate) async fn serve<S>(worker: Rc<Worker>, stream: S, client: Rc<Client>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let answering = Rc::clone(&client);
    let header_bytes = worker.header_bytes();
    let service = service_fn(move |request| {
        answering.watch.exchange_began();
        pipeline::answer(Rc::clone(&worker), Rc::clone(&answering), request)
    });
    let connection = http1::Builder::new()
        // The watch does both of what hyper's timer would, for all connections at once.
        .header_read_timeout(None)
        .max_headers(MOST_FIELDS)
        .max_buf_size(header_bytes)
        .serve_connection(WatchedIo::new(stream, Rc::clone(&client)), service);
    let mut connection = pin!(connection);
    let mut is_finishing = false;
    poll_fn(|cx| {
        client.watch.register(cx.waker());
        if client.watch.must_abort() {
            return Poll::Ready(());
        }
        if client.watch.must_finish() && !is_finishing {
            is_finishing = true;
            connection.as_mut().graceful_shutdown();
        }
        // A broken connection is the client's affair; what was lost of an answer is in its log line.
        connection.as_mut().poll(cx).map(drop)
    })
    .await;
}
