//! Retries and breakers: what the gateway does about upstreams that fail for a while.

mod bodies_again;
mod time_and_places;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::{Peer, Upstream};

/// An upstream that closes the first connections of `failing` without an answer.
fn failing_at_first(failing: usize) -> Upstream {
    let count = Arc::new(AtomicUsize::new(0));
    Upstream::scripted(move |peer| {
        peer.request();
        if count.fetch_add(1, Ordering::SeqCst) >= failing {
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwell");
        }
    })
}

fn with_retry(upstream: &Upstream, retry: &str) -> Running {
    Running::with_routes(&open_route(upstream.address(), &format!("retry: {retry}, breaker: Off")))
}

#[test]
fn a_get_is_sent_again_where_the_connection_broke_and_the_service_and_the_log_are_told() {
    let upstream = failing_at_first(2);
    let gateway = with_retry(&upstream, "Retry(attempts: 3, backoff: \"1ms\")");
    assert_eq!(ask(gateway.address(), "GET /open", "").text(), "well");
    let attempts: Vec<Option<&str>> = upstream
        .requests()
        .iter()
        .map(|request| {
            let line = request.lines().find_map(|line| line.strip_prefix("x-retry-attempt: "))?;
            ["2", "3"].into_iter().find(|attempt| *attempt == line)
        })
        .collect();
    assert_eq!(attempts, [None, Some("2"), Some("3")]);
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["attempts"] == 3), "{log:?}");
}

#[test]
fn a_post_is_sent_once_whatever_happens() {
    let upstream = failing_at_first(usize::MAX);
    let gateway = with_retry(&upstream, "Retry(attempts: 5, backoff: \"1ms\", on: [Connect, Reset, Timeout])");
    assert_eq!(ask(gateway.address(), "POST /open", "Content-Length: 0\r\n").status, 502);
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_listed_status_is_tried_again_and_another_is_not() {
    for (on, expected) in [("Status(503)", 3), ("Status(502)", 1), ("Connect", 1)] {
        let upstream = Upstream::answering("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
        let gateway = with_retry(&upstream, &format!("Retry(attempts: 3, backoff: \"1ms\", on: [{on}])"));
        assert_eq!(ask(gateway.address(), "GET /open", "").status, 502);
        assert_eq!(upstream.requests().len(), expected, "{on}");
    }
}

#[test]
fn retries_do_not_outlast_the_routes_time() {
    let upstream = Upstream::scripted(Peer::wait_for_close);
    let fields = "timeout: \"400ms\", breaker: Off, \
                  retry: Retry(attempts: 100, backoff: \"1ms\", per_try: \"100ms\", on: [Timeout])";
    let gateway = Running::with_routes(&open_route(upstream.address(), fields));
    let started = std::time::Instant::now();
    assert_eq!(ask(gateway.address(), "GET /open", "").status, 504);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn an_outage_is_not_multiplied() {
    let upstream = failing_at_first(usize::MAX);
    let gateway = with_retry(&upstream, "Retry(attempts: 4, backoff: \"1ms\", max_backoff: \"1ms\")");
    let mut client = Client::connect(gateway.address());
    for _ in 0..200 {
        assert_eq!(client.send("GET /open", "").answer().unwrap().status, 502);
    }
    let sent = upstream.requests().len();
    assert!((201..=240).contains(&sent), "{sent}");
}

#[test]
fn a_service_that_keeps_failing_is_left_alone_and_probed_later() {
    let upstream = failing_at_first(3);
    let fields = "retry: Off, breaker: Breaker(failures: 3, within: \"1m\", open_for: \"300ms\")";
    let gateway = Running::with_routes(&open_route(upstream.address(), fields));
    for _ in 0..3 {
        assert_eq!(ask(gateway.address(), "GET /open", "").status, 502);
    }
    let refused = ask(gateway.address(), "GET /open", "");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(upstream.requests().len(), 3, "an open breaker keeps requests from the service");
    while ask(gateway.address(), "GET /open", "").status == 503 {}
    assert_eq!(ask(gateway.address(), "GET /open", "").text(), "well");
    let log = gateway.stop();
    for expected in ["its breaker has opened", "its breaker has closed"] {
        assert!(log.iter().any(|line| line["message"].as_str().unwrap().ends_with(expected)), "{expected}");
    }
}

#[test]
fn what_clients_get_wrong_does_not_open_a_breaker() {
    let upstream = Upstream::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let fields = "breaker: Breaker(failures: 1, within: \"1m\", open_for: \"1h\"), max_body: \"1B\"";
    let gateway = Running::with_routes(&open_route(upstream.address(), fields));
    assert_eq!(ask(gateway.address(), "GET /open", "").status, 404);
    let large = "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx";
    assert_eq!(Client::connect(gateway.address()).write(large).answer().unwrap().status, 413);
    assert_eq!(ask(gateway.address(), "GET /open", "").status, 404);
}
