//! The built-in paths: whether the gateway is alive. It is, even while every upstream is down.

use bytes::Bytes;
use gateway_table::{Method as Listed, MethodSet};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response};

use crate::rejection::Rejection;
use crate::response_body::ResponseBody;

const ALIVE: &[u8] =
    concat!(r#"{"status":"ok","service":"coregateway","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#).as_bytes();

/// 200 to GET and HEAD.
pub(super) fn answer(method: &Method) -> Result<Response<ResponseBody>, Rejection> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Rejection::MethodNotAllowed(MethodSet::EMPTY.with(Listed::Get).with(Listed::Head)));
    }
    let mut response = Response::new(ResponseBody::whole(Bytes::from_static(ALIVE)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
