//! Requests that are not HTTP as RFC 9112 has it: they get their 4xx, and no upstream sees them.

use crate::support::client::Client;
use crate::support::gateway::Running;
use crate::support::upstream::Upstream;

#[test]
fn a_malformed_request_gets_its_status_and_reaches_no_upstream() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let long_line = format!("GET /open/{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000));
    let long_field = format!("GET /open HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let many_fields = format!("GET /open HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(200));
    for (request, expected) in [
        ("nonsense\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501),
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /open HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx", 400),
        ("GET /open HTTP/1.1\nHost: a\n\n", 400),
        ("GET /open HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n", 400),
        ("GET  /open HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /open#part HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /open http/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /open HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /open HTTP/3.1\r\nHost: a\r\n\r\n", 505),
        ("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 200-ok\r\n\r\n", 417),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405),
        ("TRACE /open HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        (&long_line, 414),
        (&long_field, 431),
        (&many_fields, 431),
    ] {
        let mut client = Client::connect(gateway.address());
        let shown = &request[..request.len().min(120)];
        let answer = client.write(request).answer().unwrap_or_else(|| panic!("no answer to {shown:?}"));
        assert_eq!(answer.status, expected, "{shown:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown:?}");
        assert_eq!(answer.json()["correlation_id"].as_str(), answer.header("x-correlation-id"), "{shown:?}");
        if expected != 405 {
            assert!(answer.header("connection") == Some("close") && client.is_closed(), "{shown:?}");
        }
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
    assert_eq!(Client::connect(gateway.address()).send("GET /open", "").answer().unwrap().status, 200);
}
