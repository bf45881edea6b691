//! Answers that break, never end, or say more than they should: none is passed for another, and no connection is used again
//! that could bring one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::{Peer, Upstream};

/// An upstream that writes this again and again, after `first`, until the gateway has had enough.
fn endless(first: &'static str, again: &'static str) -> Upstream {
    Upstream::scripted(move |peer| {
        peer.head();
        peer.write(first);
        while peer.try_write(again.repeat(100)) {}
    })
}

#[test]
fn a_head_without_end_and_interim_answers_without_end_are_a_bad_gateway() {
    for upstream in [
        endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"),
        endless("HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxxxxxxxx"),
        endless("", "HTTP/1.1 102 Processing\r\n\r\n"),
        endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
        endless("", "xxxxxxxxxxxxxxxx"),
    ] {
        let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"10s\""));
        let mut client = Client::connect(gateway.address());
        let answer = client.send("GET /open", "").final_answer().unwrap();
        assert_eq!(answer.status, 502);
    }
}

#[test]
fn trailers_and_chunk_extensions_without_end_cut_the_answer() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (first, again) in [
        ("1\r\nx\r\n0\r\n", "X-More: and more\r\n"),
        ("1\r\nx\r\n", "1;extension=yes\r\ny\r\n"),
        ("1\r\nx\r\n1;", "aaaaaaaaaaaaaaaa"),
    ] {
        let upstream = endless(Box::leak(format!("{head}{first}").into_boxed_str()), again);
        let gateway = Running::in_front_of(upstream.address());
        let answer = ask(gateway.address(), "GET /open", "");
        assert!(answer.status == 200 && !answer.is_whole, "{first}");
    }
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_never_a_whole_shorter_one() {
    for resets in [true, false] {
        for is_chunked in [true, false] {
            for bytes in [0, 1, 1000, 20_000, 99_999] {
                let upstream = Upstream::scripted(move |peer| {
                    peer.request();
                    let framing = if is_chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 100000" };
                    peer.write(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"));
                    peer.write(if is_chunked { "186a0\r\n" } else { "" });
                    peer.write("x".repeat(bytes));
                    if resets {
                        peer.reset();
                    }
                });
                let gateway = Running::with_routes(&open_route(upstream.address(), "retry: Off"));
                let answer = ask(gateway.address(), "GET /open", "");
                let is_told = answer.status == 502 || answer.status == 200 && !answer.is_whole;
                assert!(is_told && answer.body.len() < 100_000, "{resets} {is_chunked} {bytes}: {}", answer.status);
            }
        }
    }
}

#[test]
fn chunks_that_end_in_a_reset_are_cut_off() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        peer.reset();
    });
    let gateway = Running::with_routes(&open_route(upstream.address(), "retry: Off"));
    let answer = ask(gateway.address(), "GET /open", "");
    assert!(answer.status == 502 || !answer.is_whole, "{answer:?}");
}

/// An upstream that says this to every request, and counts its connections.
fn counting(answer: &'static str) -> (Upstream, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let upstream = Upstream::scripted(move |peer| {
        counted.fetch_add(1, Ordering::SeqCst);
        while peer.request().is_some() {
            peer.write(answer);
        }
    });
    (upstream, connections)
}

#[test]
fn a_connection_on_which_more_came_than_was_asked_for_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let (upstream, connections) = counting(answer);
        let gateway = Running::in_front_of(upstream.address());
        let mut client = Client::connect(gateway.address());
        for asked in 1..=5 {
            assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "hi", "{answer}");
            assert_eq!(connections.load(Ordering::SeqCst), asked, "{answer}");
        }
    }
}

#[test]
fn an_answer_that_has_no_body_is_not_followed_by_one() {
    for (method, answer, status) in [
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison", 204),
        ("GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 204),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\npoison", 204),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison", 304),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", 200),
    ] {
        let (upstream, _) = counting(answer);
        let gateway = Running::in_front_of(upstream.address());
        let mut client = Client::connect(gateway.address());
        for _ in 0..3 {
            let answered = client.send(&format!("{method} /open"), "").answer_to(method).unwrap();
            assert_eq!((answered.status, &answered.body[..]), (status, &b""[..]), "{answer}");
        }
    }
}

#[test]
fn an_idle_connection_on_which_something_came_unasked_is_not_used_again() {
    let (said, has_said) = std::sync::mpsc::channel();
    let (wrote, has_written) = std::sync::mpsc::channel();
    let has_said = std::sync::Mutex::new(has_said);
    let first = AtomicUsize::new(0);
    let upstream = Upstream::scripted(move |peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        if first.fetch_add(1, Ordering::SeqCst) == 0 {
            // Only once the client has its answer is the connection idle.
            has_said.lock().unwrap().recv().unwrap();
            peer.write("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
            wrote.send(()).unwrap();
        }
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.send("POST /open", "Content-Length: 0\r\n").answer().unwrap().text(), "hi");
    said.send(()).unwrap();
    has_written.recv().unwrap();
    assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "hi");
}

#[test]
fn an_answer_that_comes_before_the_request_was_read_is_the_answer() {
    let upstream = Upstream::scripted(|peer| {
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly");
        peer.stop_sending();
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    for _ in 0..5 {
        assert_eq!(ask(gateway.address(), "GET /open", "").text(), "early");
    }
}

#[test]
fn an_upstream_that_stops_sending_after_its_answer_is_asked_on_a_new_connection() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        peer.stop_sending();
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    for _ in 0..20 {
        assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "hi");
    }
}

#[test]
fn an_upstream_that_comes_and_goes_costs_a_repeatable_request_nothing() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::scripted(move |peer: &mut Peer| {
        if count.fetch_add(1, Ordering::SeqCst) % 6 == 1 {
            peer.request();
            peer.reset();
            return;
        }
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    });
    let retry = "retry: Retry(attempts: 3, backoff: \"1ms\"), breaker: Off";
    let gateway = Running::with_routes(&open_route(upstream.address(), retry));
    let mut client = Client::connect(gateway.address());
    for _ in 0..60 {
        assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "hi");
    }
}
