//! Equal requests of one caller share one call, where a route says so.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};
use std::thread;

use crate::support::client::{Answer, Client};
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, auth_section, bearer};

const DEBOUNCE: &str = "methods: [POST], debounce: \"1h\", timeout: \"20s\", max_body: \"8MiB\"";

/// Longer than any body that is held.
const LONG: usize = 1_500_000;

fn gateway(upstream: &Upstream, threads: usize) -> Running {
    let open = open_route(upstream.address(), &format!("{DEBOUNCE}, allow: [(CG0801, \"test\")]"));
    let routes = route_file(&(open + &closed_route(upstream.address(), DEBOUNCE)));
    Running::start(&routes, &format!("threads: {threads}\n{}", auth_section()))
}

/// An upstream that says when a request has come, and answers 200 with its number when it is let.
fn gated() -> (Upstream, Receiver<()>, Sender<()>) {
    let (came, has_come) = channel();
    let (go, may_go) = channel();
    let may_go = Mutex::new((may_go, 0));
    let upstream = Upstream::scripted(move |peer| {
        while peer.request().is_some() {
            came.send(()).unwrap();
            let mut gate = may_go.lock().unwrap();
            gate.0.recv().unwrap();
            gate.1 += 1;
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}", gate.1));
        }
    });
    (upstream, has_come, go)
}

/// Starts a training as `tester`, with these further fields and this body; the answer is to be read.
fn start(address: SocketAddr, fields: &str, body: &str) -> Client {
    let mut client = Client::connect(address);
    let fields = format!("{}{fields}Content-Length: {}\r\n", bearer(&["operations"]), body.len());
    client.send("POST /closed/start", &fields).write(body);
    client
}

fn started(address: SocketAddr, fields: &str, body: &str) -> Answer {
    start(address, fields, body).answer().unwrap()
}

fn met(answer: &Answer) -> &str {
    answer.header("cache-status").unwrap_or("nothing")
}

