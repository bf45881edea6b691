//! Traces: passed on or begun, in the log, and as spans at a collector; and metrics as OTLP.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use stand_ins::CoreTelemetry;

use crate::support::client::status;
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn parent() -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: a=b\r\n")
}

/// What an upstream has got of `traceparent`.
fn passed_on(upstream: &Upstream) -> String {
    let requests = upstream.requests();
    let request = requests.last().unwrap();
    request.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap().to_owned()
}

#[test]
fn a_trace_goes_on_to_the_service_and_stands_in_the_log() {
    let upstream = Upstream::saying("x");
    let gateway = Running::in_front_of(upstream.address());
    assert_eq!(status(gateway.address(), "GET /open", &parent()), 200);
    assert_eq!(passed_on(&upstream), format!("00-{TRACE}-{PARENT}-01"));
    assert!(upstream.requests()[0].contains("tracestate: a=b"));
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    let begun = passed_on(&upstream);
    assert!(begun.len() == 55 && begun.ends_with("-02"), "{begun}");
    let log = gateway.stop();
    let traces: Vec<&str> = log.iter().filter_map(|line| line["trace_id"].as_str()).collect();
    assert_eq!(traces, [TRACE, &begun[3..35]]);
}

/// A gateway that makes a span of every request.
fn tracing(core_telemetry: &CoreTelemetry, routes: &str) -> Running {
    let url = core_telemetry.url();
    let section = format!(
        "telemetry: {{ url: \"{url}\", format: otlp, interval: 50ms, traces: {{ url: \"{url}/v1/traces\", sample: 1 }} }}\n"
    );
    Running::start(&route_file(routes), &section)
}

fn spans(core_telemetry: &CoreTelemetry) -> Vec<Span> {
    let requests = core_telemetry.traces().into_iter();
    let requests = requests.map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
}

#[test]
fn sampled_requests_are_spans_between_their_client_and_their_service() {
    let (core_telemetry, upstream) = (CoreTelemetry::start().unwrap(), Upstream::saying("x"));
    let gateway = tracing(&core_telemetry, &open_route(upstream.address(), ""));
    assert_eq!(status(gateway.address(), "GET /open/x?secret=1", &parent()), 200);
    assert_eq!(status(gateway.address(), "GET /nowhere", ""), 404);
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
    assert!(core_telemetry.wait_until(|telemetry| spans(telemetry).len() == 3));
    let hex = |bytes: &[u8]| {
        let number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        format!("{number:0width$x}", width = 2 * bytes.len())
    };
    let spans = spans(&core_telemetry);
    let forwarded = spans.iter().find(|span| span.name == "GET /open").unwrap();
    assert_eq!((hex(&forwarded.trace_id), hex(&forwarded.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(passed_on(&upstream), format!("00-{TRACE}-{}-01", hex(&forwarded.span_id)));
    assert!(forwarded.start_time_unix_nano < forwarded.end_time_unix_nano);
    assert!(spans.iter().any(|span| span.name == "GET /healthcheck"), "as in the metrics");
    let lost = spans.iter().find(|span| span.name == "GET _OTHER").unwrap();
    assert!(lost.parent_span_id.is_empty());
    assert!(lost.attributes.iter().any(|attribute| attribute.key == "error.type"));
    assert!(!format!("{spans:?}").contains("secret"));
}

#[test]
fn metrics_arrive_as_otlp_and_are_right_to_the_last_request() {
    let (core_telemetry, upstream) = (CoreTelemetry::start().unwrap(), Upstream::saying("x"));
    let gateway = tracing(&core_telemetry, &open_route(upstream.address(), ""));
    for _ in 0..7 {
        assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    }
    drop(gateway);
    let last = core_telemetry.payloads().pop().unwrap();
    let request = ExportMetricsServiceRequest::decode(&last[..]).unwrap();
    let resource = request.resource_metrics[0].resource.as_ref().unwrap();
    assert!(resource.attributes.iter().any(|attribute| attribute.key == "service.name"));
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let data = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap().data.clone();
    let Some(Data::Sum(requests)) = data("gateway_request_total") else { panic!("no sum") };
    assert_eq!((requests.is_monotonic, requests.data_points[0].value), (true, Some(Value::AsInt(7))));
    let Some(Data::Histogram(durations)) = data("gateway_request_duration_seconds") else { panic!("no histogram") };
    let durations = &durations.data_points[0];
    assert_eq!((durations.count, durations.explicit_bounds.len(), durations.bucket_counts.len()), (7, 14, 15));
}
