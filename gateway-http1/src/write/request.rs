//! Writes the head of a request to an upstream.

use http::{HeaderMap, Method};

use super::{write_chunked, write_fields, write_length};
use crate::body_length::BodyLength;

/// Appends a request's head. `Content-Length` and `Transfer-Encoding` follow from `body`; what `headers` says of them is left out.
///
/// `target` is as it stands in the request line: visible ASCII, such as a `PathAndQuery` is made of.
/// No request's body ends with the connection, so [`BodyLength::UntilClose`] is written as chunks.
pub fn write_request(out: &mut Vec<u8>, method: &Method, target: &str, headers: &HeaderMap, body: BodyLength) {
    debug_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "a target is visible ASCII");
    out.extend_from_slice(method.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    write_fields(out, headers);
    match body {
        // RFC 9110, section 8.6: where a body would have a meaning, say that there is none.
        BodyLength::Empty if *method == Method::POST || *method == Method::PUT || *method == Method::PATCH => {
            write_length(out, 0);
        }
        BodyLength::Empty => {}
        BodyLength::Exact(length) => write_length(out, length),
        BodyLength::Chunked | BodyLength::UntilClose => write_chunked(out),
    }
    out.extend_from_slice(b"\r\n");
}
