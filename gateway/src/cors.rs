//! Requests of browser apps of other origins: what their browser asks beforehand, and what an answer must say so that their
//! pages may read it.
//!
//! In: a request's fields, and the fields of its answer whoever made it: a page must be able to read errors, too. Out: the same
//! with what the configuration says. The rules are tower-http's. What an upstream says of other origins does not pass: the
//! gateway is what browsers talk to.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::at_once::at_once;
use crate::settings::{CorsOrigins, CorsSettings};

/// What answers say to browsers.
const SAID: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
];

/// What browsers ask beforehand.
const ASKED: [HeaderName; 3] = [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS];

/// The rules of one worker.
pub(crate) struct Cors(RefCell<tower_http::cors::Cors<Carrier>>);

impl Cors {
    pub(crate) fn new(settings: &CorsSettings) -> Self {
        let origins = match &settings.origins {
            CorsOrigins::Any => AllowOrigin::any(),
            CorsOrigins::These(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods(settings.methods.clone())
            .allow_headers(settings.headers.clone())
            .expose_headers(settings.expose.clone())
            .allow_credentials(settings.credentials)
            .max_age(settings.max_age);
        Self(RefCell::new(layer.layer(Carrier)))
    }

    /// Whether a browser asks for leave (a preflight of the Fetch standard). Any other OPTIONS is a request like all others.
    pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        *method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// The answer to a preflight with these fields. Nobody is authenticated: a browser sends no credentials with it, and what
    /// it is told stands in every answer.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Response<()> {
        let mut asked = Request::new(HeaderMap::new());
        *asked.method_mut() = Method::OPTIONS;
        for name in ASKED {
            if let Some(value) = headers.get(&name) {
                asked.headers_mut().insert(name, value.clone());
            }
        }
        let mut answer = self.ask(asked);
        *answer.status_mut() = StatusCode::NO_CONTENT;
        answer
    }

    /// Adds to the fields of an answer what lets a page of `origin` read it.
    pub(crate) fn add(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        for name in SAID {
            headers.remove(name);
        }
        let mut carried = Request::new(std::mem::take(headers));
        carried.headers_mut().extend(origin.map(|origin| (ORIGIN, origin)));
        *headers = self.ask(carried).into_parts().0.headers;
    }

    fn ask(&self, request: Request<HeaderMap>) -> Response<()> {
        let answer = self.0.borrow_mut().call(request);
        let Ok(answer) = at_once(answer);
        answer
    }
}

/// Stands where tower has a service: its answer has the fields that the request carries.
#[derive(Debug, Clone, Copy)]
struct Carrier;

impl Service<Request<HeaderMap>> for Carrier {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, carried: Request<HeaderMap>) -> Self::Future {
        let mut answer = Response::new(());
        *answer.headers_mut() = carried.into_body();
        ready(Ok(answer))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::{AUTHORIZATION, VARY};

    use super::*;

    fn settings(origins: CorsOrigins) -> CorsSettings {
        CorsSettings {
            origins,
            methods: vec![Method::GET, Method::PUT],
            headers: vec![AUTHORIZATION],
            expose: vec![HeaderName::from_static("x-correlation-id")],
            credentials: false,
            max_age: Duration::from_mins(10),
        }
    }

    fn ui() -> Cors {
        Cors::new(&settings(CorsOrigins::These(vec![HeaderValue::from_static("http://ui")])))
    }

    fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    /// The fields as text, sorted.
    fn shown(headers: &HeaderMap) -> Vec<String> {
        let mut shown: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        shown.sort();
        shown
    }

    #[test]
    fn a_preflight_is_told_what_may_come() {
        let asked = fields(&[("origin", "http://ui"), ("access-control-request-method", "PUT")]);
        assert!(Cors::is_preflight(&Method::OPTIONS, &asked) && !Cors::is_preflight(&Method::GET, &asked));
        assert!(!Cors::is_preflight(&Method::OPTIONS, &fields(&[("origin", "http://ui")])));
        let answer = ui().preflight(&asked);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(
            shown(answer.headers()),
            [
                "access-control-allow-headers: authorization",
                "access-control-allow-methods: GET,PUT",
                "access-control-allow-origin: http://ui",
                "access-control-max-age: 600",
                "vary: origin",
            ]
        );
    }

    #[test]
    fn an_answer_says_whose_pages_may_read_it_and_what() {
        let mut headers = fields(&[("content-type", "text/plain"), ("vary", "accept")]);
        ui().add(Some(HeaderValue::from_static("http://ui")), &mut headers);
        assert_eq!(
            shown(&headers),
            [
                "access-control-allow-origin: http://ui",
                "access-control-expose-headers: x-correlation-id",
                "content-type: text/plain",
                "vary: accept",
                "vary: origin",
            ]
        );
    }

    #[test]
    fn another_origin_is_told_nothing_whatever_the_upstream_says() {
        for origin in [Some(HeaderValue::from_static("http://evil")), None] {
            let mut headers =
                fields(&[("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")]);
            ui().add(origin, &mut headers);
            assert_eq!(shown(&headers), ["access-control-expose-headers: x-correlation-id", "vary: origin"]);
        }
        let asked = fields(&[("origin", "http://evil"), ("access-control-request-method", "PUT")]);
        assert!(!ui().preflight(&asked).headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }

    #[test]
    fn what_everybody_may_read_does_not_vary() {
        let mut headers = HeaderMap::new();
        Cors::new(&settings(CorsOrigins::Any)).add(None, &mut headers);
        assert_eq!((&headers[ACCESS_CONTROL_ALLOW_ORIGIN], headers.get(VARY)), (&HeaderValue::from_static("*"), None));
    }

    #[test]
    fn credentials_are_for_named_origins() {
        let origins = CorsOrigins::These(vec![HeaderValue::from_static("http://ui")]);
        let cors = Cors::new(&CorsSettings { credentials: true, ..settings(origins) });
        let mut headers = HeaderMap::new();
        cors.add(Some(HeaderValue::from_static("http://ui")), &mut headers);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    }
}
