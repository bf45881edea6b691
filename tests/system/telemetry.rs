//! What CoreTelemetry gets: every request in the end, whatever state CoreTelemetry was in meanwhile.

use std::collections::BTreeMap;

use serde_json::Value;
use stand_ins::{CoreTelemetry, Mood};

use crate::support::bearer;
use crate::support::client::{Client, status};
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::upstream::Upstream;

/// A gateway that sends what it has to tell as soon as it may.
fn telling(core_telemetry: &str, routes: &str) -> Running {
    let section = format!("telemetry: {{ url: \"{core_telemetry}\", interval: 50ms }}\n");
    Running::start(&route_file(routes), &(section + &crate::support::auth_section()))
}

/// How many requests CoreTelemetry knows of.
fn known(core_telemetry: &CoreTelemetry) -> u64 {
    core_telemetry.series("gateway_request_total").values().sum()
}

/// Sends so many requests from several clients at once, and counts the answers by their status.
fn load(gateway: &Running, requests: usize) -> BTreeMap<u16, usize> {
    let answered = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address());
                for index in 0..requests / 4 {
                    let path = if index % 5 == 4 { "/nowhere" } else { "/open/x" };
                    let status = client.send(&format!("GET {path}"), "").answer().unwrap().status;
                    *answered.lock().unwrap().entry(status).or_insert(0) += 1;
                }
            });
        }
    });
    answered.into_inner().unwrap()
}

#[test]
fn every_request_is_counted_by_route_method_and_status() {
    let (core_telemetry, upstream) = (CoreTelemetry::start().unwrap(), Upstream::saying("hello"));
    let routes = open_route(upstream.address(), "") + &closed_route(upstream.address(), "");
    let gateway = telling(&core_telemetry.url(), &routes);
    let ask = |line: &str, fields: &str| status(gateway.address(), line, fields);
    assert_eq!(ask("GET /open/a", ""), 200);
    assert_eq!(ask("GET /open/b?x=1", ""), 200);
    assert_eq!(ask("DELETE /open", ""), 200);
    assert_eq!(ask("BREW /open", ""), 405);
    assert_eq!(ask("GET /closed", ""), 401);
    assert_eq!(ask("GET /closed", &bearer(&["admin"])), 403);
    assert_eq!(ask("GET /closed", &bearer(&["operations"])), 200);
    assert_eq!(ask("GET /healthcheck", ""), 200);
    assert_eq!(ask("GET /made/up/by/a/client", ""), 404);
    assert!(core_telemetry.wait_until(|telemetry| known(telemetry) >= 9));
    let labelled = |method: &str, template: &str, status: &str| {
        format!("{{\"method\":\"{method}\",\"path_template\":\"{template}\",\"status_code\":\"{status}\"}}")
    };
    let expected: BTreeMap<String, u64> = [
        (labelled("GET", "/open", "200"), 2),
        (labelled("DELETE", "/open", "200"), 1),
        (labelled("_OTHER", "/open", "405"), 1),
        (labelled("GET", "/closed", "401"), 1),
        (labelled("GET", "/closed", "403"), 1),
        (labelled("GET", "/closed", "200"), 1),
        (labelled("GET", "/healthcheck", "200"), 1),
        (labelled("GET", "_OTHER", "404"), 1),
    ]
    .into();
    assert_eq!(core_telemetry.series("gateway_request_total"), expected);
    let of = |name: &str, labels: &str| core_telemetry.series(name).get(labels).copied();
    for (outcome, count) in [("success", 1), ("failure", 1), ("forbidden", 1)] {
        let labels = format!("{{\"outcome\":\"{outcome}\"}}");
        assert_eq!(of("gateway_auth_validation_total", &labels), Some(count), "{outcome}");
    }
    for reason in ["missing", "insufficient_role"] {
        let labels = format!("{{\"reason\":\"{reason}\"}}");
        assert_eq!(of("gateway_auth_failures_total", &labels), Some(1), "{reason}");
    }
    for histogram in ["gateway_request_duration_seconds", "gateway_response_size_bytes", "gateway_request_size_bytes"] {
        assert_eq!(of(histogram, "{\"method\":\"GET\",\"path_template\":\"/open\"}"), Some(2), "{histogram}");
    }
}

