//! Request lines: what is taken, and which fault refuses the rest.

use bytes::BytesMut;
use gateway_http1::{HeadLimits, HeadReader, RequestFault};
use http::{HeaderMap, Method, StatusCode, Version};

use super::requests::{refused, within};
use super::{LIMITS, request};

#[test]
fn every_form_of_target_is_taken_with_the_methods_that_have_it() {
    for (line, target) in [
        ("GET / HTTP/1.1", "/"),
        ("GET //a//b HTTP/1.1", "//a//b"),
        ("GET /a?b=c&d=%2f?e HTTP/1.1", "/a?b=c&d=%2f?e"),
        ("GET http://x:80/a?b HTTP/1.1", "http://x:80/a?b"),
        ("GET http://[::1]:80 HTTP/1.1", "http://[::1]:80/"),
        ("OPTIONS * HTTP/1.1", "*"),
        ("CONNECT x:443 HTTP/1.1", "x:443"),
        ("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1", "/"),
        ("TRACE / HTTP/1.1", "/"),
        ("get / HTTP/1.1", "/"),
    ] {
        assert_eq!(request(&format!("{line}\r\n\r\n")).expect(line).target.to_string(), target);
    }
    assert_eq!(request("CONNECT x:443 HTTP/1.1\r\n\r\n").unwrap().target.authority().unwrap(), "x:443");
    assert_eq!(request("get / HTTP/1.1\r\n\r\n").unwrap().method.as_str(), "get");
}

#[test]
fn a_request_line_is_three_words_with_one_space_between_them() {
    refused(
        &[
            "GET  / HTTP/1.1\r\n\r\n",
            "GET /  HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 \r\n\r\n",
            "GET / a HTTP/1.1\r\n\r\n",
            "GET /\tHTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\t\r\n\r\n",
            "GET /\r\n\r\n",
            "GET\r\n\r\n",
            "GET / \r\n\r\n",
            "GET HTTP/1.1\r\n\r\n",
            "GET  HTTP/1.1\r\n\r\n",
            "GET / http/1.1\r\n\r\n",
            "GET / HTTP/1\r\n\r\n",
            "GET / HTTP/1.\r\n\r\n",
            "GET / HTTP/11\r\n\r\n",
            "GET / HTTP/1.10\r\n\r\n",
            "GET / HTTP/01.1\r\n\r\n",
            "GET / HTTP/1,1\r\n\r\n",
            "GET / HTTPS/1.1\r\n\r\n",
            "GET / HTTP /1.1\r\n\r\n",
            "\0\r\n\r\n",
        ],
        RequestFault::Line,
        400,
    );
}

#[test]
fn a_method_is_a_token() {
    refused(
        &[" / HTTP/1.1\r\n\r\n", "GE:T / HTTP/1.1\r\n\r\n", "G\u{e9}T / HTTP/1.1\r\n\r\n", "\0GET / HTTP/1.1\r\n\r\n"],
        RequestFault::Method,
        400,
    );
    refused(&["G\tT / HTTP/1.1\r\n\r\n", "(GET) / HTTP/1.1\r\n\r\n"], RequestFault::Method, 400);
}

#[test]
fn a_target_has_visible_ascii_and_no_fragment_and_a_form_that_its_method_takes() {
    for target in [
        "/\u{e9}",
        "/a\u{7f}",
        "/a\0",
        "/a\tb",
        "/\u{b}",
        "/#",
        "/a#b",
        "/a?b#c",
        "http://x/#a",
        "a",
        "a/b",
        "*",
        "**",
        "*/",
        "x:80",
        "[::1]:80",
        "http://",
        "http:///a",
        "http://:80/",
        "http://u@x/",
        "http://u:p@x/a",
        "http:x",
        "://x/",
        "1a://x/",
        "+://x/",
        "?a",
        "http://x\\y/",
        "http://x/<>",
    ] {
        refused(&[&format!("GET {target} HTTP/1.1\r\n\r\n")], RequestFault::Target, 400);
    }
    for target in ["/", "*", "http://x:443/", "x", "x:", "x:443/a", ":443", "u@x:443", "x:99999"] {
        refused(&[&format!("CONNECT {target} HTTP/1.1\r\n\r\n")], RequestFault::Target, 400);
    }
    refused(&["OPTIONS *a HTTP/1.1\r\n\r\n", "OPTIONS x:80 HTTP/1.1\r\n\r\n"], RequestFault::Target, 400);
}

#[test]
fn a_major_version_that_is_not_1_is_505_and_a_higher_minor_version_counts_as_1_1() {
    refused(
        &[
            "GET / HTTP/2.0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/3.0\r\n\r\n",
            "GET / HTTP/0.9\r\n\r\n",
        ],
        RequestFault::Version,
        505,
    );
    for (version, read) in
        [("1.0", Version::HTTP_10), ("1.1", Version::HTTP_11), ("1.2", Version::HTTP_11), ("1.9", Version::HTTP_11)]
    {
        assert_eq!(request(&format!("GET / HTTP/{version}\r\n\r\n")).unwrap().version, read);
    }
}

#[test]
fn a_few_empty_lines_before_a_request_are_skipped_and_more_are_not() {
    let read = |lines: usize| {
        let mut buffer = BytesMut::from(&*("\r\n".repeat(lines) + "GET / HTTP/1.1\r\n\r\n"));
        HeadReader::new(LIMITS).read_request(&mut buffer, &mut HeaderMap::new()).map(|head| head.unwrap().method)
    };
    assert_eq!(read(4), Ok(Method::GET));
    assert_eq!(read(5), Err(RequestFault::EmptyLines));
    assert_eq!(RequestFault::EmptyLines.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn empty_lines_are_counted_before_each_request_anew() {
    let mut buffer = BytesMut::from(&*"\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n".repeat(5));
    let mut reader = HeadReader::new(LIMITS);
    for _ in 0..5 {
        assert!(reader.read_request(&mut buffer, &mut HeaderMap::new()).unwrap().is_some());
    }
}

#[test]
fn a_request_line_longer_than_the_limit_is_414() {
    let limits = HeadLimits { bytes: 100, fields: 9 };
    let line = format!("GET /{} HTTP/1.1", "a".repeat(100));
    assert_eq!(within(limits, &line[..99]), Ok(false));
    assert_eq!(within(limits, &line[..100]), Err(RequestFault::LineTooLong));
    assert_eq!(within(limits, &format!("{line}\r\n\r\n")), Err(RequestFault::LineTooLong));
    assert_eq!(RequestFault::LineTooLong.status().as_u16(), 414);
    let limits = HeadLimits { bytes: 1 << 20, fields: 9 };
    let line = |length| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length));
    assert_eq!(within(limits, &line(65_533)), Ok(true));
    assert_eq!(within(limits, &line(65_534)), Err(RequestFault::LineTooLong));
}
