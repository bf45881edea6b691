//! The head of a request, as `docs/zeromq.md` describes it.

use http::{HeaderMap, HeaderName};
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};

/// The version of the envelope.
pub const VERSION: u64 = 1;

/// What is said of a request in front of its body.
#[derive(Debug, Serialize)]
pub struct RequestHead<'a> {
    /// [`VERSION`].
    pub version: u64,
    /// The method.
    pub method: &'a str,
    /// The path at the service.
    pub path: &'a str,
    /// The query as the client wrote it; empty where there is none.
    pub query: &'a str,
    /// The fields that a service over HTTP would get, but for those that are about the connection or the framing.
    #[serde(serialize_with = "write_fields")]
    pub headers: &'a HeaderMap,
    /// What the request is called in every log.
    pub correlation_id: &'a str,
    /// Who is asking, where the route asks that.
    pub principal: Option<Asker<'a>>,
    /// When nobody waits for the reply any more, in milliseconds since 1970 began.
    pub deadline: u64,
}

/// Who is asking.
#[derive(Debug, Serialize)]
pub struct Asker<'a> {
    /// The `sub` of the token, if it has one.
    pub subject: Option<&'a str>,
    /// The roles that the token is good for, by their values in tokens.
    pub roles: &'a [&'a str],
}

impl RequestHead<'_> {
    /// Writes it as JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        // A `Vec` takes all that is written to it, and nothing in the head is no JSON.
        let written = serde_json::to_writer(out, self);
        debug_assert!(written.is_ok(), "{written:?}");
    }
}

/// The fields as pairs, in their order. One whose value is no UTF-8 has no place in JSON and stays behind.
fn write_fields<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for (name, value) in headers.iter().filter(|(name, _)| !is_of_connection(name)) {
        if let Ok(value) = std::str::from_utf8(value.as_bytes()) {
            list.serialize_element(&(name.as_str(), value))?;
        }
    }
    list.end()
}

/// Whether a field is about the connection or the framing, which a message does not have.
fn is_of_connection(name: &HeaderName) -> bool {
    use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE};
    [ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE].contains(name)
}
