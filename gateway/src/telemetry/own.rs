//! What telemetry counts of itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::family::{Family, Value};

/// A number that any thread adds to; none of them is on a request's way.
#[derive(Debug, Default)]
pub(crate) struct Number(AtomicU64);

impl Number {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, amount: u64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Since when something goes wrong, if it does.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<Instant>>);

impl Trouble {
    pub(super) fn begins(&self) {
        self.lock().get_or_insert_with(Instant::now);
    }

    pub(super) fn ends(&self) {
        *self.lock() = None;
    }

    /// How long it has lasted.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        self.lock().map(|since| since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How telemetry itself is getting on.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) pushes: Number,
    pub(crate) push_failures: Number,
    /// Whether the last push has failed.
    pub(crate) push_trouble: Trouble,
    pub(crate) logs_sent: Number,
    pub(crate) logs_dropped: Number,
    pub(crate) log_failures: Number,
    /// Whether the last call with a log line has failed.
    pub(crate) log_trouble: Trouble,
    /// Lines that wait for CoreTelemetry.
    pub(crate) log_backlog: Number,
    pub(crate) spans_dropped: Number,
}

impl Own {
    /// The numbers that only grow, by name.
    fn counters(&self) -> [(&'static str, &Number); 6] {
        [
            ("pushes", &self.pushes),
            ("push_failures", &self.push_failures),
            ("logs_sent", &self.logs_sent),
            ("logs_dropped", &self.logs_dropped),
            ("log_failures", &self.log_failures),
            ("spans_dropped", &self.spans_dropped),
        ]
    }

    /// What has been counted, for the gateway that comes next.
    pub(super) fn record(&self) -> BTreeMap<String, u64> {
        self.counters().map(|(name, number)| (name.to_owned(), number.get())).into()
    }

    /// Counts on from a record.
    pub(super) fn add_record(&self, record: &BTreeMap<String, u64>) {
        for (name, number) in self.counters() {
            number.add(record.get(name).copied().unwrap_or_default());
        }
    }

    pub(super) fn families(&self) -> [Family; 7] {
        let counter = |name, help, number: &Number| Family::counter(name, help).with(Value::Count(number.get()));
        [
            counter("gateway_telemetry_push_total", "Pushes that CoreTelemetry has taken.", &self.pushes),
            counter("gateway_telemetry_push_failures_total", "Pushes that have failed.", &self.push_failures),
            counter("gateway_telemetry_logs_total", "Log lines that CoreTelemetry has taken.", &self.logs_sent),
            counter("gateway_telemetry_log_failures_total", "Calls with a log line that failed.", &self.log_failures),
            counter(
                "gateway_telemetry_logs_dropped_total",
                "Log lines that CoreTelemetry never gets.",
                &self.logs_dropped,
            ),
            Family::gauge("gateway_telemetry_log_backlog", "Log lines that wait for CoreTelemetry.")
                .with(Value::Count(self.log_backlog.get())),
            counter("gateway_telemetry_spans_dropped_total", "Spans that were not sent.", &self.spans_dropped),
        ]
    }
}
