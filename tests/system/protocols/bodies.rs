//! Bodies on their way: as they come, both ways at once, and answers that come before the request has ended.

use std::io::Write;
use std::sync::mpsc::channel;
use std::thread;

use crate::support::client::Client;
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::Upstream;

const MIB: usize = 1024 * 1024;

fn upload(method: &str, length: usize) -> String {
    format!("{method} /open HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn server_sent_events_arrive_one_by_one() {
    let (seen, has_seen) = channel::<()>();
    let has_seen = std::sync::Mutex::new(has_seen);
    let upstream = Upstream::scripted(move |peer| {
        peer.head();
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for event in 0..5 {
            peer.write(format!("9\r\ndata: {event}\n\n\r\n"));
            has_seen.lock().unwrap().recv().unwrap();
        }
        peer.write("0\r\n\r\n");
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "Accept: text/event-stream\r\n");
    for event in 0..5 {
        client.read_until(&format!("data: {event}\n\n"));
        seen.send(()).unwrap();
    }
    client.read_until("\r\n0\r\n\r\n");
}

/// An upstream that refuses an upload as soon as it has read the head, and reads nothing more.
fn refusing() -> Upstream {
    Upstream::scripted(|peer| {
        peer.head();
        let body = "x".repeat(10_000);
        peer.write(format!(
            "HTTP/1.1 413 Too Large\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ));
        peer.stop_sending();
        peer.wait_for_close();
    })
}

#[test]
fn an_early_answer_reaches_a_client_that_reads_only_when_it_has_sent_all() {
    let gateway = Running::with_routes(&open_route(refusing().address(), "max_body: \"64MiB\""));
    let mut client = Client::connect(gateway.address());
    client.write(upload("POST", 8 * MIB));
    client.write(vec![b'x'; 8 * MIB]);
    let answer = client.answer().unwrap();
    assert!(answer.status == 413 && answer.is_whole && answer.body.len() == 10_000);
}

#[test]
fn an_early_answer_reaches_a_client_that_reads_while_it_sends() {
    let gateway = Running::with_routes(&open_route(refusing().address(), "max_body: \"64MiB\""));
    let mut client = Client::connect(gateway.address());
    client.write(upload("POST", 8 * MIB)).write(vec![b'x'; 100_000]);
    let mut writer = client.writer();
    let sending = thread::spawn(move || while writer.write_all(&vec![b'x'; 100_000]).is_ok() {});
    let answer = client.answer().unwrap();
    assert!(answer.status == 413 && answer.is_whole && answer.body.len() == 10_000);
    drop(client);
    sending.join().unwrap();
}

/// An upstream that gives back what comes as it comes.
fn echoing(answer: &'static str) -> Upstream {
    Upstream::scripted(move |peer| {
        peer.head();
        peer.write(answer);
        let mut left = 8 * MIB;
        while left > 0 {
            let some = peer.some();
            if some.is_empty() {
                return;
            }
            left -= some.len();
            peer.write(&some);
        }
    })
}

fn pattern() -> Vec<u8> {
    (0..8 * MIB).map(|place| u8::try_from(place / 7 % 251).unwrap()).collect()
}

#[test]
fn an_upstream_may_answer_while_it_reads_and_neither_side_waits_for_the_other() {
    let upstream = echoing("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let mut writer = client.writer();
    let sent = pattern();
    let body = sent.clone();
    let sending = thread::spawn(move || {
        writer.write_all(upload("PUT", body.len()).as_bytes()).unwrap();
        writer.write_all(&body).unwrap();
    });
    let answer = client.answer().unwrap();
    sending.join().unwrap();
    assert!(answer.is_whole && answer.body == sent);
}

#[test]
fn a_client_that_reads_nothing_until_it_has_sent_all_can_send_all() {
    // The upstream buffers a part, and so do the sockets: the gateway has to take both ways for the rest to move.
    let upstream = Upstream::scripted(|peer| {
        peer.head();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n");
        peer.write(vec![b'y'; MIB]);
        peer.bytes(8 * MIB);
        peer.write(vec![b'y'; 7 * MIB]);
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write(upload("PUT", 8 * MIB)).write(pattern());
    let answer = client.answer().unwrap();
    assert!(answer.is_whole && answer.body.len() == 8 * MIB);
}
