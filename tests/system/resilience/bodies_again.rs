//! Requests with a body that are sent again, and those that are not.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::client::Client;
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::Upstream;

const RETRY: &str = "retry: Retry(attempts: 3, backoff: \"1ms\", on: [Connect, Reset]), breaker: Off";

/// An upstream that resets its first connection once it has read the whole request, and gives back the body of the next.
fn resetting_once() -> Upstream {
    let count = AtomicUsize::new(0);
    Upstream::scripted(move |peer| {
        while let Some(request) = peer.request() {
            if count.fetch_add(1, Ordering::SeqCst) == 0 {
                return peer.reset();
            }
            let body = request.split_once("\r\n\r\n").unwrap().1;
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        }
    })
}

fn put(length: usize) -> String {
    let body: String = ('a'..='z').cycle().take(length).collect();
    format!("PUT /open HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[test]
fn a_put_is_sent_again_whole() {
    let upstream = resetting_once();
    let gateway = Running::with_routes(&open_route(upstream.address(), RETRY));
    let request = put(60_000);
    let answer = Client::connect(gateway.address()).write(&request).answer().unwrap();
    assert!(request.ends_with(&format!("\r\n\r\n{}", answer.text())) && answer.body.len() == 60_000);
    assert_eq!(upstream.requests().len(), 2);
}

#[test]
fn a_put_in_chunks_is_sent_again_whole_unless_it_has_trailers() {
    for (trailer, expected, sent) in [("", 200, 2), ("X-Sum: 7\r\n", 502, 1)] {
        let upstream = resetting_once();
        let gateway = Running::with_routes(&open_route(upstream.address(), RETRY));
        let mut client = Client::connect(gateway.address());
        client.write("PUT /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.write(format!("3\r\nabc\r\n3\r\ndef\r\n0\r\n{trailer}\r\n"));
        assert_eq!(client.answer().unwrap().status, expected);
        assert_eq!(upstream.requests().len(), sent, "{trailer}");
    }
}

#[test]
fn a_put_of_which_the_beginning_is_no_longer_kept_is_not_sent_again() {
    let upstream = resetting_once();
    let gateway = Running::with_routes(&open_route(upstream.address(), RETRY));
    let answer = Client::connect(gateway.address()).write(put(70_000)).answer().unwrap();
    assert_eq!((answer.status, upstream.requests().len()), (502, 1));
}

#[test]
fn a_post_is_tried_again_only_where_no_connection_came_about() {
    for (upstream, attempts) in [(Upstream::down(), 3), (resetting_once().address(), 1)] {
        let gateway = Running::with_routes(&open_route(upstream, RETRY));
        let mut client = Client::connect(gateway.address());
        client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!(client.answer().unwrap().status, 502);
        let log = gateway.stop();
        let line = log.iter().find(|line| line["message"] == "request").unwrap();
        assert_eq!(line["attempts"].as_u64().unwrap_or(1), attempts, "{line}");
    }
}
