//! Field lines of requests: what is taken, which fault refuses the rest, and how much is too much.

use bytes::BytesMut;
use gateway_http1::{BodyLength, FieldFault, HeadLimits, HeadReader, RequestFault};
use http::{HeaderMap, Method, Version};

use super::requests::{fields_refused, refused, with, within};
use super::{LIMITS, request};

#[test]
fn a_head_is_read_and_what_follows_it_stays() {
    let mut buffer =
        BytesMut::from("POST /a?b HTTP/1.1\r\nHost: x\r\nX-A: \t1 \r\nContent-Length: 5\r\nx-a:2\r\n\r\nhello");
    let head = HeadReader::new(LIMITS).read_request(&mut buffer, &mut HeaderMap::new()).unwrap().unwrap();
    assert_eq!((head.method, head.target.to_string(), head.version), (Method::POST, "/a?b".into(), Version::HTTP_11));
    assert_eq!(head.headers["host"], "x");
    assert!(head.headers.get_all("x-a").iter().eq(["1", "2"]));
    assert_eq!((head.body, head.is_persistent, head.expects_continue), (BodyLength::Exact(5), true, false));
    assert_eq!(&buffer[..], b"hello");
}

#[test]
fn the_spare_map_is_emptied_and_used_and_left_alone_until_then() {
    let mut spare = HeaderMap::with_capacity(64);
    let capacity = spare.capacity();
    spare.insert("x-old", "1".parse().unwrap());
    let mut buffer = BytesMut::from("GET / HTTP/1.1\r\nx-new: 2\r\n");
    let mut reader = HeadReader::new(LIMITS);
    assert!(reader.read_request(&mut buffer, &mut spare).unwrap().is_none());
    assert_eq!(spare.capacity(), capacity);
    buffer.extend_from_slice(b"\r\n");
    let head = reader.read_request(&mut buffer, &mut spare).unwrap().unwrap();
    assert_eq!((head.headers.capacity(), head.headers.len()), (capacity, 1));
}

#[test]
fn values_share_the_memory_that_the_bytes_came_in() {
    let mut buffer = BytesMut::from("GET / HTTP/1.1\r\nx-a: value\r\n\r\n");
    let memory = buffer.as_ptr_range();
    let head = HeadReader::new(LIMITS).read_request(&mut buffer, &mut HeaderMap::new()).unwrap().unwrap();
    assert!(memory.contains(&head.headers["x-a"].as_bytes().as_ptr()));
}

#[test]
fn a_line_ends_in_cr_lf_and_has_neither_of_them_within() {
    refused(
        &[
            "GET / HTTP/1.1\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n",
            "GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n",
            "GET /\n HTTP/1.1\r\n\r\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ],
        FieldFault::BareLineFeed,
        400,
    );
    refused(
        &[
            "GET / HTTP/1.1\r\r\n\r\n",
            "GET / HTTP/1.1\r\na: b\rc: d\r\n\r\n",
            "GET / HTTP/1.1\r\na\r: b\r\n\r\n",
            "GET / HTTP/1.1\r\na: b\r\r\n\r\n",
            "GET / HTTP/1.1\r\na: \rb\r\n\r\n",
            "GET / HTTP/1.1\ra: b\r\n\r\n",
            "\rGET / HTTP/1.1 \r\n\r\n",
        ],
        FieldFault::BareCarriageReturn,
        400,
    );
}

#[test]
fn a_bare_line_feed_is_refused_before_the_head_is_whole() {
    let mut buffer = BytesMut::from("GET / HTTP/1.1\n");
    let read = HeadReader::new(LIMITS).read_request(&mut buffer, &mut HeaderMap::new());
    assert_eq!(read.unwrap_err(), FieldFault::BareLineFeed.into());
}

#[test]
fn a_field_line_is_a_name_a_colon_and_a_value_on_one_line() {
    fields_refused(&[" a: b\r\n", "a: b\r\n c\r\n", "a: b\r\n\tc: d\r\n", " \r\n", "\t\r\n"], FieldFault::Folded, 400);
    fields_refused(&["a : b\r\n", "a\t: b\r\n", "Content-Length : 5\r\n"], FieldFault::SpaceBeforeColon, 400);
    fields_refused(&["a\r\n", "a b\r\n", "GET / HTTP/1.1\r\n"], FieldFault::NoColon, 400);
    fields_refused(
        &[
            ": b\r\n",
            "a b: c\r\n",
            "a(b): c\r\n",
            "\u{e9}: a\r\n",
            "a\0: b\r\n",
            "\"a\": b\r\n",
            "a\u{7f}: b\r\n",
            "a/b: c\r\n",
        ],
        FieldFault::Name,
        400,
    );
    fields_refused(
        &["a: \0\r\n", "a: b\u{1}c\r\n", "a: \u{7f}\r\n", "a: \u{1b}[0m\r\n", "a: b\u{b}\r\n"],
        FieldFault::Value,
        400,
    );
}

#[test]
fn a_value_may_be_empty_and_may_have_tabs_and_bytes_beyond_ascii() {
    let head = request(&with("a:\r\nb: \t \r\nc: d\te f\r\ng: \u{e9}\r\n")).unwrap();
    assert!(head.headers["a"].is_empty() && head.headers["b"].is_empty());
    assert_eq!((head.headers["c"].as_bytes(), head.headers["g"].as_bytes()), (&b"d\te f"[..], "\u{e9}".as_bytes()));
}

#[test]
fn hosts_are_left_to_whoever_routes() {
    for fields in ["", "Host: \r\n", "Host: a\r\nHost: b\r\n"] {
        assert!(request(&format!("GET / HTTP/1.1\r\n{fields}\r\n")).is_ok());
    }
}

#[test]
fn a_head_may_be_as_long_as_the_limit_and_not_longer() {
    let head = "GET / HTTP/1.1\r\na: b\r\n\r\n";
    let limits = |bytes| HeadLimits { bytes, fields: 9 };
    assert_eq!(within(limits(head.len()), &format!("{head}next")), Ok(true));
    assert_eq!(within(limits(head.len() - 1), head), Err(RequestFault::HeadTooLong));
    assert_eq!(within(limits(head.len() - 1), &head[..head.len() - 2]), Ok(false));
    assert_eq!(within(limits(head.len() - 1), &head[..head.len() - 1]), Err(RequestFault::HeadTooLong));
    assert_eq!(RequestFault::HeadTooLong.status().as_u16(), 431);
}

#[test]
fn there_may_be_as_many_fields_as_the_limit_and_not_more() {
    let limits = |fields| HeadLimits { bytes: 1 << 20, fields };
    let head = |fields: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(fields));
    assert_eq!(within(limits(3), &head(3)), Ok(true));
    assert_eq!(within(limits(3), &head(4)), Err(FieldFault::TooMany.into()));
    assert_eq!(within(limits(0), &head(0)), Ok(true));
    assert_eq!(RequestFault::from(FieldFault::TooMany).status().as_u16(), 431);
}

#[test]
fn more_names_than_a_map_holds_are_a_fault_whatever_the_limit() {
    use std::fmt::Write;
    let mut head = String::from("GET / HTTP/1.1\r\n");
    for number in 0..33_000 {
        write!(head, "x{number}:\r\n").unwrap();
    }
    let limits = HeadLimits { bytes: 1 << 20, fields: usize::MAX };
    assert_eq!(within(limits, &(head + "\r\n")), Err(FieldFault::TooMany.into()));
}
