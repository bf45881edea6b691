//! What operators learn of the traffic: numbers that workers count, merged when somebody reads them.
//!
//! In: one call of a worker's [`Recorder`] at the end of every exchange. Out: metrics, for whoever asks or is told.

mod block;
mod bounds;
mod cell;
mod collector;
pub(crate) mod exposition;
pub(crate) mod family;
mod labels;
pub(crate) mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod own;
mod parts;
mod patience;
mod payload;
mod push;
mod record;
mod run;
mod ship;
#[cfg(feature = "otlp")]
mod spans;
mod state;
mod totals;
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only OTLP has spans"))]
mod tracer;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gateway_table::Table;
use tokio::sync::{Notify, mpsc};

use self::block::Block;
use self::own::{Number, Own};
use self::run::Run;
use self::tracer::Tracer;

pub(crate) use self::block::{Ended, Recorder};
pub(crate) use self::bounds::percentile;
pub(crate) use self::cell::Counts;
pub(crate) use self::labels::{Cause, OTHER, Templates};
pub(crate) use self::push::Pusher;
pub(crate) use self::record::TelemetryRecord;
pub(crate) use self::ship::{BACKLOG, Shipper};
#[cfg(feature = "otlp")]
pub(crate) use self::spans::SpanExporter;
pub(crate) use self::state::{State, resident_bytes};
pub(crate) use self::totals::{EarlyTotals, ServiceTotals, Totals};
pub(crate) use self::tracer::Span;

/// What all threads share to count, and to read what was counted.
pub(crate) struct Telemetry {
    pub(crate) templates: Arc<Templates>,
    services: usize,
    blocks: Mutex<Vec<Arc<Block>>>,
    pub(crate) run: Run,
    /// Something has happened that operators should learn of at once.
    pub(crate) alarm: Arc<Notify>,
    pub(crate) own: Arc<Own>,
    /// Whether the configuration was refused when it was last read again.
    pub(crate) is_refused: AtomicBool,
    /// Replies over ZeroMQ for which nobody waited.
    pub(crate) unexpected_replies: Number,
    /// Makes spans of requests, if any are to be made.
    pub(crate) tracer: Tracer,
}

impl Telemetry {
    /// What counts nothing yet, and the queue of spans.
    pub(crate) fn new(table: &'static Table) -> (Self, mpsc::Receiver<Span>) {
        Self::of(Run::new(), table)
    }

    /// Goes on with a run that another executable has begun.
    pub(crate) fn resume(table: &'static Table, record: &TelemetryRecord) -> (Self, mpsc::Receiver<Span>) {
        let (telemetry, spans) = Self::of(Run::resume(&record.run), table);
        telemetry.add_record(record, table);
        (telemetry, spans)
    }

    fn of(run: Run, table: &'static Table) -> (Self, mpsc::Receiver<Span>) {
        let own = Arc::new(Own::default());
        let (tracer, spans) = Tracer::new(Arc::clone(&own));
        let telemetry = Self {
            templates: Arc::new(Templates::new(table)),
            services: table.services.len(),
            blocks: Mutex::default(),
            run,
            alarm: Arc::default(),
            own,
            is_refused: AtomicBool::new(false),
            unexpected_replies: Number::default(),
            tracer,
        };
        (telemetry, spans)
    }

    /// What a worker counts with; each has its own.
    pub(crate) fn recorder(&self) -> Recorder {
        let block = self.add_block(Block::new(&self.templates, self.services));
        Recorder::new(block, Arc::clone(&self.templates), self.run.start, self.tracer.clone())
    }

    fn add_block(&self, block: Block) -> Arc<Block> {
        let block = Arc::new(block);
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&block));
        block
    }

    /// What all workers have counted so far.
    pub(crate) fn totals(&self) -> Totals {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        Totals::of(&blocks, &self.templates, self.services)
    }

    /// How many exchanges have ended so far.
    pub(crate) fn ended(&self) -> u64 {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().map(|block| block.ended.get()).sum()
    }

    /// What has ended early, by cause.
    pub(crate) fn causes(&self) -> Vec<EarlyTotals> {
        self.totals().causes
    }

    /// What has been counted of every service.
    pub(crate) fn services(&self) -> Vec<ServiceTotals> {
        self.totals().services
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.run.start.elapsed()
    }
}
