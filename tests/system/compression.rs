//! Answers that are compressed on their way, where the configuration asks for it.

use std::io::Read as _;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::client::{Answer, Client, ask};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

const LONG: usize = 100_000;

const GZIP: &str = "Accept-Encoding: gzip, br\r\n";

fn gateway(upstream: &Upstream) -> Running {
    Running::start(&route_file(&open_route(upstream.address(), "")), "compression: {}\n")
}

/// An upstream that answers with this status and these fields, and a long text.
fn upstream(status: &str, fields: &str) -> Upstream {
    let body = "the same again ".repeat(LONG / 15);
    Upstream::answering(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len()))
}

fn is_compressed(answer: &Answer) -> bool {
    answer.header("content-encoding") == Some("gzip")
}

fn unzipped(answer: &Answer) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_long_text_is_compressed_for_a_client_that_accepts_it() {
    let upstream = upstream("200 OK", "Content-Type: text/plain\r\nETag: \"v1\"\r\n");
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    for _ in 0..2 {
        let answer = client.send("GET /open", GZIP).answer().unwrap();
        assert!(is_compressed(&answer) && answer.is_whole && answer.body.len() < LONG / 10);
        assert_eq!((answer.header("etag"), answer.header("vary")), (Some("W/\"v1\""), Some("accept-encoding")));
        assert!(unzipped(&answer) == "the same again ".repeat(LONG / 15));
    }
    let plain = client.send("GET /open", "").answer().unwrap();
    assert!(!is_compressed(&plain) && plain.body.len() > LONG - 15);
    assert_eq!((plain.header("etag"), plain.header("vary")), (Some("\"v1\""), Some("accept-encoding")));
}

#[test]
fn the_log_counts_what_was_sent() {
    let upstream = upstream("200 OK", "Content-Type: application/json\r\n");
    let gateway = gateway(&upstream);
    let answer = ask(gateway.address(), "GET /open", GZIP);
    let lines = gateway.stop();
    let line = lines.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((&line["response_bytes"], &line["cut"]), (&answer.body.len().into(), &serde_json::Value::Null));
}

#[test]
fn what_must_not_be_changed_is_left_alone() {
    for (status, fields) in [
        ("200 OK", "Content-Type: text/event-stream\r\n"),
        ("200 OK", "Content-Type: image/png\r\n"),
        ("200 OK", "Content-Type: text/plain\r\nContent-Encoding: br\r\n"),
        ("200 OK", "Content-Type: text/plain\r\nCache-Control: no-transform\r\n"),
        ("206 Partial Content", "Content-Type: text/plain\r\nContent-Range: bytes 0-99999/200000\r\n"),
    ] {
        let upstream = upstream(status, fields);
        let answer = ask(gateway(&upstream).address(), "GET /open", GZIP);
        assert!(!is_compressed(&answer) && answer.body.len() > LONG - 15, "{fields}");
    }
}

#[test]
fn a_head_is_answered_as_the_upstream_does() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99999\r\n\r\n");
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    let answer = client.send("HEAD /open", GZIP).answer_to("HEAD").unwrap();
    assert_eq!((answer.header("content-length"), is_compressed(&answer)), (Some("99999"), false));
}

#[test]
fn what_has_come_of_a_slow_answer_reaches_the_client_at_once() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        // The rest comes when the client has read this, or never.
        peer.wait_for_close();
    });
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", GZIP).read_until("\r\n\r\n");
    let mut compressed = Vec::new();
    let mut text = String::new();
    while !text.contains("first") {
        compressed.extend(client.chunk());
        text.clear();
        // What is not there yet is an error to the decoder; what is, it gives.
        let _ = flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut text);
    }
}

#[test]
fn an_answer_that_breaks_off_is_cut_off() {
    let (breaks, must_break) = channel();
    let must_break = Mutex::new(must_break);
    let upstream = Upstream::scripted(move |peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\npart of it");
        must_break.lock().unwrap().recv().unwrap();
    });
    let gateway = gateway(&upstream);
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", GZIP).read_until("\r\n\r\n");
    breaks.send(()).unwrap();
    let rest = client.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    let lines = gateway.stop();
    let line = lines.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!(line["cut"], "the upstream broke off its answer");
}
