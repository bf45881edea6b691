//! What is to be seen of the running gateway beside what its workers count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gateway_table::{Table, Text};
use tokio::sync::watch;

use super::Telemetry;
use super::family::{Family, Value};
use crate::auth::Verifier;
use crate::clock::Clock;
use crate::debounce::Debounce;
use crate::limiters::Limiters;
use crate::log::LogSender;
use crate::rejection::Rejection;
use crate::rules::Rules;
use crate::upstream::{BreakerState, Upstream};

/// The parts of the running gateway that tell how it is.
pub(crate) struct State {
    pub(crate) table: &'static Table,
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
    pub(crate) limiters: Arc<Limiters>,
    /// The calls that equal requests share, where a route has such.
    pub(crate) debounce: Option<Arc<Debounce<Rejection>>>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) log: LogSender,
    pub(crate) stop: watch::Receiver<bool>,
}

impl State {
    /// What the settings say at the moment.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.borrow())
    }

    pub(crate) fn upstreams(&self) -> Arc<[Upstream]> {
        Arc::clone(&self.rules.borrow().upstreams)
    }

    /// Whether the gateway has been told to stop.
    pub(crate) fn is_draining(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn gauges(&self, telemetry: &Telemetry) -> Vec<Family> {
        let number = |number: usize| Value::Count(number as u64);
        let mut info = Family::gauge("gateway_build_info", "Always 1; its labels tell what runs.");
        let digest: Text = self.table.digest.clone();
        info.push(vec![("version", env!("CARGO_PKG_VERSION").into()), ("routes_digest", digest)], Value::Count(1));
        let mut keys = Family::gauge("gateway_keys", "Keys that tokens are checked with.");
        let (current, retired) = self.verifier.key_counts();
        for (state, count) in [("current", current), ("retired", retired)] {
            keys.push(vec![("state", state.into())], number(count));
        }
        let mut families = vec![
            info,
            Family::gauge("gateway_uptime_seconds", "Since the gateway started.")
                .with(Value::Level(telemetry.uptime().as_secs_f64())),
            Family::gauge("gateway_connections", "Open connections of clients.").with(number(self.connections())),
            Family::gauge("gateway_draining", "1 while the gateway is stopping.")
                .with(number(usize::from(self.is_draining()))),
            Family::gauge(
                "gateway_configuration_refused",
                "1 if the configuration was refused when it was last read again.",
            )
            .with(number(usize::from(telemetry.is_refused.load(Ordering::Relaxed)))),
            Family::counter("gateway_log_lines_dropped_total", "Lines that did not reach the log.")
                .with(Value::Count(self.log.dropped())),
            keys,
            self.breakers(),
            self.limits(),
        ];
        if let Some(debounce) = &self.debounce {
            let help = "Requests that made a call of their own as there was no room to share one.";
            families
                .push(Family::counter("gateway_debounce_refused_total", help).with(Value::Count(debounce.refused())));
        }
        if let Some(age) = self.verifier.key_age(Clock::default().now()) {
            let family = Family::gauge("gateway_key_age_seconds", "Since the key set was last read.");
            families.push(family.with(Value::Level(age.as_secs_f64())));
        }
        if let Some(bytes) = resident_bytes() {
            let family = Family::gauge("process_resident_memory_bytes", "Memory of the process.");
            families.push(family.with(Value::Count(bytes)));
        }
        families
    }

    fn breakers(&self) -> Family {
        let mut family =
            Family::gauge("gateway_breaker_state", "0 closed, 1 open, 2 may be tried again: the next requests decide.");
        let now = Instant::now();
        for upstream in self.upstreams().iter() {
            let state = match upstream.breaker.state(now) {
                BreakerState::Closed => 0,
                BreakerState::Open(_) => 1,
                BreakerState::HalfOpen => 2,
            };
            family.push(vec![("upstream_service", upstream.name.clone())], Value::Count(state));
        }
        family
    }

    fn limits(&self) -> Family {
        let mut family = Family::gauge("gateway_rate_limit_remaining", "Requests that a route takes at once.");
        let mut known = std::collections::HashSet::new();
        for (index, route) in self.table.routes.iter().enumerate() {
            let Some(remaining) = self.limiters.remaining(index) else { continue };
            // Routes that share a prefix split the methods; the label tells the prefix only.
            if known.insert(&*route.path_prefix) {
                let labels = vec![("path_template", route.path_prefix.clone())];
                family.push(labels, Value::Count(u64::from(remaining)));
            }
        }
        family
    }
}

/// The memory that the process has; known on Linux alone.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
