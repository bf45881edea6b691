//! A request of HTTP/2, as HTTP/1.1 would have it: what the reader of HTTP/1.1 refuses is refused here, too, since it may go
//! on as one (RFC 9113 §10.3). The HTTP/2 library has refused fields for one hop and control bytes before.

use gateway_http1::{FieldFault, HeadLimits, RequestFault};
use http::header::{COOKIE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

/// Makes the request one that HTTP/1.1 could have brought, or says why it is none.
pub(super) fn downgrade(parts: &mut Parts, limits: HeadLimits) -> Result<(), RequestFault> {
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RequestFault::Target);
    }
    if parts.headers.len() > limits.fields {
        return Err(FieldFault::TooMany.into());
    }
    // Nobody could pass a 100 on.
    parts.headers.remove(EXPECT);
    join_cookies(&mut parts.headers);
    Ok(())
}

/// Clients of HTTP/2 may send cookies in several fields, those of HTTP/1.1 must not (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(COOKIE, joined);
    }
}
