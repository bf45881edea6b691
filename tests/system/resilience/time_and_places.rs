//! What a route's times and places bound: how long an exchange and its parts take, and how many there are at once.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::client::{Client, ask, status};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::{Peer, Upstream};

fn with(upstream: SocketAddr, fields: &str) -> Running {
    Running::with_routes(&open_route(upstream, &format!("timeout: \"20s\", retry: Off, breaker: Off, {fields}")))
}

#[test]
fn an_upstream_that_takes_no_connection_is_given_up_after_the_time_for_one() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    // Those that fit are never accepted; the next one is not even answered.
    let soon = Duration::from_millis(100);
    let _waiting: Vec<TcpStream> =
        std::iter::from_fn(|| TcpStream::connect_timeout(&address, soon).ok()).take(64).collect();
    let gateway = with(address, "timeouts: Timeouts(connect: \"100ms\")");
    assert_eq!(status(gateway.address(), "GET /open", ""), 504);
}

#[test]
fn the_first_byte_has_a_time_of_its_own_which_an_upload_does_not_use_up() {
    let upstream = Upstream::scripted(Peer::wait_for_close);
    let gateway = with(upstream.address(), "timeouts: Timeouts(first_byte: \"100ms\")");
    assert_eq!(status(gateway.address(), "GET /open", ""), 504);

    let upstream = Upstream::saying("got it");
    let gateway = with(upstream.address(), "timeouts: Timeouts(first_byte: \"100ms\")");
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    // Longer than the time for the first byte, by the clock of another exchange.
    let silent = Upstream::scripted(Peer::wait_for_close);
    let clock = with(silent.address(), "timeouts: Timeouts(first_byte: \"200ms\")");
    assert_eq!(status(clock.address(), "GET /open", ""), 504);
    assert_eq!(client.write("b").answer().unwrap().text(), "got it");
}

#[test]
fn an_answer_in_which_nothing_comes_for_too_long_is_cut_off() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.wait_for_close();
    });
    let gateway = with(upstream.address(), "timeouts: Timeouts(idle: \"100ms\")");
    let answer = ask(gateway.address(), "GET /open", "");
    assert!(answer.status == 200 && !answer.is_whole && answer.text() == "half");
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["cut"] == "the upstream stopped sending its answer"), "{log:?}");
}

#[test]
fn a_service_that_has_all_it_may_have_at_once_sheds_the_next_request() {
    let (come, has_come) = std::sync::mpsc::channel();
    let upstream = Upstream::scripted(move |peer| {
        while let Some(request) = peer.request() {
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
            if request.starts_with("GET /base/slow") {
                come.send(()).unwrap();
                peer.wait_for_close();
                return;
            }
            peer.write("lf");
        }
    });
    let gateway = with(upstream.address(), "max_concurrent: 1");
    let mut slow = Client::connect(gateway.address());
    slow.send("GET /open/slow", "").read_until("ha");
    has_come.recv().unwrap();
    let shed = ask(gateway.address(), "GET /open", "");
    assert_eq!((shed.status, shed.header("retry-after")), (503, Some("1")));
    // A client that goes away makes room.
    drop(slow);
    while status(gateway.address(), "GET /open", "") == 503 {}
    // And so does an answer that has come to its end.
    for _ in 0..10 {
        assert_eq!(ask(gateway.address(), "GET /open", "").text(), "half");
    }
}

#[test]
fn a_connection_ends_after_as_many_requests_as_it_may_bring() {
    let upstream = Upstream::saying("hi");
    let routes = route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { requests_per_connection: 3 }\n");
    let mut client = Client::connect(gateway.address());
    for asked in 1..=3 {
        let answer = client.send("GET /open", "").answer().unwrap();
        assert_eq!(answer.header("connection"), (asked == 3).then_some("close"));
    }
    assert!(client.is_closed());
}

#[test]
fn a_connection_whose_client_pauses_is_served_on_as_if_it_had_not() {
    let upstream = Upstream::saying("hi");
    let routes = route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { requests_per_connection: 3 }\n");
    // More than keep anything for the next request.
    let mut clients: Vec<Client> = (0..140).map(|_| Client::connect(gateway.address())).collect();
    for asked in 1..=3 {
        for client in &mut clients {
            let answer = client.send("GET /open", "").answer().unwrap();
            assert_eq!((answer.text().as_str(), answer.header("connection")), ("hi", (asked == 3).then_some("close")));
        }
        if asked == 2 {
            // Longer than any connection keeps something.
            std::thread::sleep(Duration::from_millis(1600));
        }
    }
    assert!(clients.iter_mut().all(Client::is_closed));
}

#[test]
fn more_fields_than_the_limit_are_refused() {
    let upstream = Upstream::saying("hi");
    let routes = route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { header_fields: 20 }\n");
    assert_eq!(status(gateway.address(), "GET /open", &"X: 1\r\n".repeat(19)), 200);
    assert_eq!(status(gateway.address(), "GET /open", &"X: 1\r\n".repeat(20)), 431);
}
