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
mod own;
mod patience;
mod payload;
mod push;
mod ship;
mod state;
mod totals;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gateway_table::Table;
use tokio::sync::Notify;

use self::block::Block;
use self::own::Own;

pub(crate) use self::block::{Ended, Recorder};
pub(crate) use self::bounds::percentile;
pub(crate) use self::cell::Counts;
pub(crate) use self::labels::{Cause, Templates};
pub(crate) use self::push::Pusher;
pub(crate) use self::ship::{BACKLOG, Shipper};
pub(crate) use self::state::{State, resident_bytes};
pub(crate) use self::totals::{EarlyTotals, ServiceTotals, Totals};

/// What all threads share to count, and to read what was counted.
pub(crate) struct Telemetry {
    pub(crate) templates: Arc<Templates>,
    services: usize,
    blocks: Mutex<Vec<Arc<Block>>>,
    start: Instant,
    /// Something has happened that operators should learn of at once.
    pub(crate) alarm: Arc<Notify>,
    pub(crate) own: Own,
}

impl Telemetry {
    pub(crate) fn new(table: &'static Table) -> Self {
        Self {
            templates: Arc::new(Templates::new(table)),
            services: table.services.len(),
            blocks: Mutex::default(),
            start: Instant::now(),
            alarm: Arc::default(),
            own: Own::default(),
        }
    }

    /// What a worker counts with; each has its own.
    pub(crate) fn recorder(&self) -> Recorder {
        let block = Arc::new(Block::new(&self.templates, self.services));
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&block));
        Recorder::new(block, Arc::clone(&self.templates), self.start)
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
        self.start.elapsed()
    }
}
