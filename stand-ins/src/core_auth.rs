//! A stand-in for CoreAuth: it issues a token to whoever asks, with the roles that are asked for.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{Issuer, Server};

/// Starts a CoreAuth: `POST /auth/token` with `{"subject": "…", "roles": ["…"]}`, and the key set at
/// `/.well-known/jwks.json`.
///
/// # Errors
///
/// There is no free port, or no further thread.
pub fn core_auth(issuer: Arc<Issuer>) -> io::Result<Server> {
    Server::start(move |request| match (request.method(), request.uri().path()) {
        (&Method::POST, "/auth/token") => token(&issuer, &request),
        (&Method::GET, "/.well-known/jwks.json") => answer(StatusCode::OK, &issuer.jwk_set()),
        _ => answer(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    })
}

fn token(issuer: &Issuer, request: &Request<Bytes>) -> Response<Full<Bytes>> {
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let roles = asked["roles"].as_array().map(Vec::as_slice).unwrap_or_default();
    let roles: Vec<&str> = roles.iter().filter_map(Value::as_str).collect();
    let Some(subject) = asked["subject"].as_str() else {
        return answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request" }));
    };
    let token = issuer.token(subject, &roles);
    answer(StatusCode::OK, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 900 }))
}

fn answer(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
