//! The status page: one file, which asks this listener for everything that it shows, and nobody else for anything.

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, Response, StatusCode};

use super::answer::whole;
use super::body::AdminBody;

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What the page may do: run what it brings, and ask where it came from.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, in one piece.
pub(super) fn answer() -> Response<AdminBody> {
    let page = PAGE.replacen("/* style */", STYLE, 1).replacen("/* script */", SCRIPT, 1);
    let mut response = whole(StatusCode::OK, "text/html; charset=utf-8", page);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
