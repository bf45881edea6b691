//! Spans on their way to a collector: as many together as there are, and lost where it does not take them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::collector::Collector;
use super::own::Own;
use super::patience::Patience;
use super::push::compressed;
use super::tracer::Span;
use super::{instance, otlp};
use crate::settings::TraceSettings;

/// How many spans go together.
const MOST: usize = 512;

/// How long the first span of a call waits for others, and how long is waited after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// What sends spans.
pub(crate) struct SpanExporter {
    queue: mpsc::Receiver<Span>,
    collector: Collector,
    patience: Patience,
    own: Arc<Own>,
    waiting: Vec<Span>,
}

impl SpanExporter {
    pub(crate) fn new(settings: &TraceSettings, own: Arc<Own>, queue: mpsc::Receiver<Span>) -> Self {
        let collector = Collector::new(settings.url.clone());
        Self { queue, collector, patience: Patience::new("spans", PAUSE), own, waiting: Vec::new() }
    }

    /// Sends spans for as long as it is polled and anybody can make any.
    pub(crate) async fn run(&mut self) {
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
        if self.waiting.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.waiting);
        let count = spans.len() as u64;
        let message = compressed(otlp::CONTENT_TYPE, otlp::spans(&spans, instance()));
        match self.collector.post(message).await {
            Ok(()) => self.patience.succeeded(),
            Err(fault) => {
                self.own.spans_dropped.add(count);
                self.patience.failed(&fault);
            }
        }
    }
}
