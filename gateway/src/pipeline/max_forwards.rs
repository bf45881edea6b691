//! How many hops an OPTIONS may still take (RFC 9110 §7.6.2): at none, the gateway answers itself.

use bytes::Bytes;
use gateway_table::MethodSet;
use http::header::{ALLOW, MAX_FORWARDS};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::response_body::ResponseBody;

/// Counts this hop; gives the gateway's own answer where the request may go no further.
pub(super) fn count_hop(method: &Method, headers: &mut HeaderMap, allow: MethodSet) -> Option<Response<ResponseBody>> {
    if *method != Method::OPTIONS {
        return None;
    }
    // What is no number says nothing.
    let left: u32 = headers.get(MAX_FORWARDS)?.to_str().ok()?.parse().ok()?;
    match left.checked_sub(1) {
        Some(left) => {
            headers.insert(MAX_FORWARDS, HeaderValue::from(left));
            None
        }
        None => Some(options(allow)),
    }
}

fn options(allow: MethodSet) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(allow) = HeaderValue::from_str(&allow.to_string()) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}
