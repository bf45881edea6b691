//! Response heads: what is taken of an upstream's answer, what it means, and which fault refuses the rest.

use bytes::BytesMut;
use gateway_http1::{BodyLength, FieldFault, FramingFault, HeadLimits, HeadReader, ResponseFault};
use http::{HeaderMap, Method, StatusCode, Version};

use super::response_to;

#[track_caller]
fn refused(heads: &[&str], fault: impl Into<ResponseFault> + Copy) {
    for head in heads {
        let found = response_to(&Method::GET, head).expect_err(head);
        assert_eq!(found, fault.into(), "{head:?}");
        assert!(!found.to_string().is_empty());
    }
}

#[track_caller]
fn fields_refused(fields: &[&str], fault: impl Into<ResponseFault> + Copy) {
    for field in fields {
        refused(&[&format!("HTTP/1.1 200 OK\r\n{field}\r\n")], fault);
    }
}

#[test]
fn a_head_is_read_with_its_fields_and_its_body_s_length() {
    let head = response_to(&Method::GET, "HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 7\r\n\r\n").unwrap();
    assert_eq!((head.status, head.version), (StatusCode::NOT_FOUND, Version::HTTP_11));
    assert_eq!((head.body, head.is_persistent), (BodyLength::Exact(7), true));
    assert_eq!(head.headers["a"], "b");
}

#[test]
fn a_reason_may_be_anything_printable_and_may_be_missing() {
    for line in ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.1 200  two\tw\u{e9}rds "] {
        assert_eq!(response_to(&Method::GET, &format!("{line}\r\n\r\n")).expect(line).status, StatusCode::OK);
    }
}

