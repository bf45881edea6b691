//! The admin listener: how the gateway is, for people and for programs, and the few things that they may have it do.
//!
//! It is hyper's server on the operators' thread; clients' traffic never comes here.

mod answer;
mod body;
mod guard;
mod history;
mod page;
mod seats;
mod status;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::log::Threshold;
use crate::orders::Orders;
use crate::settings::AdminSettings;
use crate::telemetry::{State, Telemetry};

pub(crate) use self::history::History;
use self::seats::Seats;

/// How long a request's head may take to come, and a handshake.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long accepting pauses when the machine has no more of something for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the admin listener knows and may do.
pub(crate) struct Admin {
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) state: Arc<State>,
    pub(crate) history: History,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) threshold: Threshold,
    pub(crate) orders: Orders,
}

impl Admin {
    /// What the configuration says of the listener at the moment.
    fn settings(&self) -> Option<AdminSettings> {
        self.state.rules().admin.as_ref().map(|admin| admin.settings.clone())
    }
}

/// Serves until it is dropped.
///
/// # Errors
///
/// The socket cannot be registered with the runtime.
pub(crate) async fn serve(socket: std::net::TcpListener, admin: Arc<Admin>) -> io::Result<()> {
    let socket = TcpListener::from_std(socket)?;
    tokio::task::spawn_local(history::keep(Arc::clone(&admin)));
    let mut seats = Seats::default();
    loop {
        let Ok((stream, peer)) = socket.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let tls = admin.state.rules().admin.as_ref().and_then(|rules| rules.tls.clone());
        let admin = Arc::clone(&admin);
        let connection = tokio::task::spawn_local(async move {
            match tls {
                None => converse(stream, admin).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) =
                        timeout(HEAD_TIMEOUT, TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream)).await
                    {
                        converse(stream, admin).await;
                    }
                }
            }
        });
        seats.take(peer.ip(), connection);
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + 'static>(stream: S, admin: Arc<Admin>) {
    let service = service_fn(move |request| {
        let admin = Arc::clone(&admin);
        async move { Ok::<_, Infallible>(answer::answer(&admin, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is its client's affair.
    let _ = connection.await;
}
