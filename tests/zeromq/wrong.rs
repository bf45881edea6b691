//! Services that are slow, answer twice, or answer with something else than a reply.

use crate::service::{Service, free_address, gateway};
use crate::support::client::{Client, ask, status};
use crate::support::gateway::Running;

/// How many replies have come for which nobody waited.
fn unexpected(gateway: &Running) -> u32 {
    let fields = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.admin());
    let told = Client::connect(gateway.admin()).write(fields).answer().unwrap().text();
    let count = told.lines().find_map(|line| line.strip_prefix("gateway_unexpected_replies_total "));
    count.unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_reply_that_is_none_is_502_and_the_connection_goes_on() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "breaker: Off, retry: Off", "zeromq: { reply_bytes: 64KiB }");
    for garbage in ["head", "version", "status", "interim", "field", "frames", "long_head", "error"] {
        let answer = ask(gateway.address(), &format!("GET /io?garbage={garbage}"), "");
        assert_eq!(answer.status, 502, "{garbage}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        assert_eq!(status(gateway.address(), "GET /io", ""), 200);
    }
    assert_eq!(status(gateway.address(), "GET /io?size=65536", ""), 200);
    assert_eq!(status(gateway.address(), "GET /io?size=65537", ""), 502);
    let log = gateway.stop();
    let connections = log.iter().filter(|line| line["message"] == "connected over ZeroMQ").count();
    assert_eq!(connections, 1, "a reply that is none costs no connection");
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_second_reply_is_dropped_and_counted() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "", "");
    for id in 0..50 {
        let answer = ask(gateway.address(), "GET /io?twice", &format!("X-Correlation-ID: twice-{id}\r\n"));
        assert_eq!(answer.json()["id"], format!("twice-{id}"));
    }
    assert_eq!(ask(gateway.address(), "GET /io", "X-Correlation-ID: last\r\n").json()["id"], "last");
    assert_eq!(unexpected(&gateway), 50);
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_late_reply_is_504_for_its_request_and_nothing_for_others() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"200ms\", retry: Off, breaker: Off", "");
    let late = ask(gateway.address(), "GET /io?delay=400", "");
    assert_eq!(late.status, 504);
    while unexpected(&gateway) == 0 {
        let answer = ask(gateway.address(), "GET /io", "X-Correlation-ID: other\r\n");
        assert_eq!((answer.status, &answer.json()["id"]), (200, &"other".into()));
    }
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_reply_without_its_way_back_is_dropped_and_warned_of_once() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"100ms\", retry: Off, breaker: Off", "");
    for _ in 0..3 {
        assert_eq!(status(gateway.address(), "GET /io?garbage=lost", ""), 504);
    }
    while unexpected(&gateway) < 3 {}
    let log = gateway.stop();
    let is_warning = |line: &&serde_json::Value| line["message"].as_str().unwrap().contains("frames that lead back");
    assert_eq!(log.iter().filter(is_warning).count(), 1);
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn one_slow_reply_holds_up_no_other_on_its_connection() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"10s\"", "");
    let mut slow = Client::connect(gateway.address());
    slow.send("GET /io?delay=60000", "");
    for _ in 0..100 {
        assert_eq!(status(gateway.address(), "GET /io", ""), 200);
    }
}
