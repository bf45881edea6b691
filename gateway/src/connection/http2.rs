//! HTTP/2 with a client (RFC 9113): each stream is a request of its own, and goes the way that all requests go.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;

use super::Interim;
use super::downgrade::downgrade;
use super::pumped_body::PumpedBody;
use super::watched_io::WatchedIo;
use crate::client::Client;
use crate::pipeline;
use crate::request_body::ClientBody;
use crate::stream::Stream;
use crate::upstream::Local;
use crate::worker::{Current, Worker};

/// How many requests a client may have under way on one connection.
const MOST_STREAMS: u32 = 128;

/// How much of an answer waits in memory for a client that takes it slowly, in bytes and for each stream.
const MOST_UNSENT: usize = 64 * 1024;

/// Serves a connection, of which `read` has been read already.
pub(super) async fn serve(workers: Rc<Current>, stream: Stream, read: Bytes, client: Rc<Client>) {
    client.watch.set_portable(false);
    let header_bytes = workers.get().rules.limits.header_bytes;
    let watched = WatchedIo::new(stream, read, Rc::clone(&client));
    let answering = Rc::clone(&client);
    let service = service_fn(move |request: Request<Incoming>| {
        answering.watch.exchange_began();
        let (worker, client) = (workers.get(), Rc::clone(&answering));
        async move { Ok::<_, Infallible>(answer(worker, client, request).await) }
    });
    let mut builder = http2::Builder::new(Local);
    builder.max_concurrent_streams(MOST_STREAMS).max_header_list_size(header_bytes).max_send_buf_size(MOST_UNSENT);
    let mut connection = pin!(builder.serve_connection(watched, service));
    let mut is_finishing = false;
    poll_fn(|cx| {
        if client.watch.must_finish() && !is_finishing {
            is_finishing = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx).map(drop)
    })
    .await;
}

async fn answer(worker: Rc<Worker>, client: Rc<Client>, request: Request<Incoming>) -> Response<PumpedBody> {
    let patience = worker.rules.limits.idle_timeout;
    let (mut parts, incoming) = request.into_parts();
    let response = match downgrade(&mut parts, worker.head_limits()) {
        Ok(()) => {
            let mut request = Request::from_parts(parts, client_body(incoming));
            pipeline::answer(worker, client, &mut request, Interim::nowhere()).await
        }
        Err(fault) => pipeline::refuse(&worker, client, fault),
    };
    response.map(|body| PumpedBody::new(body, patience))
}

fn client_body(incoming: Incoming) -> ClientBody {
    if incoming.is_end_stream() { ClientBody::Empty } else { ClientBody::Http2(incoming) }
}
