//! Metrics and spans as OpenTelemetry has them: OTLP messages in protobuf.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as OtlpSpan, Status, status::StatusCode};
use prost::Message as _;

use super::family::{Family, Kind, Label, Sample, Value};
use super::tracer::Span;

/// What OTLP/HTTP calls its messages.
pub(super) const CONTENT_TYPE: &str = "application/x-protobuf";

/// From when to when metrics were counted, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) start: u64,
    pub(super) now: u64,
}

/// All metrics as one request. `instance` is the name of this run of the gateway.
pub(super) fn metrics(families: &[Family], instance: &str, period: Period) -> Vec<u8> {
    let there = families.iter().filter(|family| !family.samples.is_empty());
    let metrics = there.map(|family| metric(family, period)).collect();
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, schema_url: String::new() }];
    let resource_metrics =
        vec![ResourceMetrics { resource: Some(resource(instance)), scope_metrics, schema_url: String::new() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

/// Spans as one request.
pub(super) fn spans(spans: &[Span], instance: &str) -> Vec<u8> {
    let spans = spans.iter().map(span).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, schema_url: String::new() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource(instance)), scope_spans, schema_url: String::new() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn resource(instance: &str) -> Resource {
    let attributes = vec![
        text("service.name", "coregateway"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", instance),
    ];
    Resource { attributes, ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope { name: "coregateway".to_owned(), ..InstrumentationScope::default() }
}

fn metric(family: &Family, period: Period) -> Metric {
    let temporality = AggregationTemporality::Cumulative as i32;
    let numbers = || family.samples.iter().map(|sample| number(sample, period)).collect();
    let data = match family.kind {
        Kind::Counter => {
            Data::Sum(Sum { data_points: numbers(), aggregation_temporality: temporality, is_monotonic: true })
        }
        Kind::Gauge => Data::Gauge(Gauge { data_points: numbers() }),
        Kind::Histogram => {
            let data_points = family.samples.iter().filter_map(|sample| distribution(sample, period)).collect();
            Data::Histogram(Histogram { data_points, aggregation_temporality: temporality })
        }
    };
    Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: unit(family.name).to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

/// The unit that a name ends with, as UCUM has it.
fn unit(name: &str) -> &'static str {
    match name.trim_end_matches("_total").rsplit('_').next() {
        Some("seconds") => "s",
        Some("bytes") => "By",
        _ => "1",
    }
}

fn number(sample: &Sample, period: Period) -> NumberDataPoint {
    let value = match sample.value {
        Value::Count(count) => Number::AsInt(i64::try_from(count).unwrap_or(i64::MAX)),
        Value::Level(level) => Number::AsDouble(level),
        Value::Ranges { sum, .. } => Number::AsDouble(sum),
    };
    NumberDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: period.start,
        time_unix_nano: period.now,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn distribution(sample: &Sample, period: Period) -> Option<HistogramDataPoint> {
    let Value::Ranges { bounds, counts, sum } = &sample.value else { return None };
    Some(HistogramDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: period.start,
        time_unix_nano: period.now,
        count: counts.iter().sum(),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: bounds.to_vec(),
        ..HistogramDataPoint::default()
    })
}

fn span(span: &Span) -> OtlpSpan {
    let mut attributes = vec![
        text("http.request.method", span.method.as_str()),
        text("http.route", span.template),
        attribute("http.response.status_code", Any::IntValue(span.status.into())),
    ];
    attributes.extend(span.cause.map(|cause| text("error.type", cause)));
    // Only a server's own failure is one of its span (OpenTelemetry's conventions for HTTP servers).
    let code = if span.status >= 500 { StatusCode::Error } else { StatusCode::Unset };
    OtlpSpan {
        trace_id: span.ids.trace.to_vec(),
        span_id: span.ids.own.to_vec(),
        parent_span_id: span.ids.parent.map(Vec::from).unwrap_or_default(),
        name: format!("{} {}", span.method, span.template),
        kind: SpanKind::Server as i32,
        start_time_unix_nano: span.end.saturating_sub(span.nanoseconds),
        end_time_unix_nano: span.end,
        attributes,
        status: Some(Status { code: code as i32, message: String::new() }),
        ..OtlpSpan::default()
    }
}

fn attributes(labels: &[Label]) -> Vec<KeyValue> {
    labels.iter().map(|(name, value)| text(name, value)).collect()
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Any::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
