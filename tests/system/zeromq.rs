//! Services that speak ZeroMQ, without libzmq: what they get, and what becomes of those that misbehave.
//!
//! `tests/zeromq` has more, with libzmq.

use std::net::SocketAddr;

use gateway_zeromq::{GREETING, SocketType, write_ready};
use stand_ins::core_io;

use crate::support::client::{Client, ask, status};
use crate::support::gateway::{Running, route_file};
use crate::support::upstream::Upstream;

fn gateway(service: SocketAddr, fields: &str) -> Running {
    let route = format!(
        "Route(path_prefix: \"/io\", service: \"io\", target: \"tcp://{service}/base\", \
         required_role: Everyone(reason: \"test\"), rate_limit: Unlimited(reason: \"test\"), {fields}),"
    );
    Running::start(&route_file(&route), "")
}

/// A service that says this as soon as there is a connection, and then nothing more.
fn saying(bytes: Vec<u8>) -> Upstream {
    Upstream::scripted(move |peer| {
        peer.write(&bytes);
        peer.request();
    })
}

/// What a socket of this type says first, and then this.
fn opening(socket: SocketType, then: &[u8]) -> Vec<u8> {
    let mut bytes = GREETING.to_vec();
    write_ready(&mut bytes, socket);
    bytes.extend_from_slice(then);
    bytes
}

#[test]
fn a_service_gets_the_request_and_the_client_its_reply() {
    let gateway = gateway(core_io(|_| {}).unwrap().address(), "");
    let mut client = Client::connect(gateway.address());
    client.write(
        "POST /io/valves/7?fast HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nopen\r\n0\r\n\r\n",
    );
    let seen = client.answer().unwrap().json();
    assert_eq!((&seen["method"], &seen["path"], &seen["bytes"]), (&"POST".into(), &"/base/valves/7".into(), &4.into()));
    assert_eq!(ask(gateway.address(), "GET /io", "").json()["principal"], serde_json::Value::Null);
}

#[test]
fn a_client_that_waits_to_send_its_body_is_told_to() {
    let gateway = gateway(core_io(|_| {}).unwrap().address(), "");
    let mut client = Client::connect(gateway.address());
    client.write("PUT /io HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 100);
    assert_eq!(client.write("open").answer().unwrap().json()["bytes"], 4);
}

#[test]
fn a_body_over_the_limit_is_413_without_a_word_to_the_service() {
    let gateway = gateway(core_io(|_| {}).unwrap().address(), "max_body: \"1KiB\"");
    let chunk = format!("401\r\n{}\r\n0\r\n\r\n", "x".repeat(0x401));
    let head = "POST /io HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(Client::connect(gateway.address()).write(head).write(chunk).answer().unwrap().status, 413);
}

#[test]
fn what_is_no_service_for_requests_is_502_and_the_log_says_why() {
    for (bytes, why) in [
        (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), "does not speak ZMTP"),
        (opening(SocketType::Dealer, b""), "the service's socket is a DEALER"),
        ([&GREETING[..], b"\x04\x09\x05ERROR\x02no"].concat(), "refuses the connection: no"),
    ] {
        let service = saying(bytes);
        let gateway = gateway(service.address(), "retry: Off");
        assert_eq!(status(gateway.address(), "GET /io", ""), 502);
        let log = gateway.stop();
        let mut reasons = log.iter().filter_map(|line| line["reason"].as_str());
        assert!(reasons.any(|reason| reason.contains(why)), "{log:?}");
    }
}

#[test]
fn a_length_that_nobody_could_hold_ends_the_connection_and_nothing_else() {
    let frame = b"\x02\x7f\xff\xff\xff\xff\xff\xff\xff";
    let service = saying(opening(SocketType::Router, frame));
    let gateway = gateway(service.address(), "retry: Off, breaker: Off");
    for _ in 0..3 {
        assert_eq!(status(gateway.address(), "GET /io", ""), 502);
    }
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
}

#[test]
fn who_does_not_shake_hands_is_504_within_the_time_for_a_connection() {
    let service = saying(Vec::new());
    let gateway = gateway(service.address(), "retry: Off, timeout: \"60s\", timeouts: (connect: \"50ms\")");
    assert_eq!(status(gateway.address(), "GET /io", ""), 504);
}

#[test]
fn a_post_of_which_nothing_was_sent_is_tried_again_and_no_other() {
    let gateway = gateway(Upstream::down(), "retry: (attempts: 3, backoff: \"1ms\"), breaker: Off");
    assert_eq!(status(gateway.address(), "POST /io", "Content-Length: 0\r\n"), 502);
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["attempts"] == 3), "{log:?}");
}