#[test]
fn no_request_is_lost_or_held_up_while_core_telemetry_is_slow_failing_or_hanging() {
    let (core_telemetry, upstream) = (CoreTelemetry::start().unwrap(), Upstream::saying("x"));
    let gateway = telling(&core_telemetry.url(), &open_route(upstream.address(), ""));
    let mut answered = BTreeMap::new();
    let moods =
        [Mood::Well, Mood::Failing, Mood::Slow(std::time::Duration::from_millis(200)), Mood::Hanging, Mood::Well];
    for mood in moods {
        core_telemetry.set_mood(mood);
        let calls = core_telemetry.calls();
        for (status, count) in load(&gateway, 200) {
            *answered.entry(status).or_insert(0) += count;
        }
        assert!(core_telemetry.wait_until(|telemetry| telemetry.calls() > calls), "nothing came while it was {mood:?}");
    }
    assert_eq!(answered, [(200, 800), (404, 200)].into());
    assert!(core_telemetry.wait_until(|telemetry| known(telemetry) >= 1_000));
    let by_status = |status: &str| -> u64 {
        let counted = core_telemetry.series("gateway_request_total");
        counted.iter().filter(|(labels, _)| labels.contains(status)).map(|(_, count)| count).sum()
    };
    assert_eq!((by_status("\"200\""), by_status("\"404\"")), (800, 200));
}

#[test]
fn what_happened_while_core_telemetry_was_down_is_told_when_it_comes() {
    let (address, upstream) = (Upstream::down(), Upstream::saying("x"));
    let gateway = telling(&format!("http://{address}"), &open_route(upstream.address(), ""));
    load(&gateway, 100);
    let core_telemetry = CoreTelemetry::start_at(address).unwrap();
    assert!(core_telemetry.wait_until(|telemetry| known(telemetry) >= 100));
    let failures = || core_telemetry.series("gateway_telemetry_push_failures_total").into_values().sum::<u64>();
    assert!(core_telemetry.wait_until(|_| failures() >= 1));
    let log = gateway.stop();
    let told = |message: &str| log.iter().filter(|line| line["message"].as_str().unwrap().contains(message)).count();
    assert_eq!(told("does not take it"), 2, "metrics and log lines, once each: {log:?}");
    assert!(told("takes it again") >= 1, "{log:?}");
}

#[test]
fn the_last_requests_are_told_at_the_stop() {
    let (core_telemetry, upstream) = (CoreTelemetry::start().unwrap(), Upstream::saying("x"));
    let section = format!("telemetry: {{ url: \"{}\", interval: 1h }}\n", core_telemetry.url());
    let gateway = Running::start(&route_file(&open_route(upstream.address(), "")), &section);
    load(&gateway, 100);
    drop(gateway);
    assert_eq!(known(&core_telemetry), 100);
    let payloads = core_telemetry.payloads();
    let reasons: Vec<String> = payloads.iter().map(|payload| reason_of(payload)).collect();
    assert_eq!(reasons, ["start", "drain", "stop"]);
}

#[test]
fn a_breaker_that_opens_is_told_at_once() {
    let core_telemetry = CoreTelemetry::start().unwrap();
    let section = format!("telemetry: {{ url: \"{}\", interval: 1h }}\n", core_telemetry.url());
    let breaker = "retry: Off, breaker: Breaker(failures: 2, within: \"10s\", open_for: \"1m\")";
    let gateway = Running::start(&route_file(&open_route(Upstream::down(), breaker)), &section);
    assert!(core_telemetry.wait_until(|telemetry| !telemetry.payloads().is_empty()));
    for _ in 0..2 {
        assert_eq!(status(gateway.address(), "GET /open", ""), 502);
    }
    let state = || core_telemetry.series("gateway_breaker_state").get("{\"upstream_service\":\"open\"}").copied();
    assert!(core_telemetry.wait_until(|_| state() == Some(1)));
    assert!(core_telemetry.payloads().iter().any(|payload| reason_of(payload) == "breaker"));
}

#[test]
fn lines_from_warning_on_go_to_core_telemetry_and_no_others() {
    let core_telemetry = CoreTelemetry::start().unwrap();
    let upstream = Upstream::saying("x");
    let routes = open_route(Upstream::down(), "breaker: Off, retry: Off")
        + &open_route(upstream.address(), "").replace("open", "well");
    let gateway = telling(&core_telemetry.url(), &routes);
    for index in 0..20 {
        let id = format!("X-Correlation-ID: id-{index}\r\n");
        assert_eq!(status(gateway.address(), "GET /open", &id), 502);
        assert_eq!(status(gateway.address(), "GET /well", ""), 200);
    }
    assert!(core_telemetry.wait_until(|telemetry| telemetry.logs().len() >= 20));
    drop(gateway);
    let requests: Vec<Value> = core_telemetry.logs().into_iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 20);
    for (index, line) in requests.iter().enumerate() {
        assert_eq!((line["level"].as_str(), line["service"].as_str()), (Some("WARNING"), Some("coregateway")));
        assert_eq!(line["correlation_id"], format!("id-{index}"));
    }
}

