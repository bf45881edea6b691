//! Heads of messages, read and written again and again, in the memory of a connection that has had many.

use std::hint::black_box;

use bytes::BytesMut;
use gateway_http1::{
    Asker, BodyLength, Connection, HeadLimits, HeadReader, RequestHead, ResponseHead, ResponseParts, write_request,
    write_response,
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

/// What heads are read with.
pub(crate) struct Reading {
    buffer: BytesMut,
    spare: HeaderMap,
    reader: HeadReader,
}

impl Reading {
    pub(crate) fn new() -> Self {
        let (buffer, spare) = (BytesMut::with_capacity(BUFFER), HeaderMap::with_capacity(16));
        Self { buffer, spare, reader: HeadReader::new(LIMITS) }
    }

    /// Reads the head of a request.
    pub(crate) fn request(&mut self) {
        refill(&mut self.buffer, REQUEST);
        let head = whole(self.reader.read_request(&mut self.buffer, &mut self.spare));
        self.spare = black_box(head).headers;
        self.spare.clear();
    }

    /// Reads the head of an answer.
    pub(crate) fn response(&mut self) {
        refill(&mut self.buffer, RESPONSE);
        let head = whole(self.reader.read_response(&mut self.buffer, &Method::GET, &mut self.spare));
        self.spare = black_box(head).headers;
        self.spare.clear();
    }
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

/// What is written, and where to.
pub(crate) struct Writing {
    request: RequestHead,
    response: ResponseHead,
    out: Vec<u8>,
}

impl Writing {
    pub(crate) fn new() -> Self {
        let (mut buffer, mut spare) = (BytesMut::from(REQUEST), HeaderMap::new());
        let request = whole(HeadReader::new(LIMITS).read_request(&mut buffer, &mut spare));
        let mut buffer = BytesMut::from(RESPONSE);
        let response = whole(HeadReader::new(LIMITS).read_response(&mut buffer, &Method::GET, &mut spare));
        Self { request, response, out: Vec::with_capacity(BUFFER) }
    }

    /// Writes the head of the request.
    pub(crate) fn request(&mut self) {
        self.out.clear();
        let (method, headers) = (&self.request.method, black_box(&self.request.headers));
        write_request(&mut self.out, method, black_box(TARGET), headers, BodyLength::Empty);
    }

    /// Writes the head of the answer.
    pub(crate) fn response(&mut self) {
        self.out.clear();
        let asker = Asker { version: Version::HTTP_11, is_head: false };
        let parts = ResponseParts {
            status: self.response.status,
            headers: &self.response.headers,
            body: self.response.body,
            connection: Connection::KeepAlive,
            date: None,
        };
        let _ = black_box(write_response(&mut self.out, asker, black_box(&parts)));
    }
}
