//! How long it takes to read and to write a head, in the memory of a connection that has had many.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};
use gateway_http1::{
    Asker, BodyLength, Connection, HeadLimits, HeadReader, ResponseParts, write_request, write_response,
};
use http::{HeaderMap, Method, Version};

const LIMITS: HeadLimits = HeadLimits { bytes: 32 * 1024, fields: 100 };
const BUFFER: usize = 16 * 1024;

const TARGET: &str = "/status?since=1700000000";

/// About 300 bytes: a token is longer in life, but its bytes cost next to nothing.
const REQUEST: &[u8] = b"GET /api/v1/agent/pump-7/status?since=1700000000 HTTP/1.1\r\n\
    Host: gateway.local:8001\r\n\
    User-Agent: coreui/4.2 (linux; x86_64)\r\n\
    Accept: application/json, text/plain;q=0.5\r\n\
    Accept-Encoding: gzip, br\r\n\
    Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln\r\n\
    X-Request-ID: 0190b3c0-5f0c-7b5e-a9bb-04a3a8d0c3f1\r\n\
    \r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 1234\r\n\
    Cache-Control: no-store\r\n\
    Server: uvicorn\r\n\
    \r\n";

fn read(criterion: &mut Criterion) {
    let mut buffer = BytesMut::with_capacity(BUFFER);
    let mut spare = HeaderMap::with_capacity(16);
    let mut reader = HeadReader::new(LIMITS);
    criterion.bench_function("read_request", |bencher| {
        bencher.iter(|| {
            refill(&mut buffer, REQUEST);
            let head = whole(reader.read_request(&mut buffer, &mut spare));
            spare = black_box(head).headers;
            spare.clear();
        });
    });
    criterion.bench_function("read_response", |bencher| {
        bencher.iter(|| {
            refill(&mut buffer, RESPONSE);
            let head = whole(reader.read_response(&mut buffer, &Method::GET, &mut spare));
            spare = black_box(head).headers;
            spare.clear();
        });
    });
}

fn whole<Head, Fault: std::fmt::Debug>(read: Result<Option<Head>, Fault>) -> Head {
    read.expect("the head is sound").expect("the head is whole")
}

/// As a socket's bytes come in: into the memory that the last head has given back.
fn refill(buffer: &mut BytesMut, bytes: &[u8]) {
    if buffer.capacity() < bytes.len() {
        buffer.reserve(BUFFER);
    }
    buffer.extend_from_slice(black_box(bytes));
}

fn write(criterion: &mut Criterion) {
    let (mut buffer, mut spare) = (BytesMut::from(REQUEST), HeaderMap::new());
    let request = whole(HeadReader::new(LIMITS).read_request(&mut buffer, &mut spare));
    let mut buffer = BytesMut::from(RESPONSE);
    let response = whole(HeadReader::new(LIMITS).read_response(&mut buffer, &Method::GET, &mut spare));
    let mut out = Vec::with_capacity(BUFFER);
    criterion.bench_function("write_request", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_request(&mut out, &request.method, black_box(TARGET), black_box(&request.headers), BodyLength::Empty);
        });
    });
    let parts = ResponseParts {
        status: response.status,
        headers: &response.headers,
        body: response.body,
        connection: Connection::KeepAlive,
        date: None,
    };
    let asker = Asker { version: Version::HTTP_11, is_head: false };
    criterion.bench_function("write_response", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_response(&mut out, asker, black_box(&parts))
        });
    });
}

criterion_group!(head, read, write);
criterion_main!(head);
