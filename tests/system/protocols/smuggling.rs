//! What clients of HTTP/1.1 may try to have one message taken for two, or one field for another.

use crate::support::bearer;
use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, closed_route, open_route};
use crate::support::upstream::Upstream;

/// What reaches the upstream of these bytes of a client's, which then ends the connection.
fn reaches(bytes: &str) -> Vec<String> {
    let upstream = Upstream::saying("hi");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    client.write(bytes);
    client.write("GET /healthcheck HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while client.answer().is_some() {}
    upstream.requests()
}

#[test]
fn a_body_that_looks_like_a_request_stays_a_body() {
    let inner = "GET /open/inner HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = inner.len();
    for request in [
        format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{inner}"),
        format!("GET /open HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{inner}"),
        format!(
            "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{inner}\r\n0\r\n\r\n"
        ),
        format!(
            "POST /open HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: {length}\r\n\r\n{inner}"
        ),
        format!(
            "POST /open HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n\
             {length:x};a=b\r\n{inner}\r\n0\r\n\r\n"
        ),
    ] {
        let reached = reaches(&request);
        assert_eq!(reached.len(), 1, "{reached:?}");
        assert!(reached[0].contains("GET /open/inner"), "{reached:?}");
    }
}

#[test]
fn other_spellings_of_framing_are_refused_or_do_not_cross() {
    for field in [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;x=1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 0",
        "Content-Length: 4 4",
        "Content-Length: 4;",
        "Content-Length: \u{0c}4",
        "X: 1\nTransfer-Encoding: chunked",
        "X: 1\r\rTransfer-Encoding: chunked",
    ] {
        let reached = reaches(&format!(
            "POST /open HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n0\r\n\r\nGET /open/x HTTP/1.1\r\nHost: a\r\n\r\n"
        ));
        assert!(reached.is_empty(), "{field:?}: {reached:?}");
    }
    for field in ["Transfer_Encoding: chunked", "Content_Length: 44"] {
        let reached = reaches(&format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n{field}\r\n\r\nok"));
        assert!(reached.len() == 1 && reached[0].ends_with("\r\n\r\nok"), "{field}: {reached:?}");
        assert!(
            !reached[0].to_lowercase().contains("_encoding") && !reached[0].contains("content_length"),
            "{reached:?}"
        );
    }
}

#[test]
fn chunks_that_could_be_read_in_two_ways_end_the_connection() {
    for chunks in [
        "2\nok\r\n0\r\n\r\n",
        "2\r\nok0\r\n\r\n",
        "2 \r\nok\r\n0\r\n\r\n",
        "0x2\r\nok\r\n0\r\n\r\n",
        "+2\r\nok\r\n0\r\n\r\n",
        "-1\r\nok\r\n0\r\n\r\n",
        "10000000000000002\r\nok\r\n0\r\n\r\n",
        "2\r\nok\n0\r\n\r\n",
        "2;\nok\r\n0\r\n\r\n",
        "2\r\nok\r\n0\r\nX: 1\n\r\n",
        "2\r\nok\r\n0\r\nX : 1\r\n\r\n",
    ] {
        let bytes = format!(
            "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n"
        );
        let reached = reaches(&bytes);
        assert!(reached.iter().all(|request| !request.contains("GET ")), "{chunks:?}: {reached:?}");
        // A request whose body broke has reached nobody as a whole one.
        assert!(reached.is_empty(), "{chunks:?}: {reached:?}");
    }
}

#[test]
fn connection_takes_nothing_away_that_the_gateway_has_checked_or_says() {
    let upstream = Upstream::saying("hi");
    let routes =
        closed_route(upstream.address(), "") + &open_route(upstream.address(), "").replace("\"open\"", "\"closed\"");
    let gateway = Running::with_routes(&routes);
    let named = "Connection: Authorization, X-Correlation-ID, X-Forwarded-For, X-Forwarded-Host, Forwarded, Via, Host, \
                 X-Service-Auth, Content-Length, Cookie\r\nX-Correlation-ID: id-1\r\nCookie: a=1\r\n";
    let answer = ask(gateway.address(), "GET /closed", &(bearer(&["operations"]) + named));
    assert_eq!((answer.status, answer.header("x-correlation-id")), (200, Some("id-1")));
    let request = upstream.request().to_lowercase();
    for field in [
        "x-correlation-id: id-1",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: gateway.test",
        "via: 1.1 ",
        "host: 127",
    ] {
        assert!(request.contains(field), "{field} is not in {request}");
    }
    assert!(!request.contains("cookie"), "what is for one hop stays: {request}");
}

#[test]
fn te_and_trailer_say_no_more_than_that_trailers_are_welcome() {
    let reached = reaches(
        "GET /open HTTP/1.1\r\nHost: a\r\nTE: gzip;q=1, trailers, chunked\r\nConnection: TE, close\r\nTrailer: Content-Length\r\n\r\n",
    );
    let request = reached[0].to_lowercase();
    assert!(request.contains("te: trailers\r\n") && request.contains("connection: te\r\n"), "{request}");
    assert!(!request.contains("gzip") && !request.contains("trailer:"), "{request}");
}

#[test]
fn trailers_bring_no_field_that_counts() {
    let trailers = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: Basic x\r\nX-Forwarded-For: 6.6.6.6\r\n\
                    X-User-Id: me\r\nCookie: a=1\r\nConnection: close\r\nVia: 1.1 b\r\nX-Correlation-ID: other\r\nX-Sum: 7\r\n";
    let reached = reaches(&format!(
        "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n{trailers}\r\n"
    ));
    assert!(reached[0].to_lowercase().ends_with("2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"), "{}", reached[0]);
}

#[test]
fn the_target_of_absolute_form_is_whom_the_request_is_for() {
    let reached = reaches("GET http://b.example/open?x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(
        reached[0].starts_with("GET /base?x HTTP/1.1\r\n") && reached[0].contains("x-forwarded-host: b.example\r\n"),
        "{reached:?}"
    );
    for target in ["http://b/open#f", "http://b@c/open", "//b/open", "open", "/open\\x", "http:/open", "http:///open"] {
        let reached = reaches(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(reached.is_empty(), "{target}: {reached:?}");
    }
}
