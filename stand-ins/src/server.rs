//! A small HTTP/1.1 server on a free port of the loopback, in a thread of its own.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers every request, its body read, by `answer`.
    ///
    /// # Errors
    ///
    /// There is no free port, or no further thread.
    pub fn start(answer: impl Fn(Request<Bytes>) -> Response<Full<Bytes>> + Send + 'static) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), answer)
    }

    /// As [`Server::start`], at this address.
    ///
    /// # Errors
    ///
    /// The address is taken, or there is no further thread.
    pub fn start_at(
        address: SocketAddr,
        answer: impl Fn(Request<Bytes>) -> Response<Full<Bytes>> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("stand-in".to_owned()).spawn(move || {
            LocalSet::new().block_on(&runtime, async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = serve(listener, Rc::new(answer)) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A stand-in that panicked has told why on standard error.
            let _ = thread.join();
        }
    }
}

async fn serve<A: Fn(Request<Bytes>) -> Response<Full<Bytes>> + 'static>(listener: TcpListener, answer: Rc<A>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answer = Rc::clone(&answer);
        let service = service_fn(move |request| answer_whole(request, Rc::clone(&answer)));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::task::spawn_local(async move {
            // A client that goes away is no affair of a stand-in's.
            let _ = connection.await;
        });
    }
}

async fn answer_whole<A: Fn(Request<Bytes>) -> Response<Full<Bytes>>>(
    request: Request<Incoming>,
    answer: Rc<A>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(answer(Request::from_parts(parts, body)))
}

/// A 200 with this text.
pub fn text_response(text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::new(Full::new(text.into()))
}
