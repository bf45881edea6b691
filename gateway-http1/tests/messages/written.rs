//! What is written: each kind of head and chunk, byte by byte.

use gateway_http1::{
    Asker, BodyLength, CHUNK_END, Connection, ResponseParts, Sent, write_chunk, write_chunk_size, write_informational,
    write_last_chunk, write_request, write_response,
};
use http::header::{CONTENT_LENGTH, DATE, HOST, LINK, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};

const NEW: Asker = Asker { version: Version::HTTP_11, is_head: false };
const OLD: Asker = Asker { version: Version::HTTP_10, is_head: false };
const HEAD: Asker = Asker { version: Version::HTTP_11, is_head: true };

fn fields<const N: usize>(fields: [(HeaderName, &'static str); N]) -> HeaderMap {
    fields.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect()
}

fn request(method: &Method, headers: &HeaderMap, body: BodyLength) -> String {
    let mut out = Vec::new();
    write_request(&mut out, method, "/a?b", headers, body);
    String::from_utf8(out).unwrap()
}

fn response(asker: Asker, status: u16, headers: &HeaderMap, body: BodyLength) -> (String, Sent) {
    let status = StatusCode::from_u16(status).unwrap();
    let mut out = Vec::new();
    let parts = ResponseParts { status, headers, body, connection: Connection::KeepAlive, date: None };
    let sent = write_response(&mut out, asker, &parts);
    let text = String::from_utf8(out).unwrap();
    (text, sent)
}

/// The fields of an answer, without its status line and its last empty line.
#[track_caller]
fn answered(asker: Asker, status: u16, body: BodyLength, fields: &str, sent: BodyLength, connection: Connection) {
    let (text, how) = response(asker, status, &HeaderMap::new(), body);
    assert_eq!(text.split_once("\r\n").unwrap().1, format!("{fields}\r\n"));
    assert_eq!(how, Sent { body: sent, connection });
}

#[test]
fn a_request_s_framing_follows_from_its_body() {
    let headers = fields([(HOST, "x")]);
    let start = "POST /a?b HTTP/1.1\r\nhost: x\r\n";
    assert_eq!(request(&Method::POST, &headers, BodyLength::Exact(12)), format!("{start}content-length: 12\r\n\r\n"));
    assert_eq!(
        request(&Method::POST, &headers, BodyLength::Chunked),
        format!("{start}transfer-encoding: chunked\r\n\r\n")
    );
    assert_eq!(
        request(&Method::POST, &headers, BodyLength::UntilClose),
        format!("{start}transfer-encoding: chunked\r\n\r\n")
    );
    assert_eq!(request(&Method::POST, &headers, BodyLength::Empty), format!("{start}content-length: 0\r\n\r\n"));
    assert_eq!(request(&Method::GET, &headers, BodyLength::Empty), "GET /a?b HTTP/1.1\r\nhost: x\r\n\r\n");
}

#[test]
fn framing_fields_of_the_map_are_left_out() {
    let headers = fields([(CONTENT_LENGTH, "99"), (HOST, "x"), (TRANSFER_ENCODING, "gzip")]);
    assert_eq!(request(&Method::GET, &headers, BodyLength::Empty), "GET /a?b HTTP/1.1\r\nhost: x\r\n\r\n");
    let (text, _) = response(NEW, 200, &headers, BodyLength::Exact(1));
    assert_eq!(text, "HTTP/1.1 200 OK\r\nhost: x\r\ncontent-length: 1\r\n\r\n");
    let mut out = Vec::new();
    write_informational(&mut out, StatusCode::EARLY_HINTS, &headers);
    assert_eq!(out, b"HTTP/1.1 103 Early Hints\r\nhost: x\r\n\r\n");
}

#[test]
fn repeated_fields_are_all_written_in_their_order() {
    let headers = fields([(LINK, "a"), (HOST, "x"), (LINK, "b")]);
    assert_eq!(
        request(&Method::GET, &headers, BodyLength::Empty),
        "GET /a?b HTTP/1.1\r\nlink: a\r\nlink: b\r\nhost: x\r\n\r\n"
    );
}

#[test]
fn an_answer_s_framing_follows_from_its_body() {
    use BodyLength::{Chunked, Empty, Exact, UntilClose};
    use Connection::{Close, KeepAlive};
    answered(NEW, 200, Exact(5), "content-length: 5\r\n", Exact(5), KeepAlive);
    answered(NEW, 200, Empty, "content-length: 0\r\n", Empty, KeepAlive);
    answered(NEW, 200, Chunked, "transfer-encoding: chunked\r\n", Chunked, KeepAlive);
    answered(NEW, 200, UntilClose, "connection: close\r\n", UntilClose, Close);
}

#[test]
fn a_client_of_http_1_0_gets_no_chunks_and_is_told_that_its_connection_stays() {
    use BodyLength::{Chunked, Exact, UntilClose};
    use Connection::{Close, KeepAlive};
    answered(OLD, 200, Exact(5), "content-length: 5\r\nconnection: keep-alive\r\n", Exact(5), KeepAlive);
    answered(OLD, 200, Chunked, "connection: close\r\n", UntilClose, Close);
}

#[test]
fn an_answer_to_head_has_no_body_and_keeps_its_length() {
    use BodyLength::{Chunked, Empty, Exact, UntilClose};
    use Connection::KeepAlive;
    answered(HEAD, 200, Exact(5), "content-length: 5\r\n", Empty, KeepAlive);
    answered(HEAD, 200, Chunked, "transfer-encoding: chunked\r\n", Empty, KeepAlive);
    answered(HEAD, 200, Empty, "", Empty, KeepAlive);
    answered(HEAD, 200, UntilClose, "", Empty, KeepAlive);
    let (text, _) = response(HEAD, 200, &fields([(CONTENT_LENGTH, "7")]), Empty);
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
}

#[test]
fn a_204_has_no_length_and_a_304_keeps_its_own() {
    use BodyLength::{Chunked, Empty, Exact};
    use Connection::KeepAlive;
    for body in [Empty, Exact(5), Chunked] {
        answered(NEW, 204, body, "", Empty, KeepAlive);
        answered(HEAD, 204, body, "", Empty, KeepAlive);
    }
    answered(NEW, 304, Empty, "", Empty, KeepAlive);
    let (text, _) = response(NEW, 304, &fields([(CONTENT_LENGTH, "7")]), Empty);
    assert_eq!(text, "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n");
    let (text, _) = response(NEW, 204, &fields([(CONTENT_LENGTH, "7")]), Empty);
    assert_eq!(text, "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn the_date_is_the_upstream_s_or_ours() {
    let write = |headers: &HeaderMap| {
        let (body, connection) = (BodyLength::Empty, Connection::Close);
        let parts = ResponseParts { status: StatusCode::OK, headers, body, connection, date: Some(b"today") };
        let mut out = Vec::new();
        let sent = write_response(&mut out, NEW, &parts);
        assert_eq!(sent.connection, Connection::Close);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        write(&HeaderMap::new()),
        "HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(
        write(&fields([(DATE, "then")])),
        "HTTP/1.1 200 OK\r\ndate: then\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
}

#[test]
fn a_status_without_a_name_has_an_empty_reason() {
    assert_eq!(
        response(NEW, 599, &HeaderMap::new(), BodyLength::Empty).0,
        "HTTP/1.1 599 \r\ncontent-length: 0\r\n\r\n"
    );
}

#[test]
fn chunks_are_written_with_their_sizes() {
    let mut out = Vec::new();
    for size in [1, 9, 10, 16, 255, 4096, usize::MAX] {
        write_chunk_size(&mut out, size);
    }
    assert_eq!(out, b"1\r\n9\r\na\r\n10\r\nff\r\n1000\r\nffffffffffffffff\r\n");
    out.clear();
    write_chunk(&mut out, b"hello");
    write_chunk(&mut out, b"");
    write_last_chunk(&mut out, None);
    assert_eq!(out, [b"5\r\nhello", CHUNK_END, b"0\r\n\r\n"].concat());
}

#[test]
fn trailers_are_written_without_those_that_must_not_stand_there() {
    let mut out = Vec::new();
    let sum = HeaderName::from_static("x-sum");
    write_last_chunk(&mut out, Some(&fields([(CONTENT_LENGTH, "9"), (sum, "1"), (HOST, "x")])));
    assert_eq!(out, b"0\r\nx-sum: 1\r\n\r\n");
}
