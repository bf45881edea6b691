//! Metrics as JSON that CoreTelemetry takes; `docs/telemetry.md` has the format.

use serde_json::{Map, Value as Json, json};

use super::family::{Family, Sample, Value};
use super::parts::in_parts;

/// How much of a payload's length is left for what is no series.
const ENVELOPE: usize = 1024;

/// What a payload says beside the metrics.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    /// A name for this run of the gateway, so that a restart is no negative growth.
    pub(super) instance: String,
    pub(super) started_at: String,
    pub(super) timestamp: String,
    /// How many times metrics were sent before.
    pub(super) sequence: u64,
    /// What it is sent for.
    pub(super) reason: &'static str,
}

/// The payloads, none longer than `limit` bytes, that hold all series together.
pub(super) fn payloads(families: Vec<Family>, envelope: &Envelope, limit: usize) -> Vec<Vec<u8>> {
    let parts = in_parts(families, limit.saturating_sub(ENVELOPE), &metrics);
    let count = parts.len();
    parts.iter().enumerate().map(|(index, metrics)| payload(envelope, metrics, index + 1, count)).collect()
}

/// The families that there is something to say of, as a list without its brackets.
fn metrics(families: &[Family]) -> Vec<u8> {
    let there = families.iter().filter(|family| !family.samples.is_empty());
    let texts: Vec<String> = there.map(|family| metric(family).to_string()).collect();
    texts.join(",").into_bytes()
}

fn metric(family: &Family) -> Json {
    let series: Vec<Json> = family.samples.iter().map(series).collect();
    let mut metric = json!({ "name": family.name, "type": family.kind.name(), "help": family.help, "series": series });
    if let Some(Value::Ranges { bounds, .. }) = family.samples.first().map(|sample| &sample.value) {
        metric["bounds"] = bounds.to_vec().into();
    }
    metric
}

fn series(sample: &Sample) -> Json {
    let labels: Map<String, Json> =
        sample.labels.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().into())).collect();
    match &sample.value {
        Value::Count(count) => json!({ "labels": labels, "value": count }),
        Value::Level(level) => json!({ "labels": labels, "value": level }),
        Value::Ranges { counts, sum, .. } => {
            json!({ "labels": labels, "counts": counts, "sum": sum, "count": counts.iter().sum::<u64>() })
        }
    }
}

fn payload(envelope: &Envelope, metrics: &[u8], part: usize, parts: usize) -> Vec<u8> {
    let head = json!({
        "service": "coregateway",
        "version": env!("CARGO_PKG_VERSION"),
        "instance": envelope.instance,
        "started_at": envelope.started_at,
        "timestamp": envelope.timestamp,
        "sequence": envelope.sequence,
        "reason": envelope.reason,
        "temporality": "cumulative",
        "part": part,
        "parts": parts,
    })
    .to_string();
    [head.trim_end_matches('}').as_bytes(), b",\"metrics\":[", metrics, b"]}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            instance: "i".into(),
            started_at: "2026-01-01T00:00:00Z".into(),
            timestamp: "2026-01-01T00:00:01Z".into(),
            sequence: 1,
            reason: "interval",
        }
    }

    fn families(series: usize) -> Vec<Family> {
        let mut counter = Family::counter("a_total", "Some.");
        for index in 0..series {
            counter.push(vec![("path_template", format!("/{index}").into())], Value::Count(index as u64));
        }
        let ranges = Value::Ranges { bounds: &[0.5], counts: vec![1, 2], sum: 3.5 };
        vec![counter, Family::histogram("b_seconds", "How long.").with(ranges)]
    }

    #[test]
    fn a_payload_is_an_object_with_all_families() {
        let payloads = payloads(families(2), &envelope(), 1 << 20);
        let [payload] = &payloads[..] else { panic!("one is enough") };
        let payload: Json = serde_json::from_slice(payload).unwrap();
        assert_eq!((&payload["part"], &payload["parts"]), (&json!(1), &json!(1)));
        assert_eq!(payload["metrics"][0]["series"][1], json!({ "labels": { "path_template": "/1" }, "value": 1 }));
        assert_eq!(payload["metrics"][1]["bounds"], json!([0.5]));
        assert_eq!(
            payload["metrics"][1]["series"][0],
            json!({ "labels": {}, "counts": [1, 2], "sum": 3.5, "count": 3 })
        );
    }

    #[test]
    fn many_series_are_parted_and_none_is_lost_or_told_twice() {
        let payloads = payloads(families(1_000), &envelope(), 4_096);
        assert!(payloads.len() > 5 && payloads.iter().all(|payload| payload.len() <= 4_096));
        let mut seen = Vec::new();
        for (index, payload) in payloads.iter().enumerate() {
            let payload: Json = serde_json::from_slice(payload).unwrap();
            assert_eq!(
                (payload["part"].as_u64(), payload["parts"].as_u64()),
                (Some(index as u64 + 1), Some(payloads.len() as u64))
            );
            for family in payload["metrics"].as_array().unwrap().iter().filter(|family| family["name"] == "a_total") {
                seen.extend(
                    family["series"].as_array().unwrap().iter().map(|series| series["value"].as_u64().unwrap()),
                );
            }
        }
        assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
    }
}
