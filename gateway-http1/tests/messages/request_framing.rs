//! What a request's fields say of its body and its connection, and the faults of those that are not clear.

use gateway_http1::{BodyLength, FieldFault, FramingFault, RequestFault};

use super::request;
use super::requests::{fields_refused, refused, with};

#[test]
fn a_content_length_is_one_plain_number() {
    for length in [
        "+5",
        "-5",
        "0x5",
        "5, 5",
        "5,5",
        "5,6",
        "",
        " ",
        "5 5",
        "5.0",
        "5;",
        "\"5\"",
        "five",
        "18446744073709551616",
        "99999999999999999999999",
        "\u{661}",
    ] {
        fields_refused(&[&format!("Content-Length: {length}\r\n")], FramingFault::Length, 400);
    }
    fields_refused(
        &["Content-Length: 5\r\nContent-Length: 5\r\n", "content-length: 5\r\na: b\r\nCONTENT-LENGTH: 6\r\n"],
        FramingFault::RepeatedLength,
        400,
    );
    for (length, read) in [("0", 0), ("5", 5), ("007", 7), ("18446744073709551615", u64::MAX)] {
        let head = request(&with(&format!("Content-Length: \t{length} \r\n"))).unwrap();
        assert_eq!(head.body, BodyLength::Exact(read));
    }
}

#[test]
fn a_length_and_a_transfer_coding_exclude_each_other() {
    fields_refused(
        &[
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "Content-Length: 0\r\nTransfer-Encoding: Chunked\r\n",
        ],
        FramingFault::LengthBesideCoding,
        400,
    );
}

#[test]
fn http_1_0_has_no_transfer_coding() {
    refused(&["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"], FramingFault::CodingInOldVersion, 400);
}

#[test]
fn chunked_is_the_last_transfer_coding_and_stands_once() {
    for value in
        ["chunked, chunked", "chunked, gzip", "chunked,gzip,chunked", "", ",", ", chunked", "chunked,", "gzip,,chunked"]
    {
        fields_refused(&[&format!("Transfer-Encoding: {value}\r\n")], FramingFault::Coding, 400);
    }
    let twice =
        ["chunked", "gzip", ""].map(|second| format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: {second}\r\n"));
    fields_refused(&twice.each_ref().map(String::as_str), FramingFault::RepeatedCoding, 400);
    for value in ["chunked", "Chunked", "CHUNKED", " chunked\t"] {
        assert_eq!(request(&with(&format!("Transfer-Encoding:{value}\r\n"))).unwrap().body, BodyLength::Chunked);
    }
}

#[test]
fn a_transfer_coding_that_is_not_known_is_501() {
    for value in [
        "gzip, chunked",
        "gzip",
        "identity",
        "xchunked",
        "chunkedx",
        "chunked;a=b",
        "\"chunked\"",
        "chunke\u{17f}d",
        "x y",
    ] {
        fields_refused(&[&format!("Transfer-Encoding: {value}\r\n")], FramingFault::UnknownCoding, 501);
    }
    fields_refused(&["Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"], FramingFault::UnknownCoding, 501);
}

#[test]
fn a_control_byte_does_not_hide_a_framing_field() {
    fields_refused(&["Transfer-Encoding: \u{b}chunked\r\n", "Content-Length: 5\u{c}\r\n"], FieldFault::Value, 400);
    fields_refused(&["Transfer-Encoding\0: chunked\r\n"], FieldFault::Name, 400);
}

#[test]
fn an_expectation_is_100_continue_or_417() {
    for value in ["100-continue-not", "200-ok", "", "100-continue, a", "100"] {
        fields_refused(&[&format!("Expect: {value}\r\n")], RequestFault::Expectation, 417);
    }
    fields_refused(&["Expect: a\r\nExpect: 100-continue\r\n"], RequestFault::Expectation, 417);
    assert!(request(&with("Expect: 100-Continue\r\nContent-Length: 5\r\n")).unwrap().expects_continue);
    assert!(request(&with("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")).unwrap().expects_continue);
}

#[test]
fn a_client_of_http_1_0_or_without_a_body_does_not_wait_for_a_100() {
    for head in [
        "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
    ] {
        assert!(!request(head).unwrap().expects_continue, "{head}");
    }
}

#[test]
fn a_connection_stays_unless_the_client_or_its_version_says_otherwise() {
    for (version, fields, stays) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: a, CLOSE ,b\r\n", false),
        ("1.1", "Connection: a\r\nConnection: close\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.1", "Connection: closed, not-close\r\n", true),
        ("1.1", "Proxy-Connection: close\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: a,keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.2", "", true),
    ] {
        let head = request(&format!("GET / HTTP/{version}\r\n{fields}\r\n")).unwrap();
        assert_eq!(head.is_persistent, stays, "{version} {fields}");
    }
}
