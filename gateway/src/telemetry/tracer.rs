//! Which requests make a span, and where their spans go: a bounded queue that no worker waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use tokio::sync::mpsc;

use super::own::Own;
use crate::trace_context::SpanIds;

/// How many spans wait at most.
const BACKLOG: usize = 1024;

/// A request that is part of a trace.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) ids: SpanIds,
    /// When it ended, in nanoseconds since 1970, and how long it took.
    pub(crate) end: u64,
    pub(crate) nanoseconds: u64,
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) status: u16,
    /// Why it ended early, if it did.
    pub(crate) cause: Option<&'static str>,
}

/// What every worker has of it.
#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    /// The part of all requests that makes a span, as bits; 0 where none does.
    sample: Arc<AtomicU64>,
    queue: mpsc::Sender<Span>,
    own: Arc<Own>,
}

impl Tracer {
    /// A tracer of no request yet, and the queue of their spans.
    pub(crate) fn new(own: Arc<Own>) -> (Self, mpsc::Receiver<Span>) {
        let (queue, spans) = mpsc::channel(BACKLOG);
        (Self { sample: Arc::default(), queue, own }, spans)
    }

    /// Has this part of all requests make spans from now on; 0 for none.
    pub(crate) fn set_sample(&self, sample: f64) {
        self.sample.store(sample.to_bits(), Ordering::Relaxed);
    }

    /// Whether the next request makes a span. Clients have no say in it: they could make each of theirs one.
    pub(crate) fn samples(&self) -> bool {
        let sample = f64::from_bits(self.sample.load(Ordering::Relaxed));
        sample > 0.0 && (sample >= 1.0 || fastrand::f64() < sample)
    }

    pub(crate) fn send(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.own.spans_dropped.add(1);
        }
    }
}
