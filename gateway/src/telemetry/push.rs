//! Metrics on their way to CoreTelemetry: sent when there is news, and tried again until they are taken.
//!
//! Values are cumulative, so that whatever is missed while CoreTelemetry is away is in what it gets next.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::{Instant, sleep_until};

use super::collector::{CallFault, Collector, Message};
#[cfg(feature = "otlp")]
use super::family::Family;
use super::metrics::families;
#[cfg(feature = "otlp")]
use super::otlp;
#[cfg(feature = "otlp")]
use super::parts::in_parts;
use super::patience::Patience;
use super::payload::{Envelope, payloads};
use super::{State, Telemetry};
use crate::clock;
use crate::settings::{TelemetryFormat, TelemetrySettings};

/// The longest payload, before it is compressed.
const LIMIT: usize = 1 << 20;

/// From which length on a payload is compressed.
const COMPRESSED_FROM: usize = 4 * 1024;

/// How long there may be no news before metrics are sent all the same: gauges move by themselves.
const SILENCE: Duration = Duration::from_secs(30);

/// The shortest wait after a failure.
const SHORTEST_RETRY: Duration = Duration::from_millis(250);

/// What sends metrics.
pub(crate) struct Pusher {
    telemetry: Arc<Telemetry>,
    state: Arc<State>,
    /// Where metrics go, if they go anywhere.
    target: Option<Target>,
    /// How many exchanges had ended when metrics were taken last.
    told: u64,
    told_at: Instant,
    /// Whether it has been sent that the gateway stops.
    has_told_drain: bool,
}

/// Where metrics go, and how.
struct Target {
    collector: Collector,
    format: TelemetryFormat,
    interval: Duration,
    patience: Patience,
}

impl Target {
    fn new(settings: &TelemetrySettings) -> Self {
        Self {
            collector: Collector::new(settings.at(&settings.metrics_path)),
            format: settings.format,
            interval: settings.interval,
            patience: Patience::new("metrics", settings.interval.max(SHORTEST_RETRY)),
        }
    }

    /// How long to wait for the next look.
    fn pause(&self) -> Duration {
        if self.patience.is_failing() { self.patience.wait() } else { self.interval.min(SILENCE) }
    }

    async fn send(&mut self, messages: Vec<Message>) -> Result<(), CallFault> {
        for message in messages {
            self.collector.post(message).await?;
        }
        Ok(())
    }
}

impl Pusher {
    pub(crate) fn new(telemetry: Arc<Telemetry>, state: Arc<State>) -> Self {
        Self { telemetry, state, target: None, told: 0, told_at: Instant::now(), has_told_drain: false }
    }

    /// Sends metrics there from now on, or nowhere.
    pub(crate) fn turn_to(&mut self, settings: Option<&TelemetrySettings>) {
        self.target = settings.map(Target::new);
        self.telemetry.own.push_trouble.ends();
    }

    /// Sends metrics whenever there is news, for as long as it is polled. What it has told stays told.
    pub(crate) async fn run(&mut self) {
        let mut stop = self.state.stop.clone();
        self.push("start").await;
        while let Some(target) = &self.target {
            let due = Instant::now() + target.pause();
            let alarm = Arc::clone(&self.telemetry.alarm);
            tokio::select! {
                () = alarm.notified() => self.push("breaker").await,
                Ok(_) = stop.wait_for(|must_stop| *must_stop), if !self.has_told_drain => {
                    self.has_told_drain = true;
                    self.push("drain").await;
                }
                () = sleep_until(due) => {
                    if self.has_news() {
                        self.push("interval").await;
                    }
                }
            }
        }
    }

    /// Sends what there is at the end.
    pub(crate) async fn finish(&mut self) {
        self.push("stop").await;
    }

    fn has_news(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.patience.is_failing())
            || self.telemetry.ended() != self.told
            || self.told_at.elapsed() >= SILENCE
    }

    async fn push(&mut self, reason: &'static str) {
        let Some(format) = self.target.as_ref().map(|target| target.format) else { return };
        let ended = self.telemetry.ended();
        let messages = self.messages(format, reason);
        let Some(target) = &mut self.target else { return };
        match target.send(messages).await {
            Ok(()) => {
                target.patience.succeeded();
                self.telemetry.own.pushes.add(1);
                self.telemetry.own.push_trouble.ends();
                (self.told, self.told_at) = (ended, Instant::now());
            }
            Err(fault) => {
                target.patience.failed(&fault);
                self.telemetry.own.push_failures.add(1);
                self.telemetry.own.push_trouble.begins();
            }
        }
    }

    fn messages(&mut self, format: TelemetryFormat, reason: &'static str) -> Vec<Message> {
        let families = families(&self.telemetry, &self.state);
        let run = &self.telemetry.run;
        let (content_type, payloads) = match format {
            TelemetryFormat::Json => {
                let envelope = Envelope {
                    instance: run.instance.clone(),
                    started_at: clock::timestamp_of(run.started_at),
                    timestamp: clock::timestamp(),
                    sequence: run.next_sequence(),
                    reason,
                };
                ("application/json", payloads(families, &envelope, LIMIT))
            }
            #[cfg(feature = "otlp")]
            TelemetryFormat::Otlp => {
                let period = otlp::Period { start: run.started_at, now: clock::unix_nanos() };
                let write = |families: &[Family]| otlp::metrics(families, &run.instance, period);
                (otlp::CONTENT_TYPE, in_parts(families, LIMIT, &write))
            }
            #[cfg(not(feature = "otlp"))]
            TelemetryFormat::Otlp => unreachable!("the settings refuse it"),
        };
        payloads.into_iter().map(|payload| compressed(content_type, payload)).collect()
    }
}

/// A payload, compressed if that is worth it.
pub(super) fn compressed(content_type: &'static str, payload: Vec<u8>) -> Message {
    let plain = |body: Vec<u8>| Message { content_type, is_gzip: false, body: Bytes::from(body) };
    if payload.len() < COMPRESSED_FROM {
        return plain(payload);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&payload).and_then(|()| encoder.finish()) {
        Ok(body) => Message { content_type, is_gzip: true, body: Bytes::from(body) },
        // A vector takes all that is written to it.
        Err(_) => plain(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::HttpUrl;

    #[test]
    fn there_is_a_look_at_least_every_half_minute_however_long_the_interval() {
        for (interval, pause) in [(1, 1), (29, 29), (31, 30), (3_600, 30)] {
            let url = HttpUrl::parse("http://127.0.0.1:7001").unwrap();
            let target = Target {
                collector: Collector::new(url),
                format: TelemetryFormat::Json,
                interval: Duration::from_secs(interval),
                patience: Patience::new("metrics", SHORTEST_RETRY),
            };
            assert_eq!(target.pause(), Duration::from_secs(pause));
        }
    }
}
