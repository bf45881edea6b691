//! HTTP/1.1 and HTTP/1.0 with clients: versions, pipelines, interim answers, hops.

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route};
use crate::support::upstream::Upstream;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

#[test]
fn early_hints_reach_a_client_of_http_1_1_and_none_of_http_1_0() {
    let upstream = Upstream::answering(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    );
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let hints = client.send("GET /open", "").answer().unwrap();
    assert_eq!((hints.status, hints.header("link"), hints.header("x-hop")), (103, Some("</a.css>"), None));
    assert_eq!(client.answer().unwrap().text(), "hi");

    let answer = Client::connect(gateway.address()).write("GET /open HTTP/1.0\r\n\r\n").answer().unwrap();
    assert_eq!((answer.status, &*answer.text()), (200, "hi"));
}

#[test]
fn a_client_that_did_not_wait_for_it_hears_no_100() {
    let upstream = Upstream::answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    let gateway = Running::in_front_of(upstream.address());
    assert_eq!(ask(gateway.address(), "GET /open", "").status, 200);
}

#[test]
fn an_http_1_0_connection_stays_only_if_the_client_asks_and_the_length_is_known() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            let is_chunked = request.starts_with("GET /base/chunked");
            peer.write(if is_chunked { CHUNKED } else { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" });
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    for (request, stays) in [
        ("GET /open HTTP/1.0\r\n\r\n", false),
        ("GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET /open/chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
    ] {
        let mut client = Client::connect(gateway.address());
        let answer = client.write(request).answer().unwrap();
        assert_eq!((&*answer.text(), answer.header("transfer-encoding")), ("hello", None), "{request}");
        assert_eq!(answer.header("connection"), Some(if stays { "keep-alive" } else { "close" }), "{request}");
        if stays {
            assert_eq!(client.write(request).answer().unwrap().text(), "hello");
        } else {
            assert!(client.is_closed(), "{request}");
        }
    }
}

#[test]
fn an_answer_without_a_body_keeps_the_length_that_it_would_have_had() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            peer.write(match request.split(' ').next() {
                Some("HEAD") => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: a/b\r\n\r\n",
                Some("PUT") => "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
                _ => "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n",
            });
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    for _ in 0..2 {
        let head = client.send("HEAD /open", "").answer_to("HEAD").unwrap();
        assert_eq!((head.status, head.header("content-type"), head.header("content-length")), (200, Some("a/b"), None));
        let empty = client.send("PUT /open", "Content-Length: 0\r\n").answer().unwrap();
        assert_eq!((empty.status, empty.header("content-length")), (204, None));
        let unchanged = client.send("GET /open", "").answer().unwrap();
        assert_eq!((unchanged.status, unchanged.header("content-length")), (304, Some("1000")));
    }
    let log = gateway.stop();
    assert!(log.iter().all(|line| line["cut"].is_null()), "{log:?}");
}

#[test]
fn pipelined_requests_with_bodies_are_answered_in_order() {
    let upstream = Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            let line = request.lines().next().unwrap();
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{line}", line.len()));
        }
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let request = |n: usize| match n % 3 {
        0 => format!("POST /open/{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\nGET /open/x HTTP/1.1\r\n\r\n"),
        1 => format!("PUT /open/{n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
        _ => format!("GET /open/{n} HTTP/1.1\r\nHost: a\r\n\r\n"),
    };
    client.write((0..30).map(request).collect::<String>());
    for n in 0..30 {
        let method = ["POST", "PUT", "GET"][n % 3];
        assert_eq!(client.answer().unwrap().text(), format!("{method} /base/{n} HTTP/1.1"));
    }
    assert_eq!(upstream.requests().len(), 30);
}

#[test]
fn a_request_that_is_refused_does_not_take_the_next_one_with_it() {
    let upstream = Upstream::saying("well");
    let gateway = Running::with_routes(&open_route(upstream.address(), "max_body: \"1B\""));
    let mut client = Client::connect(gateway.address());
    client.write(
        "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789GET /open HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.answer().unwrap().status, 413);
    assert_eq!(client.answer().unwrap().text(), "well");
}

#[test]
fn max_forwards_counts_hops_of_options_alone() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&open_route(upstream.address(), "methods: [GET, OPTIONS]"));
    let own = ask(gateway.address(), "OPTIONS /open", "Max-Forwards: 0\r\n");
    assert_eq!((own.status, own.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert!(upstream.requests().is_empty());
    ask(gateway.address(), "OPTIONS /open", "Max-Forwards: 3\r\n");
    ask(gateway.address(), "GET /open", "Max-Forwards: 0\r\n");
    let requests = upstream.requests();
    assert!(requests[0].contains("max-forwards: 2\r\n"), "{}", requests[0]);
    assert!(requests[1].contains("max-forwards: 0\r\n"), "{}", requests[1]);
}

#[test]
fn a_client_that_has_said_that_it_sends_no_more_gets_its_answer() {
    let upstream = Upstream::answering(CHUNKED);
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let answer = client.send("GET /open", "").stop_sending().answer().unwrap();
    assert!(answer.is_whole && answer.text() == "hello");
    assert!(client.is_closed());
}

#[test]
fn repeated_fields_keep_their_order_both_ways() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Other: 0\r\nSet-Cookie: b=2\r\nSet-Cookie: a=3\r\nContent-Length: 0\r\n\r\n",
    );
    let gateway = Running::in_front_of(upstream.address());
    let answer = ask(gateway.address(), "GET /open", "X-List: 1\r\nX-Other: 0\r\nX-List: 2, 3\r\nx-list: 4\r\n");
    let cookies: Vec<&str> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| &**value).collect();
    assert_eq!(cookies, ["a=1", "b=2", "a=3"]);
    let request = upstream.request();
    let list: Vec<&str> = request.lines().filter_map(|line| line.strip_prefix("x-list: ")).collect();
    assert_eq!(list, ["1", "2, 3", "4"]);
}
