//! Log lines on their way to CoreTelemetry: one call each, from a queue that is never waited for.
//!
//! A line stays until it is taken, refused, or has failed CoreTelemetry so often that it may be the line's fault. While that
//! lasts the queue fills, and what does not fit is counted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::sync::mpsc;

use super::Telemetry;
use super::collector::{CallFault, Collector, Message};
use super::patience::Patience;
use crate::settings::TelemetrySettings;

/// How many lines wait at most.
pub(crate) const BACKLOG: usize = 1024;

/// The wait after a first failure.
const SHORTEST_RETRY: Duration = Duration::from_millis(250);

/// How often a line may be answered with an error of CoreTelemetry's own before it is taken for the cause of it.
const MOST_FAILURES: u32 = 6;

/// What sends log lines.
pub(crate) struct Shipper {
    telemetry: Arc<Telemetry>,
    queue: mpsc::Receiver<Vec<u8>>,
    /// Where lines go, if they go anywhere.
    collector: Option<Collector>,
    patience: Patience,
    /// The line that is being sent.
    line: Option<Bytes>,
    /// How often CoreTelemetry has failed at it.
    failures: u32,
    /// How many dropped lines have been told of.
    told: u64,
}

impl Shipper {
    pub(crate) fn new(telemetry: Arc<Telemetry>, queue: mpsc::Receiver<Vec<u8>>) -> Self {
        Self {
            telemetry,
            queue,
            collector: None,
            patience: Patience::new("log lines", SHORTEST_RETRY),
            line: None,
            failures: 0,
            told: 0,
        }
    }

    /// Sends lines there from now on, or nowhere.
    pub(crate) fn turn_to(&mut self, settings: Option<&TelemetrySettings>) {
        let settings = settings.filter(|settings| settings.log_level.is_some());
        self.collector = settings.map(|settings| Collector::new(settings.at(&settings.logs_path)));
        self.patience = Patience::new("log lines", SHORTEST_RETRY);
        self.telemetry.own.log_trouble.ends();
    }

    /// Sends lines for as long as it is polled and anybody can write any. It may be dropped and begun anew at any time.
    pub(crate) async fn run(&mut self) {
        while self.collector.is_some() {
            if self.line.is_none() {
                let Some(line) = self.queue.recv().await else { return };
                self.line = Some(Bytes::from(line));
            }
            if !self.send().await {
                tokio::time::sleep(self.patience.wait()).await;
            }
        }
    }

    /// Sends what has been written until now; stops at the first failure.
    pub(crate) async fn finish(&mut self) {
        while self.collector.is_some()
            && let Some(line) = self.line.take().or_else(|| self.queue.try_recv().ok().map(Bytes::from))
        {
            self.line = Some(line);
            if !self.send().await {
                return;
            }
        }
    }

    /// The lines that have not been taken yet.
    pub(crate) fn into_waiting(mut self) -> Vec<Vec<u8>> {
        let first = self.line.take().map(|line| line.to_vec());
        first.into_iter().chain(std::iter::from_fn(|| self.queue.try_recv().ok())).collect()
    }

    /// Whether the line at hand is done with.
    async fn send(&mut self) -> bool {
        let (Some(body), Some(collector)) = (self.line.clone(), &mut self.collector) else { return true };
        let own = &self.telemetry.own;
        match collector.post(Message { content_type: "application/json", is_gzip: false, body }).await {
            Ok(()) => {
                own.logs_sent.add(1);
                own.log_trouble.ends();
                self.patience.succeeded();
            }
            Err(CallFault::Status(status)) if is_final(status) => own.logs_dropped.add(1),
            Err(fault) => {
                own.log_failures.add(1);
                own.log_trouble.begins();
                self.patience.failed(&fault);
                self.failures += u32::from(is_failure(&fault));
                if self.failures < MOST_FAILURES {
                    return false;
                }
                own.logs_dropped.add(1);
            }
        }
        (self.line, self.failures) = (None, 0);
        own.log_backlog.subtract(1);
        self.tell_dropped();
        true
    }

    /// Says how many lines were lost, once the queue is empty again.
    fn tell_dropped(&mut self) {
        let dropped = self.telemetry.own.logs_dropped.get();
        let has_caught_up = self.telemetry.own.log_backlog.get() == 0;
        if dropped > self.told && has_caught_up {
            tracing::warn!(dropped = dropped - self.told, "log lines for CoreTelemetry were dropped");
            self.told = dropped;
        }
    }
}

/// Whether CoreTelemetry has failed, and it may be the line's fault; not where it says that it cannot at the moment.
fn is_failure(fault: &CallFault) -> bool {
    let CallFault::Status(status) = fault else { return false };
    status.is_server_error() && !matches!(status.as_u16(), 502..=504)
}

/// Whether another try with the same line would end the same.
fn is_final(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
}