#[test]
fn equal_requests_at_one_moment_on_any_thread_make_one_call() {
    const CLIENTS: usize = 12;
    let (upstream, has_come, go) = gated();
    let gateway = gateway(&upstream, 3);
    let all_sent = Barrier::new(CLIENTS + 1);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let client = || {
            let mut client = start(gateway.address(), "", "pump-7");
            all_sent.wait();
            client.answer().unwrap()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        all_sent.wait();
        has_come.recv().unwrap();
        go.send(()).unwrap();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(upstream.requests().len(), 1);
    let called = answers.iter().filter(|answer| met(answer) == "coregateway; fwd=miss").count();
    assert_eq!(called, 1);
    let is_shared = |answer: &&Answer| {
        ["coregateway; fwd=miss; collapsed", "coregateway; hit"].contains(&met(answer)) && answer.text() == "1"
    };
    assert_eq!(answers.iter().filter(is_shared).count(), CLIENTS - 1);
    let mut ids: Vec<&str> = answers.iter().map(|answer| answer.header("x-correlation-id").unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CLIENTS);
}

#[test]
fn within_the_window_the_answer_is_kept() {
    let upstream = Upstream::answering(
        "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLocation: /trainings/1\r\nX-Correlation-ID: theirs\r\n\r\nok",
    );
    let gateway = gateway(&upstream, 1);
    let first = started(gateway.address(), "", "pump-7");
    let again = started(gateway.address(), "X-Correlation-ID: again\r\nUser-Agent: another\r\n", "pump-7");
    assert_eq!((met(&first), met(&again)), ("coregateway; fwd=miss", "coregateway; hit"));
    assert_eq!((again.status, again.header("location"), again.text().as_str()), (201, Some("/trainings/1"), "ok"));
    assert_eq!((first.header("age"), again.header("age")), (None, Some("0")));
    assert_eq!(again.header("x-correlation-id"), Some("again"));
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn every_difference_that_matters_is_another_request() {
    let upstream = Upstream::saying("ok");
    let gateway = gateway(&upstream, 1);
    let other_caller = format!("Authorization: Bearer {}\r\n", ISSUER.token("another", &["operations"]));
    let more_roles = bearer(&["operations", "admin"]);
    let plain = bearer(&["operations"]);
    for (line, fields, body) in [
        ("POST /closed/start", plain.as_str(), "x"),
        ("POST /closed/start", &other_caller, "x"),
        ("POST /closed/start", &more_roles, "x"),
        ("POST /closed/start", &plain, "y"),
        ("POST /closed/start?fast", &plain, "x"),
        ("POST /closed/stop", &plain, "x"),
        ("POST /closed/start", &format!("{plain}Content-Type: text/plain\r\n"), "x"),
        ("POST /closed/start", &format!("{plain}Idempotency-Key: 2\r\n"), "x"),
        ("POST /closed/start", &format!("{plain}Cookie: a=b\r\n"), "x"),
        ("POST /open/start", "", "x"),
        ("POST /open/start", "Authorization: Basic YTpi\r\n", "x"),
    ] {
        let before = upstream.requests().len();
        let mut client = Client::connect(gateway.address());
        for _ in 0..2 {
            let answer = client.send(line, &format!("{fields}Content-Length: 1\r\n")).write(body).answer().unwrap();
            assert_eq!(answer.status, 200);
        }
        assert_eq!(upstream.requests().len(), before + 1, "{line} {fields} {body}");
    }
}

#[test]
fn a_call_that_failed_is_made_again() {
    let upstream = Upstream::answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let gateway = gateway(&upstream, 1);
    for calls in 1..=3 {
        let answer = started(gateway.address(), "", "x");
        assert_eq!((answer.status, met(&answer), upstream.requests().len()), (502, "nothing", calls));
        assert_eq!(answer.json()["correlation_id"], answer.header("x-correlation-id").unwrap());
    }
    let lines = gateway.stop();
    let line = lines.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((&line["reason"], &line["blame"]), (&"the upstream answered 503".into(), &"upstream".into()));
}

#[test]
fn who_presses_again_gets_what_the_first_press_started_even_if_that_page_is_gone() {
    let (upstream, has_come, go) = gated();
    let gateway = gateway(&upstream, 1);
    let first = start(gateway.address(), "", "pump-7");
    has_come.recv().unwrap();
    drop(first);
    let mut second = start(gateway.address(), "", "pump-7");
    go.send(()).unwrap();
    assert_eq!(second.answer().unwrap().text(), "1");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_long_body_is_not_compared_and_arrives_whole() {
    let upstream = Upstream::saying("ok");
    let gateway = gateway(&upstream, 1);
    let body = "0123456789".repeat(LONG / 10);
    for calls in 1..=2 {
        let answer = started(gateway.address(), "", &body);
        assert_eq!((answer.status, met(&answer), upstream.requests().len()), (200, "nothing", calls));
    }
    assert!(upstream.requests().iter().all(|request| request.ends_with(&body)));
}

#[test]
fn a_long_body_of_unknown_length_arrives_whole() {
    let upstream = Upstream::saying("ok");
    let gateway = gateway(&upstream, 1);
    let mut client = Client::connect(gateway.address());
    client.send("POST /open", "Transfer-Encoding: chunked\r\n");
    for _ in 0..LONG / 10_000 {
        client.write(format!("2710\r\n{}\r\n", "z".repeat(10_000)));
    }
    assert_eq!(client.write("0\r\n\r\n").answer().unwrap().status, 200);
    assert_eq!(upstream.request().matches('z').count(), LONG);
}

#[test]
fn a_short_body_of_unknown_length_is_compared() {
    let upstream = Upstream::saying("ok");
    let gateway = gateway(&upstream, 1);
    let mut client = Client::connect(gateway.address());
    for status in ["coregateway; fwd=miss", "coregateway; hit"] {
        client.send("POST /open", "Transfer-Encoding: chunked\r\n").write("3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(met(&client.answer().unwrap()), status);
    }
    assert!(upstream.request().ends_with("abc"));
}

#[test]
fn a_body_that_is_too_long_for_the_route_is_refused() {
    let upstream = Upstream::saying("ok");
    let route = closed_route(upstream.address(), "methods: [POST], debounce: \"1h\", max_body: \"4B\"");
    let gateway = Running::with_routes(&route);
    assert_eq!(started(gateway.address(), "", "12345").status, 413);
    let mut client = Client::connect(gateway.address());
    let fields = format!("{}Transfer-Encoding: chunked\r\n", bearer(&["operations"]));
    client.send("POST /closed", &fields).write("5\r\n12345\r\n0\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 413);
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_long_answer_is_everybodys_own_and_arrives_whole() {
    let text = "0123456789".repeat(LONG / 10);
    for framing in ["length", "chunks", "close"] {
        let answer = match framing {
            "length" => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()),
            "chunks" => {
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n", text.len())
            }
            _ => format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{text}"),
        };
        let upstream = Upstream::scripted(move |peer| {
            while peer.request().is_some() {
                peer.write(&answer);
                if framing == "close" {
                    break;
                }
            }
        });
        let gateway = gateway(&upstream, 1);
        for calls in 1..=2 {
            let answer = started(gateway.address(), "", "x");
            assert!(answer.is_whole && answer.text() == text, "{framing}");
            assert_eq!((met(&answer), upstream.requests().len()), ("nothing", calls), "{framing}");
        }
    }
}

#[test]
fn a_stream_of_events_is_not_held_back() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
        peer.wait_for_close();
    });
    let gateway = gateway(&upstream, 1);
    start(gateway.address(), "", "x").read_until("data: first");
}

#[test]
fn a_cookie_is_for_nobody_but_who_asked() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: session=1\r\n\r\n");
    let gateway = gateway(&upstream, 1);
    for calls in 1..=2 {
        let answer = Client::connect(gateway.address()).send("POST /open", "Content-Length: 0\r\n").answer().unwrap();
        assert_eq!((answer.status, met(&answer), upstream.requests().len()), (200, "nothing", calls));
    }
}

#[test]
fn an_answer_that_breaks_off_fails_for_all_who_wait() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    let gateway = gateway(&upstream, 1);
    assert_eq!(started(gateway.address(), "", "x").status, 502);
}
