//! What clients of HTTP/2 may try: nothing that HTTP/1.1 could read in another way goes upstream (RFC 9113 §10.3), and
//! nobody else notices.

use crate::support::client::status;
use crate::support::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, HEADERS, Outcome, RST_STREAM, SETTINGS, block, frame,
};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "http"), (":path", "/open"), (":authority", "a")];

fn with<'a>(path: &'a str, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = GET.to_vec();
    all[2].1 = path;
    all.extend_from_slice(fields);
    all
}

#[test]
fn what_http_1_1_could_read_in_another_way_is_refused_and_reaches_no_upstream() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    for fields in [
        with("/open", &[("x", "a\r\nX-Injected: 1")]),
        with("/open", &[("x", "a\nb")]),
        with("/open", &[("x", "a\0b")]),
        with("/open", &[("x: y", "1")]),
        with("/open", &[("x\r\ny", "1")]),
        with("/open", &[("X-Upper", "1")]),
        with("/open", &[("", "1")]),
        with("/open", &[("transfer-encoding", "chunked")]),
        with("/open", &[("connection", "close")]),
        with("/open", &[("upgrade", "h2c")]),
        with("/open", &[("keep-alive", "5")]),
        with("/open", &[("proxy-connection", "close")]),
        with("/open", &[("te", "gzip")]),
        with("/open", &[("host", "other")]),
        with("/open", &[("host", "a"), ("host", "a")]),
        with("/open", &[(":path", "/open/other")]),
        with("/open", &[(":unknown", "1")]),
        with("/open", &[("content-length", "5")]),
        with("/open", &[("content-length", "0"), ("content-length", "7")]),
        with("/open", &[("content-length", "x")]),
        with("/open HTTP/1.1\r\nX: 1", &[]),
        with("/open?a b", &[]),
        with("/open?a\r\nb", &[]),
        with("/open?\u{e9}", &[]),
        with("/open?\u{7f}", &[]),
        with("/\u{e9}", &[]),
        with("", &[]),
        with("open", &[]),
        with("*", &[]),
        with("http://a/open", &[]),
        vec![(":method", "GET"), (":scheme", "http"), (":path", "/open")],
        vec![(":method", "GET\r\nX: 1"), (":scheme", "http"), (":path", "/open"), (":authority", "a")],
        vec![(":method", "G ET"), (":scheme", "http"), (":path", "/open"), (":authority", "a")],
        vec![(":method", "GET"), (":scheme", "http"), (":path", "/open"), (":authority", "a\r\nb")],
        vec![(":method", "GET"), (":scheme", "http"), (":path", "/open"), (":authority", "u:p@a")],
        vec![(":method", "GET"), (":scheme", "ftp"), (":path", "/open"), (":authority", "a")],
        vec![(":method", "GET"), (":path", "/open"), (":authority", "a")],
        vec![("x", "1"), (":method", "GET"), (":scheme", "http"), (":path", "/open"), (":authority", "a")],
    ] {
        let mut frames = Frames::connect(gateway.address());
        let outcome = frames.headers(1, END_STREAM, &fields).outcome(1);
        assert_ne!(outcome, Outcome::Answered(200), "{fields:?}");
        assert_eq!(upstream.requests(), Vec::<String>::new(), "{fields:?}");
    }
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
}

#[test]
fn a_body_that_is_not_as_long_as_it_said_is_never_a_whole_request() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    for (announced, body) in [("5", "abc"), ("3", "abcdefgh"), ("0", "abc")] {
        let mut fields = with("/open", &[("content-length", announced)]);
        fields[0].1 = "POST";
        let mut frames = Frames::connect(gateway.address());
        frames.headers(1, 0, &fields).frame(DATA, END_STREAM, 1, body.as_bytes());
        assert_ne!(frames.outcome(1), Outcome::Answered(200), "{announced} {body}");
    }
    assert_eq!(upstream.requests(), Vec::<String>::new());
}

#[test]
fn a_path_that_only_looks_like_another_request_stays_a_path() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let mut frames = Frames::connect(gateway.address());
    let outcome = frames.headers(1, END_STREAM, &with("/open/%0d%0aX:1?a%20HTTP/1.1", &[])).outcome(1);
    assert_ne!(outcome, Outcome::Answered(200));
    let outcome = frames.headers(3, END_STREAM, &with("/open?a%20HTTP/1.1%0d%0aX:1", &[])).outcome(3);
    assert_eq!(outcome, Outcome::Answered(200));
    assert!(upstream.request().starts_with("GET /base?a%20HTTP/1.1%0d%0aX:1 HTTP/1.1\r\n"), "{}", upstream.request());
}

#[test]
fn too_many_or_too_large_fields_are_refused() {
    let upstream = Upstream::saying("");
    let routes = route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { header_bytes: 16KiB, header_fields: 50 }\n");
    let many: Vec<(String, String)> = (0..60).map(|n| (format!("x-{n}"), String::new())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, &**value)).collect();
    let large = "x".repeat(20_000);
    let repeated = vec![("x", "1"); 60];
    for fields in [&many[..], &[("x", &large)], &repeated] {
        let mut frames = Frames::connect(gateway.address());
        let outcome = frames.headers(1, END_STREAM, &with("/open", fields)).outcome(1);
        assert_ne!(outcome, Outcome::Answered(200), "{}", fields.len());
    }
    assert!(upstream.requests().is_empty());
}

#[test]
fn a_flood_of_resets_ends_the_connection_and_nobody_else_notices() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let mut flood = Vec::new();
    for stream in (1..20_000).step_by(2) {
        flood.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&GET)));
        flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    let mut frames = Frames::connect(gateway.address());
    frames.raw(&flood);
    assert_eq!(frames.outcome(u32::MAX), Outcome::Ended);
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    // A few may have been on their way before the flood was seen as one.
    assert!(upstream.requests().len() < 1000, "{}", upstream.requests().len());
}

#[test]
fn fields_that_go_on_without_end_end_the_connection() {
    let gateway = Running::in_front_of(Upstream::saying("").address());
    let mut frames = Frames::connect(gateway.address());
    frames.frame(HEADERS, END_STREAM, 1, &block(&GET));
    let more = frame(CONTINUATION, 0, 1, &block(&[("x", &"y".repeat(8000))]));
    for _ in 0..1000 {
        frames.raw(&more);
    }
    assert_eq!(frames.outcome(1), Outcome::Ended);
}

#[test]
fn a_client_that_never_takes_its_answer_does_not_keep_the_service_busy() {
    let upstream =
        Upstream::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n{}", "x".repeat(9_000_000)));
    let routes = route_file(&open_route(upstream.address(), "max_concurrent: 1"));
    let gateway = Running::start(&routes, "limits: { idle_timeout: 1s }\n");
    let mut frames = Frames::connect(gateway.address());
    // A window of no bytes for every stream.
    frames.frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]).headers(1, END_STREAM, &GET);
    assert_eq!(frames.outcome(1), Outcome::Answered(200));
    assert_eq!(status(gateway.address(), "GET /open", ""), 503);
    while status(gateway.address(), "GET /open", "") == 503 {}
}

#[test]
fn a_preface_that_breaks_off_or_goes_wrong_harms_nobody() {
    let gateway = Running::in_front_of(Upstream::saying("").address());
    for bytes in ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", "PRI / HTTP/1.1\r\n\r\n"] {
        let mut client = crate::support::client::Client::connect(gateway.address());
        assert_ne!(client.write(bytes).answer().map(|answer| answer.status), Some(200), "{bytes:?}");
    }
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
}
