//! Writes the head of an answer to a client.

use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderMap, StatusCode, Version};

use super::{write_chunked, write_field, write_fields, write_length};
use crate::body_length::BodyLength;

/// What the writer must know of the request that is answered.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The client's version.
    pub version: Version,
    /// Whether it asked for the head alone.
    pub is_head: bool,
}

/// Whether the connection stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It stays, for the next request.
    KeepAlive,
    /// It is closed after this answer.
    Close,
}

/// The head of an answer, before it is fitted to the client.
#[derive(Clone, Copy, Debug)]
pub struct ResponseParts<'a> {
    /// The final status; for 1xx there is [`write_informational`].
    pub status: StatusCode,
    /// The fields. `Content-Length` and `Transfer-Encoding` are left out: they follow from `body`.
    /// Only where an answer has no body but may tell its length (to HEAD, and 304) is a `Content-Length` here kept.
    pub headers: &'a HeaderMap,
    /// How the body would end.
    pub body: BodyLength,
    /// Whether the connection could stay.
    pub connection: Connection,
    /// The `Date` to write if `headers` has none.
    pub date: Option<&'a [u8]>,
}

/// How an answer's head was written, which its body and its connection must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the body must be sent as the head says"]
pub struct Sent {
    /// How the body must be sent: `Empty` where there must be none, `UntilClose` to an HTTP/1.0 client instead of chunks.
    pub body: BodyLength,
    /// Whether the connection stays.
    pub connection: Connection,
}

/// Appends the head of a final answer, and says how to go on.
pub fn write_response(out: &mut Vec<u8>, asker: Asker, parts: &ResponseParts<'_>) -> Sent {
    let sent = fit(asker, parts);
    write_status_line(out, parts.status);
    if let Some(date) = parts.date.filter(|_| !parts.headers.contains_key(DATE)) {
        write_field(out, b"date", date);
    }
    write_fields(out, parts.headers);
    write_framing(out, asker, parts);
    match sent.connection {
        Connection::Close => out.extend_from_slice(b"connection: close\r\n"),
        Connection::KeepAlive if asker.version == Version::HTTP_10 => {
            out.extend_from_slice(b"connection: keep-alive\r\n");
        }
        Connection::KeepAlive => {}
    }
    out.extend_from_slice(b"\r\n");
    sent
}

/// Appends the head of a 1xx answer, which has no body; a final answer follows.
pub fn write_informational(out: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap) {
    write_status_line(out, status);
    write_fields(out, headers);
    out.extend_from_slice(b"\r\n");
}

fn write_status_line(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.extend_from_slice(b" ");
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn fit(asker: Asker, parts: &ResponseParts<'_>) -> Sent {
    let body = match parts.body {
        _ if is_bodiless(asker, parts.status) => BodyLength::Empty,
        BodyLength::Chunked if asker.version == Version::HTTP_10 => BodyLength::UntilClose,
        body => body,
    };
    let connection = if body == BodyLength::UntilClose { Connection::Close } else { parts.connection };
    Sent { body, connection }
}

/// RFC 9112, section 6.3: no body, whatever the fields say.
fn is_bodiless(asker: Asker, status: StatusCode) -> bool {
    asker.is_head || status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn write_framing(out: &mut Vec<u8>, asker: Asker, parts: &ResponseParts<'_>) {
    if parts.status.is_informational() || parts.status == StatusCode::NO_CONTENT {
        return;
    }
    match parts.body {
        BodyLength::Exact(length) => write_length(out, length),
        BodyLength::Empty if is_bodiless(asker, parts.status) => write_kept_length(out, parts.headers),
        BodyLength::Empty => write_length(out, 0),
        BodyLength::Chunked if asker.version != Version::HTTP_10 => write_chunked(out),
        BodyLength::Chunked | BodyLength::UntilClose => {}
    }
}

/// The length that a body would have had, as an upstream told it.
fn write_kept_length(out: &mut Vec<u8>, headers: &HeaderMap) {
    if let Some(length) = headers.get(CONTENT_LENGTH) {
        write_field(out, b"content-length", length.as_bytes());
    }
}
