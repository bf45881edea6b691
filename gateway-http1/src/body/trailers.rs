//! The fields after the last chunk: read as a head's fields are, without those that have no business there.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, header};

use crate::fault::BodyFault;
use crate::fields;
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
            let mut trailers = HeaderMap::new();
            fields::read(&section, 0, limits.fields, &mut trailers, |name, _| Ok::<_, BodyFault>(!is_forbidden(name)))?;
            Ok(Some(trailers))
        }
        None if within.len() < limits.bytes => Ok(None),
        None => Err(BodyFault::TrailersTooLong),
    }
}

/// Whether a field must not stand in trailers (RFC 9110, section 6.5.1): it frames or routes the message, modifies the
/// request or controls the answer, proves who sent it, or says how to read the content. All of that was settled when
/// the head was read, and by its fields alone.
pub(crate) fn is_forbidden(name: &HeaderName) -> bool {
    is_of_connection(name) || is_control(name) || is_proof(name) || is_about_content(name)
}

fn is_of_connection(name: &HeaderName) -> bool {
    use header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
    matches!(*name, CONNECTION | CONTENT_LENGTH | TE | TRAILER | TRANSFER_ENCODING | UPGRADE)
        || ["keep-alive", "proxy-connection"].contains(&name.as_str())
}

fn is_control(name: &HeaderName) -> bool {
    use header::{AGE, CACHE_CONTROL, DATE, EXPECT, EXPIRES, FORWARDED, HOST, LOCATION, MAX_FORWARDS, PRAGMA, RANGE};
    use header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RETRY_AFTER, VARY, VIA};
    let is_of_request = matches!(*name, HOST | FORWARDED | VIA | MAX_FORWARDS | EXPECT | RANGE | PRAGMA);
    let is_condition = matches!(*name, IF_MATCH | IF_MODIFIED_SINCE | IF_NONE_MATCH | IF_RANGE | IF_UNMODIFIED_SINCE);
    let is_of_answer = matches!(*name, AGE | CACHE_CONTROL | DATE | EXPIRES | LOCATION | RETRY_AFTER | VARY);
    is_of_request || is_condition || is_of_answer || name.as_str().starts_with("x-forwarded-")
}

fn is_proof(name: &HeaderName) -> bool {
    use header::{AUTHORIZATION, COOKIE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE, WWW_AUTHENTICATE};
    matches!(*name, AUTHORIZATION | COOKIE | PROXY_AUTHENTICATE | PROXY_AUTHORIZATION | SET_COOKIE | WWW_AUTHENTICATE)
}

fn is_about_content(name: &HeaderName) -> bool {
    use header::{CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE};
    matches!(*name, CONTENT_ENCODING | CONTENT_LANGUAGE | CONTENT_LOCATION | CONTENT_RANGE | CONTENT_TYPE)
}
