//! A service that answers with what reached it.

use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use serde_json::{Map, Value, json};

use crate::Server;

/// What reached a service.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The service's name.
    pub service: &'static str,
    /// The request's method.
    pub method: String,
    /// The request's target: path and query.
    pub target: String,
    /// The request's fields; repeated ones are joined with a comma.
    pub headers: Map<String, Value>,
    /// The request's body, as text.
    pub body: String,
}

/// Starts a service of this name that answers 200 with what reached it, as JSON, and tells `observe` of it.
///
/// # Errors
///
/// There is no free port, or no further thread.
pub fn echo(service: &'static str, observe: impl Fn(&Seen) + Send + 'static) -> io::Result<Server> {
    Server::start(move |request| {
        let seen = Seen::new(service, &request);
        observe(&seen);
        answer(&seen)
    })
}

impl Seen {
    fn new(service: &'static str, request: &Request<Bytes>) -> Self {
        let mut headers = Map::new();
        for name in request.headers().keys() {
            let values: Vec<_> = request.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect();
            headers.insert(name.to_string(), String::from_utf8_lossy(&values.join(&b", "[..])).into());
        }
        Self {
            service,
            method: request.method().to_string(),
            target: request.uri().to_string(),
            headers,
            body: String::from_utf8_lossy(request.body()).into_owned(),
        }
    }
}

fn answer(seen: &Seen) -> Response<Full<Bytes>> {
    let body = json!({
        "service": seen.service,
        "method": seen.method,
        "target": seen.target,
        "headers": seen.headers,
        "body": seen.body,
    });
    let mut response = Response::new(Full::new(Bytes::from(format!("{body:#}\n"))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
