//! A request's head: its bytes in, what they mean out.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, Version};

use crate::body_length::BodyLength;
use crate::fault::RequestFault;
use crate::fields::{self, next_line};
use crate::framing::{Announced, Expectation};
use crate::request_line;

/// A request without its body.
#[derive(Debug)]
pub struct RequestHead {
    /// The method: any token, also one that nobody knows.
    pub method: Method,
    /// The target: origin-form, absolute-form, `*` with OPTIONS, host and port with CONNECT.
    pub target: Uri,
    /// 1.0 or 1.1; a higher minor version counts as 1.1.
    pub version: Version,
    /// All fields as they came, those that frame the message among them.
    pub headers: HeaderMap,
    /// How the body ends.
    pub body: BodyLength,
    /// Whether the client wants to use the connection again.
    pub is_persistent: bool,
    /// Whether the client waits for a 100 before it sends the body.
    pub expects_continue: bool,
}

/// Reads a whole head, whose lines all end in CR LF.
pub(crate) fn read(head: &Bytes, most_fields: usize, spare: &mut HeaderMap) -> Result<RequestHead, RequestFault> {
    let mut at = 0;
    let (method, target, version) = request_line::read(head, next_line(head, &mut at))?;
    let mut headers = std::mem::take(spare);
    headers.clear();
    let mut announced = Announced::default();
    fields::read(head, at, most_fields, &mut headers, |name, value| {
        announced.note(name, value).map(|()| true).map_err(RequestFault::from)
    })?;
    if announced.expectation == Some(Expectation::Unknown) {
        return Err(RequestFault::Expectation);
    }
    let body = announced.body(version)?.unwrap_or(BodyLength::Empty);
    Ok(RequestHead {
        method,
        target,
        version,
        headers,
        body,
        is_persistent: announced.is_persistent(version),
        // RFC 9110, section 10.1.1: not in HTTP/1.0, and not without content.
        expects_continue: announced.expectation.is_some() && version != Version::HTTP_10 && !body.is_empty(),
    })
}
