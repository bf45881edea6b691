//! Requests over HTTP/2: all of a worker's to one service share a connection.
//!
//! An upstream is spoken to so if it chooses HTTP/2 in the TLS handshake, or if the request is one that exists in HTTP/2
//! alone (gRPC).

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::Authority;
use http::{Request, Uri, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;

use super::send::{Answer, Outgoing, open};
use super::{Pool, UpstreamFault};
use crate::request_body::{RequestBody, RequestBodyFault};
use crate::response_body::UpstreamBody;
use crate::stream::Stream;

/// The connection that requests share.
#[derive(Default)]
pub(super) struct Shared {
    sender: RefCell<Option<SendRequest<SharedBody>>>,
    /// Whether the upstream itself has chosen HTTP/2. One that was not asked may not know it at all: only the requests that
    /// need it are risked.
    is_chosen: Cell<bool>,
    /// Held while a connection is made, so that only one is.
    connecting: Mutex<()>,
}

impl Shared {
    /// Whether there is a connection that takes any request.
    pub(super) fn is_for_all(&self) -> bool {
        self.is_chosen.get() && self.sender().is_some()
    }

    fn sender(&self) -> Option<SendRequest<SharedBody>> {
        self.sender.borrow().clone().filter(|sender| !sender.is_closed())
    }

    async fn connect(&self, stream: Stream) -> Result<SendRequest<SharedBody>, UpstreamFault> {
        self.is_chosen.set(stream.protocol() == Some(b"h2"));
        let handshake = Builder::new(Local).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| UpstreamFault::Unreachable(io::Error::other(error)))?;
        tokio::task::spawn_local(async move {
            // Whoever waits for an answer on this connection learns of its failure by the sender.
            let _ = connection.await;
        });
        *self.sender.borrow_mut() = Some(sender.clone());
        Ok(sender)
    }
}

/// Sends a request over the shared connection; one is made of `stream`, or opened, if there is none.
pub(super) async fn send(
    pool: &Rc<Pool>,
    stream: Option<Stream>,
    request: &Outgoing<'_>,
    body: &mut RequestBody,
) -> Result<Answer, UpstreamFault> {
    let mut sender = sender(pool, stream, request).await?;
    sender.ready().await.map_err(reset)?;
    let had_body = !body.length().is_empty();
    let shared = SharedBody(Rc::new(RefCell::new(body.take())));
    match sender.send_request(translated(request, pool.address.scheme, shared.clone())?).await {
        // The connection goes on sending the body.
        Ok(answer) => Ok(answer.map(|incoming| UpstreamBody::http2(incoming, had_body))),
        Err(error) => {
            *body = shared.0.borrow_mut().take();
            Err(body.fault().map_or_else(|| reset(error), UpstreamFault::RequestBody))
        }
    }
}

async fn sender(
    pool: &Rc<Pool>,
    stream: Option<Stream>,
    request: &Outgoing<'_>,
) -> Result<SendRequest<SharedBody>, UpstreamFault> {
    if let Some(stream) = stream {
        return pool.shared.connect(stream).await;
    }
    let _connecting = pool.shared.connecting.lock().await;
    if let Some(sender) = pool.shared.sender() {
        return Ok(sender);
    }
    pool.shared.connect(open(pool, request).await?).await
}

fn reset(error: hyper::Error) -> UpstreamFault {
    UpstreamFault::Reset(io::Error::other(error))
}

/// The request with the pseudo-header fields of HTTP/2 (RFC 9113 §8.3.1).
fn translated(
    request: &Outgoing<'_>,
    scheme: gateway_table::Scheme,
    body: SharedBody,
) -> Result<Request<SharedBody>, UpstreamFault> {
    let mut headers = request.fields();
    headers.remove(CONNECTION);
    let host = headers.remove(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let mut uri = Uri::builder().scheme(scheme.name()).path_and_query(request.target.as_str());
    if let Some(authority) = authority {
        uri = uri.authority(authority);
    }
    let mut translated = Request::new(body);
    *translated.method_mut() = request.method.clone();
    *translated.uri_mut() = uri.build().map_err(|error| UpstreamFault::Unreachable(io::Error::other(error)))?;
    *translated.version_mut() = Version::HTTP_2;
    *translated.headers_mut() = headers;
    Ok(translated)
}

/// A request's body, which the connection sends, and which comes back from it if nothing came of that.
#[derive(Clone)]
pub(super) struct SharedBody(Rc<RefCell<RequestBody>>);

impl Body for SharedBody {
    type Data = Bytes;
    type Error = RequestBodyFault;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RequestBodyFault>>> {
        self.0.borrow_mut().poll_part(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.borrow().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.borrow().size_hint()
    }
}

/// Runs what a connection has to do beside on its worker's own thread.
#[derive(Clone, Copy)]
pub(crate) struct Local;

impl<F> Executor<F> for Local
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move { drop(future.await) });
    }
}
