//! A run of the gateway, as those who read its numbers know it: from its start until its process ends, whichever executables
//! have taken over in between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::clock;

/// What a run is called, and since when it lasts.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its name, which is no other run's.
    pub(super) instance: String,
    /// When it began, in nanoseconds since 1970.
    pub(super) started_at: u64,
    /// The same as its own clock has it.
    pub(super) start: Instant,
    /// How many times metrics were taken to be sent.
    sequence: AtomicU64,
    /// How many executables have taken over.
    pub(crate) takeovers: u64,
}

/// A run as it is handed over.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RunRecord {
    instance: String,
    started_at: u64,
    sequence: u64,
    takeovers: u64,
}

impl Run {
    /// A run that begins now.
    pub(super) fn new() -> Self {
        Self {
            instance: format!("{:032x}", fastrand::u128(..)),
            started_at: clock::unix_nanos(),
            start: Instant::now(),
            sequence: AtomicU64::new(0),
            takeovers: 0,
        }
    }

    /// The run that this record tells of, in another executable.
    pub(super) fn resume(record: &RunRecord) -> Self {
        let lasted = Duration::from_nanos(clock::unix_nanos().saturating_sub(record.started_at));
        let now = Instant::now();
        Self {
            instance: record.instance.clone(),
            started_at: record.started_at,
            // It cannot have begun before the machine did, unless the time of day was set.
            start: now.checked_sub(lasted).unwrap_or(now),
            sequence: AtomicU64::new(record.sequence),
            takeovers: record.takeovers + 1,
        }
    }

    pub(super) fn record(&self) -> RunRecord {
        RunRecord {
            instance: self.instance.clone(),
            started_at: self.started_at,
            sequence: self.sequence.load(Ordering::Relaxed),
            takeovers: self.takeovers,
        }
    }

    /// The number of metrics that are about to be sent, from 1.
    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }
}
