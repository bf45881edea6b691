//! The fields after the last chunk: read as a head's fields are, without those that have no business there.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, header};

use crate::fault::{BodyFault, FieldFault};
use crate::fields::{Fields, append};
use crate::head::HeadLimits;
use crate::head_end;

/// Takes the trailers, with the empty line that ends them, off the front of `buffer`; `None` if more bytes must come first.
pub(super) fn take(
    buffer: &mut BytesMut,
    scanned: &mut usize,
    limits: HeadLimits,
) -> Result<Option<HeaderMap>, BodyFault> {
    let within = &buffer[..buffer.len().min(limits.bytes.max(2))];
    match head_end::find(within, scanned)? {
        Some(end) => {
            let section = buffer.split_to(end).freeze();
            Ok(Some(read(&mut Fields::new(&section, 0, limits.fields))?))
        }
        None if within.len() < limits.bytes => Ok(None),
        None => Err(BodyFault::TrailersTooLong),
    }
}

fn read(fields: &mut Fields<'_>) -> Result<HeaderMap, FieldFault> {
    let mut trailers = HeaderMap::new();
    while let Some((name, value)) = fields.next()? {
        if !is_forbidden(&name) {
            append(&mut trailers, name, value)?;
        }
    }
    Ok(trailers)
}

/// Whether a field must not stand in trailers (RFC 9110, section 6.5.1): it frames or routes the message, modifies the
/// request, proves who sent it, or says how to read the content, and all that was settled when the head was read.
pub(crate) fn is_forbidden(name: &HeaderName) -> bool {
    is_framing(name) || is_routing(name) || is_proof(name) || is_about_content(name)
}

fn is_framing(name: &HeaderName) -> bool {
    let connections_own = ["keep-alive", "proxy-connection"];
    matches!(
        *name,
        header::CONNECTION
            | header::CONTENT_LENGTH
            | header::TE
            | header::TRAILER
            | header::TRANSFER_ENCODING
            | header::UPGRADE
    ) || connections_own.contains(&name.as_str())
}

fn is_routing(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::HOST
            | header::MAX_FORWARDS
            | header::EXPECT
            | header::RANGE
            | header::CACHE_CONTROL
            | header::PRAGMA
            | header::IF_MATCH
            | header::IF_NONE_MATCH
            | header::IF_MODIFIED_SINCE
            | header::IF_UNMODIFIED_SINCE
            | header::IF_RANGE
            | header::FORWARDED
            | header::VIA
            | header::LOCATION
            | header::RETRY_AFTER
            | header::VARY
    ) || name.as_str().starts_with("x-forwarded-")
}

fn is_proof(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::AUTHORIZATION
            | header::PROXY_AUTHORIZATION
            | header::WWW_AUTHENTICATE
            | header::PROXY_AUTHENTICATE
            | header::COOKIE
            | header::SET_COOKIE
    )
}

fn is_about_content(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONTENT_ENCODING
            | header::CONTENT_LANGUAGE
            | header::CONTENT_LOCATION
            | header::CONTENT_RANGE
            | header::CONTENT_TYPE
    )
}
