//! Writes messages: what is meant in, bytes appended to the connection's own buffer out.

pub(crate) mod chunk;
pub(crate) mod request;
pub(crate) mod response;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName};

/// Appends the fields, without those that frame the message, which only its writer knows.
fn write_fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    for (name, value) in headers {
        if !is_framing(name) {
            write_field(out, name.as_str().as_bytes(), value.as_bytes());
        }
    }
}

fn is_framing(name: &HeaderName) -> bool {
    matches!(*name, CONTENT_LENGTH | TRANSFER_ENCODING)
}

fn write_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    write_pieces(out, name, [value]);
}

/// Appends a field whose value is in pieces.
fn write_pieces<'a>(out: &mut Vec<u8>, name: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    for piece in pieces {
        debug_assert!(!piece.contains(&b'\n'), "a value is no line");
        out.extend_from_slice(piece);
    }
    out.extend_from_slice(b"\r\n");
}

fn write_length(out: &mut Vec<u8>, length: u64) {
    write_field(out, b"content-length", itoa::Buffer::new().format(length).as_bytes());
}

fn write_chunked(out: &mut Vec<u8>) {
    out.extend_from_slice(b"transfer-encoding: chunked\r\n");
}
