//! What crosses the gateway, in both directions.

use std::io::Write as _;
use std::time::Duration;

use crate::support::bearer;
use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

#[test]
fn an_upstream_learns_who_asked_and_by_which_name() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    ask(gateway.address(), "GET /open", "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n");
    let request = upstream.request();
    for field in [
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-host: gateway.test\r\n",
        "via: 1.1 coregateway\r\n",
        &format!("host: {}\r\n", upstream.address()),
    ] {
        assert!(request.contains(field), "{field} is not in {request}");
    }
    assert!(!request.contains("6.6.6.6"));
}

#[test]
fn a_trusted_proxy_is_believed() {
    let upstream = Upstream::saying("");
    let routes = route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "trusted_proxies: [127.0.0.0/8]\n");
    ask(gateway.address(), "GET /open", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n");
    let request = upstream.request();
    assert!(request.contains("x-forwarded-for: 192.0.2.1, 127.0.0.1\r\n"), "{request}");
    assert!(request.contains("x-forwarded-proto: https\r\n"), "{request}");
}

#[test]
fn fields_for_one_hop_and_claims_of_identity_do_not_cross() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\nX-Outer: 1\r\n\r\n",
    );
    let gateway = Running::in_front_of(upstream.address());
    let fields = "Connection: X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\nUpgrade: websocket\r\n\
                  x_service_auth: me\r\nX-User-Id: me\r\nX-Kept: 1\r\n";
    let answer = ask(gateway.address(), "GET /open", fields);
    let request = upstream.request().to_lowercase();
    for gone in ["x-secret", "upgrade", "x_service_auth", "x-user-id"] {
        assert!(!request.contains(gone), "{gone} is in {request}");
    }
    // That the client makes use of trailers is said anew, for the next hop.
    assert!(
        request.contains("x-kept: 1") && request.contains("te: trailers\r\n") && request.contains("connection: te\r\n")
    );
    assert_eq!(
        (answer.header("x-inner"), answer.header("keep-alive"), answer.header("x-outer")),
        (None, None, Some("1"))
    );
}

#[test]
fn what_an_upstream_answers_below_500_is_passed_through() {
    for status in [200, 201, 301, 400, 401, 404, 418, 429] {
        let upstream = Upstream::answering(format!(
            "HTTP/1.1 {status} X\r\nContent-Length: 4\r\nContent-Type: text/x-test\r\nWWW-Authenticate: Basic\r\n\r\nbody"
        ));
        let gateway = Running::in_front_of(upstream.address());
        let answer = ask(gateway.address(), "GET /open", "");
        assert_eq!((answer.status, &*answer.text()), (status, "body"));
        assert_eq!(answer.header("content-type"), Some("text/x-test"));
        assert_eq!(answer.header("www-authenticate"), Some("Basic"));
    }
}

#[test]
fn bodies_pass_in_both_framings() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    );
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping");
    assert_eq!(client.answer().unwrap().text(), "hello world");
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\npi\r\n2\r\nng\r\n0\r\n\r\n");
    assert_eq!(client.answer().unwrap().text(), "hello world");
    let requests = upstream.requests();
    assert!(requests[0].ends_with("\r\n\r\nping"), "{}", requests[0]);
    assert!(requests[1].contains("transfer-encoding: chunked") && requests[1].contains("pi"), "{}", requests[1]);
}

#[test]
fn a_body_is_passed_on_while_it_still_comes() {
    let upstream = Upstream::scripted(|peer| {
        peer.head();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        // The rest comes only when the client, which has seen the first part, asks for it by closing.
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "");
    client.read_until("first");
}

#[test]
fn large_bodies_pass_whole_both_ways() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            let body = request.split_once("\r\n\r\n").unwrap().1;
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let body: String = ('a'..='z').cycle().take(1_000_000).collect();
    let mut client = Client::connect(gateway.address());
    client.write(format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert!(client.answer().unwrap().text() == body);
}

#[test]
fn a_body_over_the_routes_limit_is_refused_in_either_framing() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&open_route(upstream.address(), "max_body: \"1KiB\""));
    let announced = format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n{}", "x".repeat(1025));
    let chunked = format!(
        "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n{}\r\n0\r\n\r\n",
        "x".repeat(1025)
    );
    for request in [announced, chunked] {
        let mut client = Client::connect(gateway.address());
        assert_eq!(client.write(request).answer().unwrap().status, 413);
    }
    assert!(upstream.requests().is_empty());
    let fits = format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n{}", "x".repeat(1024));
    assert_eq!(Client::connect(gateway.address()).write(fits).answer().unwrap().status, 200);
}

