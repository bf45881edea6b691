//! The thread for everything that operators see: telemetry that is sent, and the admin listener.
//!
//! No worker ever waits for it, and nothing that a worker waits for runs on it.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::Dispatch;

use crate::admin::{self, Admin};
#[cfg(feature = "otlp")]
use crate::telemetry::SpanExporter;
use crate::telemetry::{Pusher, Shipper};

/// What there is to be done for operators.
pub(crate) struct Duties {
    pub(crate) admin: Option<(TcpListener, Option<TlsAcceptor>, Arc<Admin>)>,
    pub(crate) pusher: Option<Pusher>,
    pub(crate) shipper: Option<Shipper>,
    #[cfg(feature = "otlp")]
    pub(crate) spans: Option<SpanExporter>,
}

/// The thread, while it runs.
pub(crate) struct Operators {
    thread: JoinHandle<()>,
    /// How long the last things may take.
    finish: oneshot::Sender<Duration>,
}

impl Operators {
    /// Starts the thread, if there is anything to do.
    pub(crate) fn start(duties: Duties, events: Dispatch) -> io::Result<Option<Self>> {
        if duties.admin.is_none() && duties.pusher.is_none() && duties.shipper.is_none() {
            return Ok(None);
        }
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
        let (finish, finished) = oneshot::channel();
        let thread = std::thread::Builder::new().name("operators".to_owned()).spawn(move || {
            tracing::dispatcher::with_default(&events, || {
                LocalSet::new().block_on(&runtime, duties.run(finished));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            });
        })?;
        Ok(Some(Self { thread, finish }))
    }

    /// Has the last of everything sent, which may take so long, and waits for it.
    pub(crate) fn finish(self, limit: Duration) {
        // If the thread is gone there is nobody to tell.
        let _ = self.finish.send(limit);
        if self.thread.join().is_err() {
            tracing::error!("the operators' thread failed");
        }
    }
}

impl Duties {
    async fn run(mut self, finished: oneshot::Receiver<Duration>) {
        if let Some((socket, tls, admin)) = self.admin.take() {
            tokio::task::spawn_local(async move {
                if let Err(error) = admin::serve(socket, tls, admin).await {
                    tracing::error!(%error, "the admin listener failed");
                }
            });
        }
        let limit = tokio::select! {
            limit = finished => limit.unwrap_or_default(),
            () = self.send() => return,
        };
        // What is not through by then is lost, and CoreTelemetry was not there to take it.
        let _ = timeout(limit, self.send_last()).await;
    }

    /// Sends metrics and log lines, for ever.
    async fn send(&mut self) {
        let pushing = async {
            if let Some(pusher) = &mut self.pusher {
                pusher.run().await;
            }
        };
        let shipping = async {
            if let Some(shipper) = &mut self.shipper {
                shipper.run().await;
            }
        };
        #[cfg(feature = "otlp")]
        let tracing = async {
            if let Some(spans) = &mut self.spans {
                spans.run().await;
            }
        };
        #[cfg(not(feature = "otlp"))]
        let tracing = std::future::ready(());
        tokio::join!(pushing, shipping, tracing, std::future::pending::<()>());
    }

    async fn send_last(&mut self) {
        let pushing = async {
            if let Some(pusher) = &mut self.pusher {
                pusher.finish().await;
            }
        };
        let shipping = async {
            if let Some(shipper) = &mut self.shipper {
                shipper.finish().await;
            }
        };
        #[cfg(feature = "otlp")]
        let tracing = async {
            if let Some(spans) = &mut self.spans {
                spans.finish().await;
            }
        };
        #[cfg(not(feature = "otlp"))]
        let tracing = std::future::ready(());
        tokio::join!(pushing, shipping, tracing);
    }
}
