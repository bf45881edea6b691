//! The common path: what most requests and answers look like.

use bytes::BytesMut;
use gateway_http1::{
    Asker, BodyLength, BodyReader, Connection, HeadLimits, HeadReader, Part, ResponseParts, write_request,
    write_response,
};
use http::{HeaderMap, Method, StatusCode, Version};

const LIMITS: HeadLimits = HeadLimits { bytes: 32 * 1024, fields: 100 };

#[test]
fn a_request_with_a_length_is_read_with_its_body_and_the_next_one_after_it() {
    let mut buffer = BytesMut::from(
        &b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"[..],
    );
    let mut reader = HeadReader::new(LIMITS);
    let head = reader.read_request(&mut buffer, &mut HeaderMap::new()).unwrap().unwrap();
    assert_eq!((head.method, head.target.to_string(), head.version), (Method::POST, "/a?b".into(), Version::HTTP_11));
    assert_eq!((head.headers["host"].as_bytes(), head.body), (&b"x"[..], BodyLength::Exact(5)));
    let mut body = BodyReader::new(head.body, LIMITS);
    assert_eq!(body.read(&mut buffer), Ok(Part::Data("hello".into())));
    assert_eq!(body.read(&mut buffer), Ok(Part::End));
    let head = reader.read_request(&mut buffer, &mut HeaderMap::new()).unwrap().unwrap();
    assert_eq!((head.version, head.is_persistent, head.body), (Version::HTTP_10, true, BodyLength::Empty));
}

#[test]
fn a_chunked_answer_is_read_with_its_trailers() {
    let mut buffer = BytesMut::from(
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\nhost: evil\r\n\r\n"[..],
    );
    let mut reader = HeadReader::new(LIMITS);
    let head = reader.read_response(&mut buffer, &Method::GET, &mut HeaderMap::new()).unwrap().unwrap();
    assert_eq!((head.status, head.body, head.is_persistent), (StatusCode::OK, BodyLength::Chunked, true));
    let mut body = BodyReader::new(head.body, LIMITS);
    assert_eq!(body.read(&mut buffer), Ok(Part::Data("abc".into())));
    let Ok(Part::Trailers(trailers)) = body.read(&mut buffer) else { panic!("no trailers") };
    assert_eq!((trailers.len(), trailers["x-sum"].as_bytes()), (1, &b"1"[..]));
    assert_eq!(body.read(&mut buffer), Ok(Part::End));
}

#[test]
fn heads_are_written_with_their_framing() {
    let headers = HeaderMap::from_iter([(http::header::HOST, "x".parse().unwrap())]);
    let mut out = Vec::new();
    write_request(&mut out, &Method::GET, "/a", &headers, BodyLength::Chunked);
    assert_eq!(out, b"GET /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    out.clear();
    let parts = ResponseParts {
        status: StatusCode::OK,
        headers: &HeaderMap::new(),
        body: BodyLength::Exact(2),
        connection: Connection::Close,
        date: Some(b"now"),
    };
    let _ = write_response(&mut out, Asker { version: Version::HTTP_11, is_head: false }, &parts);
    assert_eq!(out, b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 2\r\nconnection: close\r\n\r\n");
}
