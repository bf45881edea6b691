//! Spans on their way to a collector: as many together as there are, and lost where it does not take them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::collector::Collector;
use super::own::Own;
use super::patience::Patience;
use super::push::compressed;
use super::tracer::Span;
use super::{Telemetry, otlp};
use crate::settings::TraceSettings;

/// How many spans go together.
const MOST: usize = 512;

/// How long the first span of a call waits for others, and how long is waited after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// What sends spans.
pub(crate) struct SpanExporter {
    queue: mpsc::Receiver<Span>,
    /// Where spans go, if they go anywhere.
    collector: Option<Collector>,
    patience: Patience,
    own: Arc<Own>,
    waiting: Vec<Span>,
    /// The name of the gateway's run.
    instance: String,
}

impl SpanExporter {
    pub(crate) fn new(telemetry: &Telemetry, queue: mpsc::Receiver<Span>) -> Self {
        Self {
            queue,
            collector: None,
            patience: Patience::new("spans", PAUSE),
            own: Arc::clone(&telemetry.own),
            waiting: Vec::new(),
            instance: telemetry.run.instance.clone(),
        }
    }

    /// Sends spans there from now on, or nowhere.
    pub(crate) fn turn_to(&mut self, settings: Option<&TraceSettings>) {
        self.collector = settings.map(|settings| Collector::new(settings.url.clone()));
        self.patience = Patience::new("spans", PAUSE);
    }

    /// Sends spans for as long as it is polled and anybody can make any. It may be dropped and begun anew at any time.
    pub(crate) async fn run(&mut self) {
        if self.collector.is_none() {
            return;
        }
        while self.queue.recv_many(&mut self.waiting, MOST).await > 0 {
            tokio::time::sleep(PAUSE).await;
            self.send().await;
            if self.patience.is_failing() {
                tokio::time::sleep(self.patience.wait()).await;
            }
        }
    }

    /// Sends what there is.
    pub(crate) async fn finish(&mut self) {
        self.send().await;
    }

    async fn send(&mut self) {
        while self.waiting.len() < MOST
            && let Ok(span) = self.queue.try_recv()
        {
            self.waiting.push(span);
        }
        let Some(collector) = self.collector.as_mut().filter(|_| !self.waiting.is_empty()) else { return };
        let spans = std::mem::take(&mut self.waiting);
        let count = spans.len() as u64;
        let message = compressed(otlp::CONTENT_TYPE, otlp::spans(&spans, &self.instance));
        match collector.post(message).await {
            Ok(()) => self.patience.succeeded(),
            Err(fault) => {
                self.own.spans_dropped.add(count);
                self.patience.failed(&fault);
            }
        }
    }
}
