//! The metrics that operators see: their names, and where their values come from.

use std::borrow::Cow;

use super::Telemetry;
use super::bounds::{BYTES_SHOWN, SECONDS, by_seconds, seconds};
use super::family::{Family, Label, Value};
use super::labels::{AuthOutcome, Cause, UpstreamError, auth_reason, method_name};
use super::state::State;
use super::totals::{SeriesTotals, Totals};

/// All metrics as they stand.
pub(crate) fn families(telemetry: &Telemetry, state: &State) -> Vec<Family> {
    let totals = telemetry.totals();
    let mut families = Vec::from(requests(telemetry, &totals));
    families.extend(authentication(&totals));
    families.extend(early_ends(telemetry, &totals));
    families.extend(services(state, &totals));
    families.push(
        Family::counter("gateway_unexpected_replies_total", "Replies over ZeroMQ for which nobody waited.")
            .with(Value::Count(telemetry.unexpected_replies.get())),
    );
    families.extend(state.gauges(telemetry));
    families.extend(telemetry.own.families());
    families
}

fn requests(telemetry: &Telemetry, totals: &Totals) -> [Family; 4] {
    let mut requests = Family::counter("gateway_request_total", "Requests that have ended, by their answer's status.");
    let mut duration =
        Family::histogram("gateway_request_duration_seconds", "From a request's head to its answer's end.");
    let mut request_size = Family::histogram("gateway_request_size_bytes", "Bodies of requests.");
    let mut response_size = Family::histogram("gateway_response_size_bytes", "Bodies of answers.");
    for series in &totals.series {
        let labels = series_labels(telemetry, series);
        for (status, count) in &series.statuses {
            let status: Label = ("status_code", status.to_string().into());
            requests.push(labels.iter().cloned().chain([status]).collect(), Value::Count(*count));
        }
        let counts = by_seconds(&series.duration.ranges);
        let sum = seconds(series.duration.sum);
        duration.push(labels.clone(), Value::Ranges { bounds: &SECONDS, counts, sum });
        for (family, size) in [(&mut request_size, &series.request_size), (&mut response_size, &series.response_size)] {
            #[expect(clippy::cast_precision_loss, reason = "exact up to petabytes")]
            let sum = size.sum as f64;
            family.push(labels.clone(), Value::Ranges { bounds: &BYTES_SHOWN, counts: size.ranges.clone(), sum });
        }
    }
    [requests, duration, request_size, response_size]
}

fn series_labels(telemetry: &Telemetry, series: &SeriesTotals) -> Vec<Label> {
    let template = telemetry.templates.name(series.template);
    vec![("method", method_name(series.method).into()), ("path_template", template.into())]
}

fn authentication(totals: &Totals) -> [Family; 2] {
    let mut validations = Family::counter("gateway_auth_validation_total", "Tokens that were looked at, by outcome.");
    for outcome in AuthOutcome::ALL {
        let count = totals.auth_outcomes[outcome as usize];
        validations.push(vec![("outcome", outcome.name().into())], Value::Count(count));
    }
    let mut failures = Family::counter("gateway_auth_failures_total", "Tokens that let nobody in, by reason.");
    for (index, count) in totals.auth_reasons.iter().enumerate().filter(|(_, count)| **count > 0) {
        failures.push(vec![("reason", auth_reason(index).into())], Value::Count(*count));
    }
    [validations, failures]
}

fn early_ends(telemetry: &Telemetry, totals: &Totals) -> [Family; 3] {
    let mut limited = Family::counter("gateway_rate_limited_total", "Requests over their route's limit.");
    let mut debounced =
        Family::counter("gateway_debounced_total", "Requests answered by what another's call has brought.");
    for (family, counts) in [(&mut limited, &totals.rate_limited), (&mut debounced, &totals.debounced)] {
        for (template, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            family.push(vec![("path_template", telemetry.templates.name(template).into())], Value::Count(*count));
        }
    }
    let mut early = Family::counter("gateway_rejection_total", "Requests that ended early, by reason.");
    for (cause, totals) in Cause::ALL.iter().zip(&totals.causes).filter(|(_, totals)| totals.count > 0) {
        early.push(vec![("reason", cause.name().into())], Value::Count(totals.count));
    }
    [limited, debounced, early]
}

fn services(state: &State, totals: &Totals) -> [Family; 4] {
    let mut server_errors =
        Family::counter("gateway_proxied_5xx_total", "Answers of upstreams that were server errors.");
    let mut errors = Family::counter("gateway_upstream_error_total", "Requests that an upstream gave no answer to.");
    let mut retries = Family::counter("gateway_upstream_retry_total", "Requests that were sent once more.");
    let mut refused = Family::counter("gateway_breaker_rejected_total", "Requests that an open breaker kept back.");
    for (upstream, totals) in state.upstreams().iter().zip(&totals.services) {
        let service = || ("upstream_service", upstream.name.clone());
        let each = [
            (&mut server_errors, totals.server_errors),
            (&mut retries, totals.retries),
            (&mut refused, totals.refused_by_breaker),
        ];
        for (family, count) in each {
            family.push(vec![service()], Value::Count(count));
        }
        for error in UpstreamError::ALL.into_iter().filter(|error| totals.errors[*error as usize] > 0) {
            let error_type = ("error_type", Cow::Borrowed(error.name()));
            errors.push(vec![service(), error_type], Value::Count(totals.errors[error as usize]));
        }
    }
    [server_errors, errors, retries, refused]
}