#[test]
fn lines_that_find_no_room_are_counted_and_it_is_said() {
    let core_telemetry = CoreTelemetry::start().unwrap();
    core_telemetry.set_mood(Mood::Hanging);
    let gateway = telling(&core_telemetry.url(), &open_route(Upstream::down(), "breaker: Off, retry: Off"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address());
                for _ in 0..500 {
                    assert_eq!(client.send("GET /open", "").answer().unwrap().status, 502);
                }
            });
        }
    });
    core_telemetry.set_mood(Mood::Well);
    let dropped = || core_telemetry.series("gateway_telemetry_logs_dropped_total").into_values().sum::<u64>();
    let taken = || core_telemetry.logs().iter().filter(|line| line["message"] == "request").count() as u64;
    let is_said = || {
        let lines = core_telemetry.logs();
        lines.iter().any(|line| line["message"] == "log lines for CoreTelemetry were dropped")
    };
    // The last lines may leave their worker only now, and find room again.
    assert!(core_telemetry.wait_until(|_| is_said() && dropped() + taken() >= 2_000));
    assert!(dropped() >= 500 && taken() >= 1_000, "{} {}", dropped(), taken());
}

#[test]
fn a_line_that_core_telemetry_always_fails_at_does_not_hold_up_the_others() {
    let core_telemetry = CoreTelemetry::start().unwrap();
    core_telemetry.set_mood(Mood::Choking("id-poison"));
    let gateway = telling(&core_telemetry.url(), &open_route(Upstream::down(), "breaker: Off, retry: Off"));
    for id in ["id-poison", "id-well"] {
        assert_eq!(status(gateway.address(), "GET /open", &format!("X-Correlation-ID: {id}\r\n")), 502);
    }
    let has = |id| move |line: &Value| line["correlation_id"] == id;
    assert!(core_telemetry.wait_until(|telemetry| telemetry.logs().iter().any(has("id-well"))));
    let dropped = || core_telemetry.series("gateway_telemetry_logs_dropped_total").into_values().sum::<u64>();
    assert!(core_telemetry.wait_until(|_| dropped() == 1));
    assert!(!core_telemetry.logs().iter().any(has("id-poison")));
}

#[test]
fn a_line_is_taken_when_the_status_says_so_also_if_the_answer_has_no_end() {
    let core_telemetry = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf");
        peer.wait_for_close();
    });
    let url = format!("http://{}", core_telemetry.address());
    let gateway = telling(&url, &open_route(Upstream::down(), "breaker: Off, retry: Off"));
    for id in ["id-0", "id-1", "id-2"] {
        assert_eq!(status(gateway.address(), "GET /open", &format!("X-Correlation-ID: {id}\r\n")), 502);
    }
    let sent = |id: &str| core_telemetry.requests().iter().filter(|request| request.contains(id)).count();
    while sent("id-2") == 0 {
        std::thread::yield_now();
    }
    assert_eq!((sent("id-0"), sent("id-1")), (1, 1));
    drop(gateway);
}

#[test]
fn an_answer_that_means_a_wrong_configuration_says_what_to_look_at() {
    let somebody_else = Upstream::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let gateway = telling(&format!("http://{}", somebody_else.address()), &open_route(Upstream::down(), ""));
    while somebody_else.requests().is_empty() {
        std::thread::yield_now();
    }
    let log = gateway.stop();
    let line = log.iter().find(|line| line["what"] == "metrics").unwrap();
    assert!(line["reason"].as_str().unwrap().starts_with("it answered 404: look at"), "{line}");
}

#[test]
fn what_is_sent_is_what_the_schema_says() {
    let core_telemetry = CoreTelemetry::start().unwrap();
    let upstream = Upstream::saying("x");
    let routes = open_route(Upstream::down(), "") + &closed_route(upstream.address(), "");
    let gateway = telling(&core_telemetry.url(), &routes);
    for (line, fields) in [("GET /open", ""), ("POST /closed", ""), ("GET /closed", &*bearer(&["operations"]))] {
        status(gateway.address(), line, fields);
    }
    drop(gateway);
    let schema: Value = serde_json::from_str(include_str!("../../docs/telemetry.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let payloads = core_telemetry.payloads();
    assert!(payloads.len() >= 3, "the start, the drain and the stop are told");
    for payload in payloads {
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        let faults: Vec<String> = schema.iter_errors(&payload).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{payload}");
    }
    assert!(!schema.is_valid(&serde_json::json!({ "service": "coregateway" })));
}

fn reason_of(payload: &[u8]) -> String {
    let payload: Value = serde_json::from_slice(payload).unwrap();
    payload["reason"].as_str().unwrap().to_owned()
}
