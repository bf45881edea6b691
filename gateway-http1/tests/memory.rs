//! What a kept connection's next message costs in memory: nothing, but for names that nobody has registered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::BytesMut;
use gateway_http1::{
    Asker, BodyLength, BodyReader, Connection, HeadLimits, HeadReader, Part, ResponseParts, write_request,
    write_response,
};
use http::{HeaderMap, Method, Version};
use stand_ins::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LIMITS: HeadLimits = HeadLimits { bytes: 4096, fields: 100 };
const REQUEST: &str = "PUT /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nAuthorization: Bearer abc\r\nUser-Agent: y\r\n\
    Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello";

/// A connection to a client and one to an upstream, with the memory that they keep.
struct Pair {
    buffer: BytesMut,
    out: Vec<u8>,
    spare: HeaderMap,
    heads: HeadReader,
}

impl Pair {
    fn receive(&mut self, bytes: &str) {
        self.out.clear();
        self.spare.clear();
        self.buffer.reserve(1024);
        self.buffer.extend_from_slice(bytes.as_bytes());
    }

    fn carry_request(&mut self, bytes: &str) {
        self.receive(bytes);
        let head = self.heads.read_request(&mut self.buffer, &mut self.spare).unwrap().unwrap();
        write_request(&mut self.out, &head.method, head.target.path(), &head.headers, head.body);
        self.spare = head.headers;
        self.drain(head.body);
    }

    fn carry_response(&mut self, bytes: &str) {
        self.receive(bytes);
        let head = self.heads.read_response(&mut self.buffer, &Method::GET, &mut self.spare).unwrap().unwrap();
        let (status, headers, body) = (head.status, &head.headers, head.body);
        let asker = Asker { version: Version::HTTP_11, is_head: false };
        let parts = ResponseParts { status, headers, body, connection: Connection::KeepAlive, date: None };
        assert_eq!(write_response(&mut self.out, asker, &parts).body, body);
        self.spare = head.headers;
        self.drain(body);
    }

    fn drain(&mut self, length: BodyLength) {
        let mut body = BodyReader::new(length, LIMITS);
        while let Part::Data(_) = body.read(&mut self.buffer).unwrap() {}
        assert!(body.is_at_end() && self.buffer.is_empty());
    }
}

/// So many exchanges are counted.
const ROUNDS: usize = 40;

/// How many allocations some requests and their answers cost, once the connections have carried others.
fn allocations(request: &str, response: &str) -> usize {
    let (buffer, out, spare) = (BytesMut::with_capacity(4096), Vec::with_capacity(4096), HeaderMap::with_capacity(16));
    let mut pair = Pair { buffer, out, spare, heads: HeadReader::new(LIMITS) };
    let mut before = 0;
    for round in 0..10 + ROUNDS {
        if round == 10 {
            before = Counting::allocations();
        }
        pair.carry_request(request);
        pair.carry_response(response);
    }
    Counting::allocations() - before
}

#[test]
fn a_message_with_registered_fields_costs_no_allocation_and_any_other_name_costs_one() {
    assert_eq!(allocations(REQUEST, RESPONSE), 0);
    let named = |message: &str| message.replacen("\r\n", "\r\nx-request-name: a\r\n", 1);
    assert_eq!(allocations(&named(REQUEST), &named(RESPONSE)), 2 * ROUNDS);
}
