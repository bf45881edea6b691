//! A client and an upstream that speak HTTP/2, both hyper's.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

/// A body of a request or an answer.
pub(crate) type Body = BoxBody<Bytes, &'static str>;

/// A connection to the gateway, on which many requests may be under way.
pub(crate) type Connection = SendRequest<Body>;

/// An answer that has come to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Drives connections beside the tests, which wait for a gateway to stop in ways that would hold up their own.
static BACKGROUND: LazyLock<Handle> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
});

/// Does this where connections are driven.
pub(crate) async fn beside<T: Send + 'static>(doing: impl Future<Output = T> + Send + 'static) -> T {
    BACKGROUND.spawn(doing).await.unwrap()
}

/// Speaks HTTP/2 in clear without asking whether the gateway does.
pub(crate) async fn connect(address: SocketAddr) -> Connection {
    beside(async move { handshake(TcpStream::connect(address).await.unwrap()).await }).await
}

/// Speaks HTTP/2 on this stream.
pub(crate) async fn handshake(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Connection {
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never: Infallible| match never {}).boxed()
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// A request of the gateway by this method and for this path, with these fields.
pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)], body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(format!("http://gateway.test{path}"));
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body).unwrap()
}

/// The whole answer; an error if it breaks off.
pub(crate) async fn ask(connection: &Connection, request: Request<Body>) -> Result<Answer, hyper::Error> {
    let mut connection = connection.clone();
    connection.ready().await?;
    let (parts, body) = connection.send_request(request).await?.into_parts();
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned();
    Ok(Answer { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers })
}

/// The whole answer to a GET.
pub(crate) async fn get(connection: &Connection, path: &str) -> Answer {
    ask(connection, request("GET", path, &[], empty())).await.unwrap()
}

/// An upstream that speaks HTTP/2 alone, in clear, in a thread of its own.
pub(crate) fn upstream<F>(answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static) -> SocketAddr
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || tokio::task::LocalSet::new().block_on(&runtime, serve(listener, answer)));
    address
}

async fn serve<F>(listener: std::net::TcpListener, answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static)
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answering = answer(request);
            async move { Ok::<_, Infallible>(answering.await) }
        });
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        // A gateway that goes away is no affair of an upstream's.
        tokio::task::spawn_local(builder.serve_connection(TokioIo::new(stream), service));
    }
}
