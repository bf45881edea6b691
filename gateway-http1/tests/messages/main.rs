//! What is taken and what is refused, and that what is written can be read again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bodies;
mod corpus;
mod oracle;
mod request_fields;
mod request_framing;
mod request_lines;
mod requests;
mod response_heads;
mod stream;
mod streams;
mod written;

use bytes::BytesMut;
use gateway_http1::{HeadLimits, HeadReader, RequestFault, RequestHead, ResponseFault, ResponseHead};
use http::{HeaderMap, Method};

/// Limits that no test meets by accident.
const LIMITS: HeadLimits = HeadLimits { bytes: 32 * 1024, fields: 100 };

/// Reads one whole request head.
fn request(head: &str) -> Result<RequestHead, RequestFault> {
    let mut buffer = BytesMut::from(head);
    let read = HeadReader::new(LIMITS).read_request(&mut buffer, &mut HeaderMap::new());
    read.map(|head| head.expect("the head is whole"))
}

/// Reads one whole response head, of an answer to `asked`.
fn response_to(asked: &Method, head: &str) -> Result<ResponseHead, ResponseFault> {
    let mut buffer = BytesMut::from(head);
    let read = HeadReader::new(LIMITS).read_response(&mut buffer, asked, &mut HeaderMap::new());
    read.map(|head| head.expect("the head is whole"))
}
