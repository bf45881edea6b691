//! What is done for every answer, whoever made it, where the configuration asks for it: pages of other origins are let read it,
//! and it is compressed.
//!
//! In: what the request says of both, before the stages take it; and its answer. Out: the answer to a browser's preflight,
//! which no stage sees; and any other answer, finished.

use bytes::Bytes;
use http::header::ORIGIN;
use http::{HeaderValue, Request, Response};

use crate::compression::{Accepted, Compressed};
use crate::cors::Cors;
use crate::request_body::ClientBody;
use crate::response_body::ResponseBody;
use crate::worker::Worker;

/// What of a request decides how its answer is finished.
pub(super) struct Finish {
    origin: Option<HeaderValue>,
    accepted: Accepted,
    /// Whether the answer says already what a browser asked.
    is_preflight: bool,
}

impl Finish {
    /// What is to be done for this request; nothing is, and nothing is paid, where nothing is configured.
    pub(super) fn of(worker: &Worker, request: &Request<ClientBody>) -> Option<Box<Self>> {
        if worker.cors.is_none() && worker.compressor.is_none() {
            return None;
        }
        let (method, headers) = (request.method(), request.headers());
        Some(Box::new(Self {
            origin: headers.get(ORIGIN).cloned(),
            accepted: Accepted::of(method, headers),
            is_preflight: worker.cors.is_some() && Cors::is_preflight(method, headers),
        }))
    }

    /// The answer to a preflight, if the request is one.
    pub(super) fn preflight(&self, worker: &Worker, request: &Request<ClientBody>) -> Option<Response<ResponseBody>> {
        let cors = worker.cors.as_ref().filter(|_| self.is_preflight)?;
        Some(cors.preflight(request.headers()).map(|()| ResponseBody::whole(Bytes::new())))
    }

    /// Finishes an answer.
    pub(super) fn finish(self, worker: &Worker, mut response: Response<ResponseBody>) -> Response<ResponseBody> {
        if let Some(compressor) = &worker.compressor {
            response = match compressor.compress(self.accepted, response) {
                Compressed::AsIs(response) => response,
                Compressed::Gzip(response) => response.map(ResponseBody::compressed),
            };
        }
        if let Some(cors) = worker.cors.as_ref().filter(|_| !self.is_preflight) {
            cors.add(self.origin, response.headers_mut());
        }
        response
    }
}
