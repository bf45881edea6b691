//! One request on one connection: an idle one if there is any, else a new one.

use std::rc::Rc;

use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use super::{Lease, Pool, UpstreamFault};
use crate::request_body::RequestBody;

/// An answer's head, its body still to come, and the connection on which it comes.
pub(crate) type Answer = (Response<Incoming>, Lease);

/// Sends a request. An idle connection that turns out closed costs nothing but another try: where nothing was sent on
/// it, and where there is a `copy`, as sending again does no harm.
pub(super) async fn send(
    pool: &Rc<Pool>,
    mut request: Request<RequestBody>,
    copy: Option<&Request<RequestBody>>,
) -> Result<Answer, UpstreamFault> {
    while let Some(mut lease) = pool.idle().await {
        match lease.sender.try_send_request(request).await {
            Ok(response) => return Ok((response, lease)),
            Err(mut failed) => match failed.take_message().or_else(|| copy.map(copied)) {
                Some(again) if !failed.error().is_parse() => request = again,
                _ => return Err(UpstreamFault::of(failed.into_error())),
            },
        }
    }
    let mut lease = pool.connect().await?;
    let response = lease.sender.send_request(request).await.map_err(UpstreamFault::of)?;
    Ok((response, lease))
}

/// A copy of a request that may be sent twice: one that has no body, and changes nothing or the same again.
pub(super) fn repeatable(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let does_no_harm = request.method().is_safe() || request.method() == Method::PUT;
    (does_no_harm && request.body().is_end_stream()).then(|| copied(request))
}

/// A copy of a request without a body.
pub(super) fn copied(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}