#[test]
fn a_status_line_is_a_version_and_three_digits() {
    refused(
        &[
            "\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 \r\n\r\n",
            "HTTP/1.1 20\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1 +20 OK\r\n\r\n",
            "HTTP/1.1 200\tOK\r\n\r\n",
            "HTTP/1.1 200OK\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1 200 OK\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
            " HTTP/1.1 200 OK\r\n\r\n",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n",
            "HTTP/1.1 200 \u{7f}\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ],
        ResponseFault::Line,
    );
    refused(&["HTTP/2.0 200 OK\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n"], ResponseFault::Version);
    refused(
        &["HTTP/1.1 000 a\r\n\r\n", "HTTP/1.1 099\r\n\r\n", "HTTP/1.1 600 a\r\n\r\n", "HTTP/1.1 999 a\r\n\r\n"],
        ResponseFault::Status,
    );
    for (status, read) in [("100", 100), ("599", 599)] {
        assert_eq!(response_to(&Method::GET, &format!("HTTP/1.1 {status} a\r\n\r\n")).unwrap().status.as_u16(), read);
    }
}

#[test]
fn lines_and_fields_are_held_to_what_a_request_s_are() {
    refused(
        &["HTTP/1.1 200 OK\n\r\n", "HTTP/1.1 200 OK\r\na: b\n\r\n", "HTTP/1.1 200 OK\r\n\n"],
        FieldFault::BareLineFeed,
    );
    refused(&["HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n"], FieldFault::BareCarriageReturn);
    fields_refused(&["a: b\r\n c\r\n", " a: b\r\n"], FieldFault::Folded);
    fields_refused(&["a : b\r\n"], FieldFault::SpaceBeforeColon);
    fields_refused(&["a\r\n"], FieldFault::NoColon);
    fields_refused(&[": b\r\n", "a b: c\r\n"], FieldFault::Name);
    fields_refused(&["a: \0\r\n"], FieldFault::Value);
}

#[test]
fn framing_is_held_to_what_a_request_s_is() {
    fields_refused(
        &[
            "Content-Length: +5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 18446744073709551616\r\n",
        ],
        FramingFault::Length,
    );
    fields_refused(&["Content-Length: 5\r\nContent-Length: 5\r\n"], FramingFault::RepeatedLength);
    fields_refused(&["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"], FramingFault::LengthBesideCoding);
    fields_refused(
        &["Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n"],
        FramingFault::UnknownCoding,
    );
    fields_refused(
        &["Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n"],
        FramingFault::Coding,
    );
    fields_refused(&["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"], FramingFault::RepeatedCoding);
    refused(&["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], FramingFault::CodingInOldVersion);
}

#[test]
fn an_informational_answer_has_no_body_and_does_not_speak_of_one() {
    for status in ["100 Continue", "101 Switching Protocols", "103 Early Hints"] {
        for field in ["Content-Length: 0", "Content-Length: 5", "Transfer-Encoding: chunked"] {
            refused(&[&format!("HTTP/1.1 {status}\r\n{field}\r\n\r\n")], FramingFault::InformationalBody);
        }
    }
    let head = response_to(&Method::GET, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n").unwrap();
    assert_eq!((head.body, head.is_persistent), (BodyLength::Empty, true));
    let head = response_to(&Method::GET, "HTTP/1.1 101 a\r\nUpgrade: b\r\nConnection: upgrade\r\n\r\n").unwrap();
    assert_eq!((head.body, head.is_persistent), (BodyLength::Empty, false));
}

/// Each framing that an answer may have, and what it means in an answer to `asked` with `status`.
#[track_caller]
fn framed(asked: &Method, status: u16, expected: [(BodyLength, bool); 4]) {
    let fields = ["", "Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"];
    for (field, expected) in fields.into_iter().zip(expected) {
        let head = response_to(asked, &format!("HTTP/1.1 {status} a\r\n{field}\r\n")).unwrap();
        assert_eq!((head.body, head.is_persistent), expected, "{asked} {status} {field}");
    }
}

#[test]
fn answers_that_have_no_body_have_none_whatever_their_fields_say() {
    let none = [(BodyLength::Empty, true); 4];
    framed(&Method::HEAD, 200, none);
    framed(&Method::HEAD, 404, none);
    framed(&Method::GET, 304, none);
}

#[test]
fn a_204_that_speaks_of_a_body_is_the_connection_s_last_answer() {
    let (stays, ends) = ((BodyLength::Empty, true), (BodyLength::Empty, false));
    framed(&Method::GET, 204, [stays, stays, ends, ends]);
    framed(&Method::HEAD, 204, [stays, stays, ends, ends]);
}

#[test]
fn all_other_answers_end_as_their_fields_say_or_with_the_connection() {
    let lengths = [BodyLength::Exact(0), BodyLength::Exact(5), BodyLength::Chunked].map(|body| (body, true));
    framed(&Method::GET, 200, [(BodyLength::UntilClose, false), lengths[0], lengths[1], lengths[2]]);
    framed(&Method::POST, 500, [(BodyLength::UntilClose, false), lengths[0], lengths[1], lengths[2]]);
    framed(&Method::CONNECT, 405, [(BodyLength::UntilClose, false), lengths[0], lengths[1], lengths[2]]);
    framed(&Method::CONNECT, 200, [(BodyLength::UntilClose, false); 4]);
}

#[test]
fn a_connection_stays_unless_the_upstream_or_its_version_says_otherwise() {
    for (version, connection, stays) in [
        ("1.1", "a", true),
        ("1.1", "Close", false),
        ("1.0", "a", false),
        ("1.0", "Keep-Alive", true),
        ("1.5", "a", true),
    ] {
        let head = format!("HTTP/{version} 200 OK\r\nConnection: {connection}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(response_to(&Method::GET, &head).unwrap().is_persistent, stays, "{head}");
    }
}

#[test]
fn a_head_longer_than_the_limit_is_a_fault() {
    let mut reader = HeadReader::new(HeadLimits { bytes: 64, fields: 1 });
    let read =
        reader.read_response(&mut BytesMut::from(&*"HTTP/1.1 200 ".repeat(5)), &Method::GET, &mut HeaderMap::new());
    assert_eq!(read.unwrap_err(), ResponseFault::HeadTooLong);
    let mut reader = HeadReader::new(HeadLimits { bytes: 64, fields: 1 });
    let mut buffer = BytesMut::from("HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n\r\n");
    let read = reader.read_response(&mut buffer, &Method::GET, &mut HeaderMap::new());
    assert_eq!(read.unwrap_err(), FieldFault::TooMany.into());
}
