//! Writes the head of a request to an upstream.

use http::{HeaderMap, HeaderName, Method};

use super::{is_framing, write_chunked, write_length, write_pieces};
use crate::body_length::BodyLength;

/// Writes a request's head, field by field.
#[derive(Debug)]
#[must_use = "a head has an end"]
pub struct RequestWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Whether there would be a meaning in a body.
    may_have_body: bool,
}

impl<'a> RequestWriter<'a> {
    /// Appends the request line.
    ///
    /// `target` is as it stands in the request line: visible ASCII, such as a `PathAndQuery` is made of.
    pub fn begin(out: &'a mut Vec<u8>, method: &Method, target: &str) -> Self {
        debug_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "a target is visible ASCII");
        out.extend_from_slice(method.as_str().as_bytes());
        out.extend_from_slice(b" ");
        out.extend_from_slice(target.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\n");
        let may_have_body = *method == Method::POST || *method == Method::PUT || *method == Method::PATCH;
        Self { out, may_have_body }
    }

    /// Appends a field, whose value is these pieces one behind the other. `Content-Length` and `Transfer-Encoding` are left
    /// out: they follow from the body.
    ///
    /// The pieces are of field values, without a line's end.
    pub fn field(&mut self, name: &HeaderName, pieces: &[&[u8]]) {
        if !is_framing(name) {
            write_pieces(self.out, name.as_str().as_bytes(), pieces.iter().copied());
        }
    }

    /// Appends what says how the body ends, and ends the head.
    ///
    /// No request's body ends with the connection, so [`BodyLength::UntilClose`] is written as chunks.
    pub fn end(self, body: BodyLength) {
        match body {
            // RFC 9110, section 8.6: where a body would have a meaning, say that there is none.
            BodyLength::Empty if self.may_have_body => write_length(self.out, 0),
            BodyLength::Empty => {}
            BodyLength::Exact(length) => write_length(self.out, length),
            BodyLength::Chunked | BodyLength::UntilClose => write_chunked(self.out),
        }
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Appends a request's head with these fields, as a [`RequestWriter`] writes it.
pub fn write_request(out: &mut Vec<u8>, method: &Method, target: &str, headers: &HeaderMap, body: BodyLength) {
    let mut head = RequestWriter::begin(out, method, target);
    for (name, value) in headers {
        head.field(name, &[value.as_bytes()]);
    }
    head.end(body);
}
