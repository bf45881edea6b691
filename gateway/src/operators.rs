//! The thread for everything that operators see: telemetry that is sent, and the admin listener.
//!
//! No worker ever waits for it, and nothing that a worker waits for runs on it.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;
use tokio::time::timeout;
use tracing::Dispatch;

use crate::admin::{self, Admin};
use crate::rules::Rules;
use crate::settings::TelemetrySettings;
#[cfg(feature = "otlp")]
use crate::telemetry::SpanExporter;
use crate::telemetry::{Pusher, Shipper};

/// What there is to be done for operators.
pub(crate) struct Duties {
    pub(crate) admin: Option<(TcpListener, Arc<Admin>)>,
    pub(crate) pusher: Pusher,
    pub(crate) shipper: Shipper,
    #[cfg(feature = "otlp")]
    pub(crate) spans: SpanExporter,
    /// Where things are sent, as it is now.
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
}

/// The thread, while it runs.
pub(crate) struct Operators {
    thread: JoinHandle<Vec<Vec<u8>>>,
    end: oneshot::Sender<End>,
}

/// How the thread is to end.
enum End {
    /// With the last of everything sent, which may take so long.
    Finish(Duration),
    /// At once: somebody else goes on with it.
    Leave,
}

impl Operators {
    /// Starts the thread. A reload may give it something to do where there was nothing before.
    pub(crate) fn start(duties: Duties, events: Dispatch) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(2).build()?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("operators".to_owned()).spawn(move || {
            tracing::dispatcher::with_default(&events, || {
                let left = LocalSet::new().block_on(&runtime, duties.run(ended));
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
                left
            })
        })?;
        Ok(Self { thread, end })
    }

    /// Has the last of everything sent, which may take so long, and waits for it.
    pub(crate) fn finish(self, limit: Duration) {
        self.end(End::Finish(limit));
    }

    /// Ends the thread, and gives the log lines that CoreTelemetry has not got yet.
    pub(crate) fn leave(self) -> Vec<Vec<u8>> {
        self.end(End::Leave)
    }

    fn end(self, end: End) -> Vec<Vec<u8>> {
        // If the thread is gone there is nobody to tell.
        let _ = self.end.send(end);
        self.thread.join().unwrap_or_else(|_| {
            tracing::error!("the operators' thread failed");
            Vec::new()
        })
    }
}

impl Duties {
    /// Gives what is left of the log lines for CoreTelemetry.
    async fn run(mut self, ended: oneshot::Receiver<End>) -> Vec<Vec<u8>> {
        if let Some((socket, admin)) = self.admin.take() {
            tokio::task::spawn_local(async move {
                if let Err(error) = admin::serve(socket, admin).await {
                    tracing::error!(%error, "the admin listener failed");
                }
            });
        }
        let end = tokio::select! {
            end = ended => end.unwrap_or(End::Leave),
            () = self.send() => End::Leave,
        };
        if let End::Finish(limit) = end {
            // What is not through by then is lost, and CoreTelemetry was not there to take it.
            let _ = timeout(limit, self.send_last()).await;
        }
        self.shipper.into_waiting()
    }

    /// Sends metrics, log lines and spans for ever, always where the rules say.
    async fn send(&mut self) {
        let mut rules = self.rules.clone();
        loop {
            let settings = rules.borrow_and_update().telemetry.clone();
            self.turn_to(settings.as_ref());
            let is_other = |rules: &Arc<Rules>| rules.telemetry != settings;
            tokio::select! {
                () = self.send_there() => {}
                changed = rules.wait_for(is_other) => if changed.is_err() { return self.send_there().await },
            }
        }
    }

    fn turn_to(&mut self, settings: Option<&TelemetrySettings>) {
        self.pusher.turn_to(settings);
        self.shipper.turn_to(settings);
        #[cfg(feature = "otlp")]
        self.spans.turn_to(settings.and_then(|settings| settings.traces.as_ref()));
    }

    async fn send_there(&mut self) {
        #[cfg(feature = "otlp")]
        let tracing = self.spans.run();
        #[cfg(not(feature = "otlp"))]
        let tracing = std::future::ready(());
        tokio::join!(self.pusher.run(), self.shipper.run(), tracing, std::future::pending::<()>());
    }

    async fn send_last(&mut self) {
        #[cfg(feature = "otlp")]
        let tracing = self.spans.finish();
        #[cfg(not(feature = "otlp"))]
        let tracing = std::future::ready(());
        tokio::join!(self.pusher.finish(), self.shipper.finish(), tracing);
    }
}