#[test]
fn answers_without_a_body_keep_the_connection_in_step() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            peer.write(match request.split(' ').next() {
                Some("HEAD") => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                Some("DELETE") => "HTTP/1.1 204 No Content\r\n\r\n",
                Some("OPTIONS") => "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend",
            });
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let head = client.send("HEAD /open", "").answer_to("HEAD").unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, Some("1000")));
    assert_eq!(client.send("DELETE /open", "").answer().unwrap().status, 204);
    assert_eq!(client.send("OPTIONS /open", "").answer().unwrap().status, 304);
    assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "end");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            let target = request.split(' ').nth(1).unwrap();
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len()));
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let requests: Vec<String> = (0..20).map(|n| format!("GET /open/{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    client.write(requests.concat());
    for n in 0..20 {
        assert_eq!(client.answer().unwrap().text(), format!("/base/{n}"));
    }
}

#[test]
fn who_asks_and_asks_and_takes_no_answer_is_not_read_on_and_misses_none() {
    let routes = route_file(&open_route(([127, 0, 0, 1], 9).into(), ""));
    let gateway = Running::start(&routes, "limits: { requests_per_connection: 1000000 }\n");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    socket.connect(&gateway.address().into()).unwrap();
    let mut client = Client::over(socket.into());
    let mut writer = client.writer();
    writer.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut written = 0;
    while let Ok(more) = writer.write(&request[written % request.len()..]) {
        written += more;
        assert!(written < 64 << 20, "the gateway reads on though nobody takes its answers");
    }
    writer.set_write_timeout(None).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(&request[written % request.len()..]).unwrap());
        for _ in 0..written.div_ceil(request.len()) {
            assert_eq!(client.answer().unwrap().status, 404);
        }
    });
}

#[test]
fn a_client_that_expects_100_hears_it_from_the_upstream() {
    let upstream = Upstream::scripted(|peer| {
        assert!(peer.head().unwrap().to_lowercase().contains("expect: 100-continue"));
        peer.write("HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(peer.bytes(4), b"ping");
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 100);
    assert_eq!(client.write("ping").answer().unwrap().text(), "done");
}

#[test]
fn a_client_that_expects_100_need_not_send_what_the_upstream_refuses() {
    let upstream = Upstream::scripted(|peer| {
        peer.head();
        peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        peer.wait_for_close();
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    let answer = client.answer().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (403, Some("close")));
    assert!(client.is_closed());
}

#[test]
fn an_expectation_of_an_http_1_0_client_means_nothing() {
    let upstream = Upstream::saying("done");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nping");
    assert_eq!(client.answer().unwrap().text(), "done");
    assert!(!upstream.request().to_lowercase().contains("expect"));
}

#[test]
fn a_client_that_expects_100_is_told_to_go_on_where_the_upstream_says_nothing() {
    let upstream = Upstream::saying("done");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 100);
    assert_eq!(client.write("ping").answer().unwrap().text(), "done");
}

#[test]
fn connections_to_an_upstream_are_used_again() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
    let upstream = Upstream::scripted(|peer| {
        CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        while peer.request().is_some() {
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    for _ in 0..10 {
        assert_eq!(client.send("GET /open", "").answer().unwrap().text(), "hi");
    }
    assert_eq!(CONNECTIONS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_connection_that_the_upstream_has_closed_meanwhile_costs_nobody_an_answer() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        // And closes, without having said so.
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    for _ in 0..50 {
        assert_eq!(client.send("GET /open", "").answer().unwrap().status, 200);
    }
}

#[test]
fn an_http_1_0_client_is_served() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let answer = client.write("GET /open HTTP/1.0\r\n\r\n").answer().unwrap();
    assert_eq!((answer.status, &*answer.text(), answer.header("transfer-encoding")), (200, "hello", None));
}

#[test]
fn credentials_go_to_core_auth_and_to_no_other_service() {
    for (service, expected) in [("coreauth", true), ("other", false)] {
        let upstream = Upstream::saying("");
        let route = open_route(upstream.address(), "").replace("\"open\"", &format!("\"{service}\""));
        let gateway = Running::with_routes(&route);
        ask(gateway.address(), "GET /open", &bearer(&["operations"]));
        assert_eq!(upstream.request().contains("authorization: Bearer "), expected, "{service}");
    }
}

#[test]
fn a_service_can_be_moved_by_the_configuration() {
    let upstream = Upstream::saying("moved");
    let routes = route_file(&open_route(Upstream::down(), ""));
    let gateway = Running::start(&routes, &format!("services: {{ open: \"http://{}\" }}\n", upstream.address()));
    assert_eq!(ask(gateway.address(), "GET /open/x", "").text(), "moved");
    assert!(upstream.request().starts_with("GET /base/x "));
}

#[test]
fn a_body_is_passed_on_with_every_method() {
    for method in ["GET", "DELETE", "OPTIONS", "PATCH"] {
        let upstream = Upstream::saying("");
        let gateway = Running::in_front_of(upstream.address());
        let mut client = Client::connect(gateway.address());
        client.write(format!(
            "{method} /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        ));
        assert_eq!(client.answer().unwrap().status, 200);
        assert!(upstream.request().ends_with("3\r\nabc\r\n0\r\n\r\n"), "{}", upstream.request());
    }
}

#[test]
fn trailers_of_a_client_pass_unless_they_claim_an_identity() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write(
        "POST /open HTTP/1.1\r\nHost: a\r\nTrailer: X-Service-Auth\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\nX-Service-Auth: admin\r\nX-Checksum: 7\r\n\r\n",
    );
    assert_eq!(client.answer().unwrap().status, 200);
    let request = upstream.request().to_lowercase();
    assert!(request.ends_with("abc\r\n0\r\nx-checksum: 7\r\n\r\n") && !request.contains("service-auth"), "{request}");
}
