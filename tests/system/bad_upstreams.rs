//! What clients see of upstreams that are down, slow, or broken. The gateway goes on, whatever they do.

mod broken_answers;

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::{Peer, Upstream};

/// Asks twice on one connection: the same happens twice, and the gateway is well afterwards.
fn status_of(upstream: std::net::SocketAddr) -> u16 {
    let gateway = Running::with_routes(&open_route(upstream, "timeout: \"200ms\""));
    let mut client = Client::connect(gateway.address());
    let first = client.send("GET /open", "").answer().unwrap();
    let second = client.send("GET /open", "").answer().unwrap();
    assert_eq!(first.status, second.status);
    assert_eq!(first.header("content-type"), Some("application/problem+json"));
    assert!(!first.text().contains("127.0.0.1"), "{}", first.text());
    assert_eq!(client.send("GET /healthcheck", "").answer().unwrap().status, 200);
    first.status
}

#[test]
fn an_upstream_that_is_down_is_a_bad_gateway() {
    assert_eq!(status_of(Upstream::down()), 502);
}

#[test]
fn an_upstream_that_closes_without_an_answer_is_a_bad_gateway() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
    });
    assert_eq!(status_of(upstream.address()), 502);
}

#[test]
fn an_upstream_that_resets_the_connection_is_a_bad_gateway() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.reset();
    });
    assert_eq!(status_of(upstream.address()), 502);
}

#[test]
fn an_answer_that_is_not_http_is_a_bad_gateway() {
    for answer in [
        "what?\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi",
        "HTTP/1.1 600 Beyond\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ] {
        assert_eq!(status_of(Upstream::answering(answer).address()), 502, "{answer:?}");
    }
}

#[test]
fn a_server_error_is_a_bad_gateway_and_its_text_stays_inside() {
    for status in [500, 501, 502, 503, 599] {
        let secret = "database password is hunter2";
        let upstream = Upstream::answering(format!(
            "HTTP/1.1 {status} X\r\nX-Debug: trace\r\nContent-Length: {}\r\n\r\n{secret}",
            secret.len()
        ));
        let gateway = Running::in_front_of(upstream.address());
        let answer = ask(gateway.address(), "GET /open", "");
        assert_eq!((answer.status, answer.header("x-debug")), (502, None));
        assert!(!answer.text().contains("hunter2"));
        let log = gateway.stop();
        assert!(log.iter().any(|line| line["reason"].as_str().is_some_and(|text| text.contains(&status.to_string()))));
    }
}

#[test]
fn an_upstream_that_does_not_answer_in_time_is_a_gateway_timeout() {
    let silent = Upstream::scripted(Peer::wait_for_close);
    assert_eq!(status_of(silent.address()), 504);
    let half = Upstream::scripted(|peer| {
        peer.head();
        peer.write("HTTP/1.1 200 OK\r\nContent-Le");
        peer.wait_for_close();
    });
    assert_eq!(status_of(half.address()), 504);
}

#[test]
fn an_answer_that_is_cut_off_is_cut_off_for_the_client_too() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nzz\r\n",
    ] {
        let upstream = Upstream::scripted(move |peer| {
            peer.request();
            peer.write(answer);
        });
        let gateway = Running::in_front_of(upstream.address());
        let answer = ask(gateway.address(), "GET /open", "");
        assert_eq!(answer.status, 200);
        assert!(!answer.is_whole, "{answer:?}");
        let log = gateway.stop();
        assert!(log.iter().any(|line| line["cut"] == "the upstream broke off its answer"), "{log:?}");
    }
}

#[test]
fn a_client_that_goes_away_takes_its_upstream_call_with_it() {
    let (upstream, has_come, is_gone) = Upstream::silent();
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"1h\""));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "");
    has_come.recv().unwrap();
    drop(client);
    is_gone.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
}

#[test]
fn an_answer_to_a_request_whose_body_still_comes_reaches_the_client() {
    let upstream = Upstream::scripted(|peer| {
        peer.head();
        peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome");
    assert_eq!(client.answer().unwrap().status, 413);
}

#[test]
fn a_slow_upload_is_not_taken_for_a_slow_upstream() {
    let upstream = Upstream::saying("got it");
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"300ms\""));
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    for _ in 0..5 {
        std::thread::sleep(std::time::Duration::from_millis(150));
        client.write("x");
    }
    assert_eq!(client.answer().unwrap().text(), "got it");
}

#[test]
fn a_client_that_stops_sending_its_body_is_told_so() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"200ms\""));
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx");
    assert_eq!(client.answer().unwrap().status, 408);
}

#[test]
fn a_client_that_holds_back_its_body_does_not_hold_up_the_next_one() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(head) = peer.head() {
            let early = if head.starts_with("POST") { "early" } else { "inorder" };
            peer.write(format!("HTTP/1.1 404 X\r\nContent-Length: {}\r\n\r\n{early}", early.len()));
            if early == "early" {
                // Waits for the body that does not come, as servers do before the next request.
                peer.wait_for_close();
            }
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut holding: Vec<Client> = (0..5).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut holding {
        client.write("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        assert_eq!(client.answer().unwrap().text(), "early");
    }
    for _ in 0..10 {
        assert_eq!(ask(gateway.address(), "GET /open", "").text(), "inorder");
    }
}

#[test]
fn an_upstream_that_leads_back_to_the_gateway_is_a_bad_gateway() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let answer = ask(gateway.address(), "GET /open", "Via: 1.0 other, 1.1 coregateway\r\n");
    assert_eq!(answer.status, 502);
    assert!(upstream.requests().is_empty());
}
