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
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 400),
        ("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        // A request line is part of the head, which is longer than it may be.
        (&long_line, 431),
        (&long_field, 431),
        (&many_fields, 431),
    ] {
        let mut client = Client::connect(gateway.address());
        let shown = &request[..request.len().min(120)];
        let answer = client.write(request).answer().unwrap_or_else(|| panic!("no answer to {shown:?}"));
        assert_eq!(answer.status, expected, "{shown:?}");
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
    assert_eq!(Client::connect(gateway.address()).send("GET /open", "").answer().unwrap().status, 200);
}

#[test]
fn of_two_framings_the_upstream_sees_one() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 200);
    let request = upstream.request().to_lowercase();
    assert!(request.contains("transfer-encoding: chunked") && !request.contains("content-length"), "{request}");
}
