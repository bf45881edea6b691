//! The `telemetry` section: where metrics, logs and spans are sent, and how often.

use std::time::Duration;

use super::HttpUrl;
use super::log::{LogLevel, log_level_of};
use super::node::Value;
use super::read::url_of;
use super::section::{Faults, Field, Section};

/// Where metrics and logs are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetrySettings {
    /// `telemetry.url`: the base URL, `http` or `https`.
    pub url: HttpUrl,
    /// `telemetry.interval`: how soon news is sent; 50ms to 1h, default 1s.
    pub interval: Duration,
    /// `telemetry.format`: how metrics are written, `json` or `otlp`. Default `json`.
    pub format: TelemetryFormat,
    /// `telemetry.metrics_path`: where metrics go, below `url`. Default `/v1/metrics`.
    pub metrics_path: String,
    /// `telemetry.logs_path`: where log lines go, below `url`. Default `/v1/logs`.
    pub logs_path: String,
    /// `telemetry.log_level`: the least severe lines that are sent, or `off`. Default `warn`.
    pub log_level: Option<LogLevel>,
    /// `telemetry.traces`: where spans go; nowhere without it, the default.
    pub traces: Option<TraceSettings>,
}

impl Eq for TelemetrySettings {}

/// How metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelemetryFormat {
    /// The gateway's own JSON.
    Json,
    /// OpenTelemetry's OTLP, protobuf over HTTP.
    Otlp,
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// `telemetry.traces.url`: the whole URL of an OTLP/HTTP collector's `/v1/traces`.
    pub url: HttpUrl,
    /// `telemetry.traces.sample`: the part of all requests that makes a span, above 0, at most 1. Default 0.01.
    pub sample: f64,
}

impl TelemetrySettings {
    /// The URL of a path below the base URL.
    pub(crate) fn at(&self, path: &str) -> HttpUrl {
        let base = self.url.path.trim_end_matches('/');
        HttpUrl { address: self.url.address.clone(), path: format!("{base}{path}") }
    }
}

/// Reads the `telemetry` section.
pub(super) fn read(field: Field, faults: &mut Faults) -> Option<TelemetrySettings> {
    let keys = ["url", "interval", "format", "metrics_path", "logs_path", "log_level", "traces"];
    let mut section = field.section(&keys, faults)?;
    let url = section.require("url", "name the base URL of CoreTelemetry", faults);
    let url = url.and_then(|field| base_of(&field, faults));
    let interval = match section.take("interval") {
        Some(field) => field.duration(Duration::from_millis(50)..=Duration::from_hours(1), faults),
        None => Some(Duration::from_secs(1)),
    };
    let format = section.take("format").map_or(Some(TelemetryFormat::Json), |field| format_of(&field, faults));
    let metrics_path = read_path(&mut section, "metrics_path", "/v1/metrics", faults);
    let logs_path = read_path(&mut section, "logs_path", "/v1/logs", faults);
    let log_level = section.take("log_level").map_or(Some(LogLevel::Warn), |field| sent_level(&field, faults));
    let traces = section.take("traces").and_then(|field| read_traces(field, faults));
    Some(TelemetrySettings {
        url: url?,
        interval: interval?,
        format: format?,
        metrics_path: metrics_path?,
        logs_path: logs_path?,
        log_level,
        traces,
    })
}

/// A URL that paths are put behind.
fn base_of(field: &Field, faults: &mut Faults) -> Option<HttpUrl> {
    let url = url_of(field, faults)?;
    if url.path.contains('?') {
        let help = "leave the query out; `metrics_path` and `logs_path` may have one";
        field.invalid("has a query, behind which no path can be put", help, faults);
        return None;
    }
    Some(url)
}

fn format_of(field: &Field, faults: &mut Faults) -> Option<TelemetryFormat> {
    match field.text(faults)? {
        "json" => Some(TelemetryFormat::Json),
        "otlp" if cfg!(feature = "otlp") => Some(TelemetryFormat::Otlp),
        "otlp" => {
            field.invalid("is not in this build", "build with the feature `otlp`, or choose json", faults);
            None
        }
        _ => {
            field.invalid("is no format of metrics", "choose from json, otlp", faults);
            None
        }
    }
}

fn read_path(section: &mut Section, key: &str, default: &str, faults: &mut Faults) -> Option<String> {
    let Some(field) = section.take(key) else { return Some(default.to_owned()) };
    let text = field.text(faults)?;
    let is_path =
        text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\#".contains(&byte));
    if !is_path {
        field.invalid("is no path", "write it like `/v1/metrics`", faults);
        return None;
    }
    Some(text.to_owned())
}

/// A level; `None` for `off`.
fn sent_level(field: &Field, faults: &mut Faults) -> Option<LogLevel> {
    match &field.node.value {
        Value::Text(text) if text.value == "off" => None,
        // YAML reads a bare `off` so.
        Value::Bool(false) => None,
        _ => log_level_of(field, faults),
    }
}

fn read_traces(field: Field, faults: &mut Faults) -> Option<TraceSettings> {
    if !cfg!(feature = "otlp") {
        field.conflict("is not in this build", "build with the feature `otlp`, or leave it out", faults);
        return None;
    }
    let mut section = field.section(&["url", "sample"], faults)?;
    let url = section.require("url", "name the collector's URL, `http://host:4318/v1/traces`", faults);
    let url = url.and_then(|field| url_of(&field, faults));
    let sample = section.take("sample").map_or(Some(0.01), |field| sample_of(&field, faults));
    Some(TraceSettings { url: url?, sample: sample? })
}

fn sample_of(field: &Field, faults: &mut Faults) -> Option<f64> {
    let part = match field.node.value {
        Value::Float(part) => Some(part),
        Value::Integer(1) => Some(1.0),
        _ => None,
    };
    let part = part.filter(|part| *part > 0.0 && *part <= 1.0);
    if part.is_none() {
        field.invalid("is no part of all requests", "write a number above 0 and up to 1, such as 0.01", faults);
    }
    part
}
