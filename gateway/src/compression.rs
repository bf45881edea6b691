//! Answers are compressed for clients that accept it, where the configuration says so.
//!
//! In: what the request says of encodings, and its answer. Out: the same answer, or one with a compressed body. The work is
//! tower-http's; what may be compressed is said here. A part of a body that has come is passed on when no more comes at once,
//! so that a slow answer is not held back.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use tower_http::CompressionLevel;
use tower_http::compression::{CompressionBody, CompressionLayer};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::at_once::at_once;
use crate::headers::has_member;
use crate::settings::CompressionSettings;

/// Digests of the body or of its representation: compressed, it would have another.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// That the library is asked only where it may compress is decided here.
type Always = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// What compresses the answers of one worker.
pub(crate) struct Compressor {
    settings: CompressionSettings,
    layer: CompressionLayer<Always>,
}

/// What a request says of encodings.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// `Accept-Encoding` alone.
    encodings: HeaderMap,
    /// Whether an answer may be changed at all.
    may_change: bool,
}

/// An answer, its body compressed or not.
pub(crate) enum Compressed<B: Body> {
    /// It is as it came, but perhaps for `Vary`.
    AsIs(Response<B>),
    /// Its body is compressed.
    Gzip(Response<CompressionBody<B>>),
}

impl Accepted {
    /// What a request with this method and these fields says.
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_ENCODING).iter();
        Self {
            encodings: values.map(|value| (ACCEPT_ENCODING, value.clone())).collect(),
            may_change: *method != Method::HEAD && !forbids_change(headers),
        }
    }
}

impl Compressor {
    pub(crate) fn new(settings: &CompressionSettings) -> Self {
        let always: Always = |_, _, _, _| true;
        let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(always);
        Self { settings: settings.clone(), layer }
    }

    /// Compresses an answer if its client accepts it and it is worth it.
    pub(crate) fn compress<B: Body>(&self, accepted: Accepted, response: Response<B>) -> Compressed<B> {
        if !accepted.may_change || !self.fits(&response) {
            return Compressed::AsIs(response);
        }
        let status = response.status();
        let mut request = Request::new(());
        *request.headers_mut() = accepted.encodings;
        let Ok(mut response) = at_once(self.layer.layer(Once(Some(response))).call(request));
        // The library answers 406 where a client accepts no encoding at all, though the answer is there.
        *response.status_mut() = status;
        if response.headers().contains_key(CONTENT_ENCODING) {
            weaken(response.headers_mut());
            return Compressed::Gzip(response);
        }
        Compressed::AsIs(response.map(CompressionBody::into_inner))
    }

    /// Whether an answer may be compressed, and is long enough.
    fn fits<B: Body>(&self, response: &Response<B>) -> bool {
        let (status, headers) = (response.status(), response.headers());
        let has_body = !status.is_informational()
            && ![StatusCode::NO_CONTENT, StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        has_body
            && ![CONTENT_ENCODING, CONTENT_RANGE].iter().chain(&DIGESTS).any(|name| headers.contains_key(name))
            && !forbids_change(headers)
            && self.has_type(headers)
            && length(response).is_none_or(|length| length >= self.settings.minimum.into())
    }

    /// Whether the media type is one of those that are compressed. A stream of events or messages never is.
    fn has_type(&self, headers: &HeaderMap) -> bool {
        let Some(media_type) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media_type == "text/event-stream" || media_type.starts_with("application/grpc") {
            return false;
        }
        self.settings.types.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => media_type.starts_with(start),
            None => media_type == *known,
        })
    }
}

/// `Cache-Control: no-transform`, which both sides can say (RFC 9111, 5.2).
fn forbids_change(headers: &HeaderMap) -> bool {
    has_member(headers, &CACHE_CONTROL, "no-transform")
}

/// How long a body is, where that is known.
fn length<B: Body>(response: &Response<B>) -> Option<u64> {
    let announced = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    response.body().size_hint().exact().or_else(announced)
}

/// A strong `ETag` stands for one sequence of bytes; the compressed one is another (RFC 9110, 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")) else { return };
    if let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        headers.insert(ETAG, weak);
    }
}

/// Stands where tower has a service: it has one answer to give.
struct Once<B>(Option<Response<B>>);

impl<B> Service<Request<()>> for Once<B> {
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(self.0.take().expect("it is called once")))
    }
}

#[cfg(test)]
mod tests;
