//! Connections whose protocol is switched: tunnels, under the role and the place of the request that began them.

use std::sync::mpsc::channel;

use crate::support::bearer;
use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, closed_route, open_route};
use crate::support::upstream::Upstream;

const OFFER: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Accept: y\r\n\r\n";

/// An upstream that switches protocols and then gives back what comes, until nothing more does.
fn switching() -> Upstream {
    Upstream::scripted(|peer| {
        if peer.request().is_none() {
            return;
        }
        peer.write(SWITCHED);
        loop {
            let some = peer.some();
            if some.is_empty() {
                break;
            }
            peer.write(some);
        }
        peer.write("bye");
    })
}

#[test]
fn bytes_go_both_ways_through_a_tunnel_and_each_side_may_end_first() {
    let upstream = switching();
    let gateway = Running::with_routes(&open_route(upstream.address(), ""));
    let mut client = Client::connect(gateway.address());
    // What follows the request at once is the other protocol's already.
    client.write(format!("GET /open HTTP/1.1\r\nHost: a\r\n{OFFER}\r\nearly"));
    let answer = client.answer().unwrap();
    assert_eq!(
        (answer.status, answer.header("upgrade"), answer.header("connection")),
        (101, Some("websocket"), Some("upgrade"))
    );
    assert_eq!(answer.header("sec-websocket-accept"), Some("y"));
    assert_eq!(client.bytes(5), b"early");
    for n in 0..100_u8 {
        let frame = vec![n; 1000];
        assert_eq!(client.write(&frame).bytes(1000), frame);
    }
    client.stop_sending();
    assert_eq!(client.bytes(3), b"bye");
    assert!(client.is_closed());
    let request = upstream.request().to_lowercase();
    for field in
        ["upgrade: websocket\r\n", "connection: upgrade\r\n", "sec-websocket-key: x\r\n", "via: 1.1 coregateway"]
    {
        assert!(request.contains(field), "{request}");
    }
}

#[test]
fn the_log_tells_of_a_tunnel_when_it_has_ended() {
    let gateway = Running::with_routes(&open_route(switching().address(), ""));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", OFFER);
    assert_eq!(client.answer().unwrap().status, 101);
    assert_eq!(client.write("hello").bytes(5), b"hello");
    client.stop_sending();
    assert_eq!(client.bytes(3), b"bye");
    assert!(client.is_closed());
    let log = gateway.stop();
    let lines: Vec<_> = log.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0]["status"].as_u64(), lines[0]["response_bytes"].as_u64()), (Some(101), Some(8)), "{lines:?}");
    assert!(lines[0]["cut"].is_null(), "{lines:?}");
}

#[test]
fn a_tunnel_ends_with_its_upstream() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write(SWITCHED);
        peer.write("last words");
    });
    let gateway = Running::with_routes(&open_route(upstream.address(), ""));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", OFFER);
    assert_eq!(client.answer().unwrap().status, 101);
    assert_eq!(client.bytes(10), b"last words");
    assert!(client.is_closed());
}

#[test]
fn a_tunnel_needs_the_role_that_its_route_asks_for() {
    let upstream = switching();
    let gateway = Running::with_routes(&closed_route(upstream.address(), ""));
    assert_eq!(ask(gateway.address(), "GET /closed", OFFER).status, 401);
    assert_eq!(ask(gateway.address(), "GET /closed", &(bearer(&["admin"]) + OFFER)).status, 403);
    assert!(upstream.requests().is_empty());
    assert_eq!(ask(gateway.address(), "GET /closed", &(bearer(&["operations"]) + OFFER)).status, 101);
}

#[test]
fn a_tunnel_keeps_its_place_at_the_service_until_it_ends() {
    let gateway = Running::with_routes(&open_route(switching().address(), "max_concurrent: 1"));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", OFFER);
    assert_eq!(client.answer().unwrap().status, 101);
    assert_eq!(ask(gateway.address(), "GET /open", OFFER).status, 503);
    client.stop_sending();
    assert_eq!(client.bytes(3), b"bye");
    assert!(client.is_closed());
    while ask(gateway.address(), "GET /open", OFFER).status == 503 {}
}

#[test]
fn what_a_route_does_not_switch_to_is_forwarded_without_the_offer() {
    for (rule, offered) in
        [("upgrade: Off", "websocket"), ("", "h2c"), ("", "TLS/1.3"), ("upgrade: AnyOf([\"websocket\"])", "irc")]
    {
        let upstream = Upstream::saying("plain");
        let gateway = Running::with_routes(&open_route(upstream.address(), rule));
        let fields =
            format!("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {offered}\r\nHTTP2-Settings: AAMAAABk\r\n");
        assert_eq!(ask(gateway.address(), "GET /open", &fields).text(), "plain", "{rule} {offered}");
        let request = upstream.request().to_lowercase();
        assert!(!request.contains("upgrade") && !request.contains("http2-settings"), "{request}");
    }
}

#[test]
fn of_several_protocols_the_allowed_ones_are_offered() {
    let upstream = Upstream::saying("plain");
    let gateway = Running::with_routes(&open_route(upstream.address(), ""));
    ask(gateway.address(), "GET /open", "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\nUpgrade: irc/6.9\r\n");
    assert!(upstream.request().contains("upgrade: websocket, irc/6.9\r\n"), "{}", upstream.request());
}

#[test]
fn a_switch_to_what_nobody_offered_is_a_bad_gateway() {
    let other =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: irc\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    for (answer, fields) in [(other, OFFER), (SWITCHED, "")] {
        let gateway = Running::with_routes(&open_route(Upstream::answering(answer).address(), ""));
        assert_eq!(ask(gateway.address(), "GET /open", fields).status, 502);
    }
}

#[test]
fn an_offer_that_is_not_taken_up_leaves_the_connection_to_http() {
    let upstream = Upstream::saying("no");
    let gateway = Running::with_routes(&open_route(upstream.address(), ""));
    let mut client = Client::connect(gateway.address());
    assert_eq!(client.send("GET /open", OFFER).answer().unwrap().text(), "no");
    assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "no");
}

#[test]
fn a_client_that_leaves_a_tunnel_takes_the_upstreams_connection_with_it() {
    let (gone, is_gone) = channel();
    let upstream = Upstream::scripted(move |peer| {
        peer.request();
        peer.write(SWITCHED);
        peer.wait_for_close();
        gone.send(()).unwrap();
    });
    let gateway = Running::with_routes(&open_route(upstream.address(), ""));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", OFFER);
    assert_eq!(client.answer().unwrap().status, 101);
    drop(client);
    is_gone.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
}
