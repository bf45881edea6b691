//! The request goes to its upstream: in, the [`Passage`] of a request; out, the upstream's answer, or 413, 502 or 504.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use gateway_table::{CanonicalPath, Route, Scheme};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::find_route::RouteMatch;
use super::pass_breaker::Passage;
use crate::auth::Principal;
use crate::client::Client;
use crate::headers::{Forwarding, forward_request, forward_response};
use crate::rejection::{Blame, Rejection};
use crate::request_body::{RequestBody, RequestBodyFault, Upload};
use crate::response_body::{ResponseBody, UpstreamBody};
use crate::upstream::{Answer, Lease, UpstreamFault};
use crate::worker::Worker;

/// How much of an unwanted answer is read for the sake of its connection, in bytes.
const LONGEST_DRAIN: usize = 64 * 1024;

/// What forwarding needs to know of the request beside the request.
pub(super) struct Context<'a> {
    pub(super) client: &'a Client,
    pub(super) host: Option<HeaderValue>,
    pub(super) correlation_id: &'a HeaderValue,
    pub(super) path: &'a CanonicalPath<'a>,
    /// Who is asking, where the route asks that.
    pub(super) principal: Option<&'a Principal>,
    /// How often the request has been sent.
    pub(super) attempts: &'a Cell<u32>,
}

/// Sends the request upstream, tells the breaker what came of it, and passes the answer on.
pub(super) async fn forward(
    worker: &Worker,
    passage: Passage<'_>,
    request: Request<Incoming>,
    context: Context<'_>,
) -> Result<Response<ResponseBody>, Rejection> {
    let answer = exchange(worker, passage.matched, request, context).await;
    match &answer {
        Ok(_) => passage.succeeded(),
        Err(rejection) if rejection.blame() == Blame::Upstream => passage.failed(),
        // Nothing is known of the service.
        Err(_) => {}
    }
    answer
}

async fn exchange(
    worker: &Worker,
    matched: RouteMatch,
    request: Request<Incoming>,
    context: Context<'_>,
) -> Result<Response<ResponseBody>, Rejection> {
    let route = matched.route;
    refuse_announced_excess(request.headers(), route.max_body)?;
    let (upstream, pool) = worker.upstream(route);
    if upstream.address.scheme == Scheme::ZeroMq {
        return Err(Rejection::Upstream(UpstreamFault::NoAdapter));
    }
    let uri = upstream_uri(worker, matched, &request, context.path)?;
    let (mut parts, body) = request.into_parts();
    parts.uri = uri;
    parts.version = Version::HTTP_11;
    forward_request(
        &mut parts.headers,
        &Forwarding {
            client: &context.client.origin,
            host: context.host.as_ref(),
            upstream_host: &upstream.host,
            correlation_id: context.correlation_id,
            passes_authorization: upstream.gets_authorization,
            dropped: worker.dropped_fields(),
        },
    );
    let identity = worker.identities.fields(route.service, context.principal, context.correlation_id, worker.now());
    identity.write(&mut parts.headers);
    let (body, upload) = RequestBody::new(body, route.max_body);
    frame(&mut parts.headers, &body);
    let sent = pool.call(Request::from_parts(parts, body), route.retry.as_ref(), context.attempts);
    let (response, mut lease) = within_time(route, upload.as_deref(), sent).await?;
    lease.upload = upload;
    pass_on(response, lease, worker.stall_limit)
}

/// A body that says beforehand that it is too long need not come at all.
fn refuse_announced_excess(headers: &HeaderMap, limit: u64) -> Result<(), Rejection> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length > limit => Err(Rejection::BodyTooLarge { limit }),
        _ => Ok(()),
    }
}

/// The target of the upstream request: the path that the table makes of the canonical one, and the query as it came.
fn upstream_uri(
    worker: &Worker,
    matched: RouteMatch,
    request: &Request<Incoming>,
    path: &CanonicalPath<'_>,
) -> Result<Uri, Rejection> {
    let mut target = worker.table.upstream_path(matched.index, path, matched.prefix_len);
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    let target = PathAndQuery::from_maybe_shared(Bytes::from(target));
    // Canonical paths, checked targets and a query that has been parsed before make a valid target.
    target.map(Uri::from).map_err(|_| Rejection::BodyBroken)
}

/// Says that a body of unknown length follows, whatever the method: hyper expects none of a GET.
fn frame(headers: &mut HeaderMap, body: &RequestBody) {
    if !body.is_end_stream() && !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Waits for the answer for the route's time at most. While the body still comes the time starts anew with each part of
/// it: a long upload is not the upstream's slowness.
async fn within_time(
    route: &Route,
    upload: Option<&Upload>,
    sent: impl Future<Output = Result<Answer, UpstreamFault>>,
) -> Result<Answer, Rejection> {
    let mut sent = pin!(sent);
    let mut deadline = Instant::now() + route.timeout;
    loop {
        match timeout_at(deadline, &mut sent).await {
            Ok(Ok(answered)) => return Ok(answered),
            Ok(Err(fault)) => return Err(blame(fault, upload, route)),
            Err(_) => deadline = later_deadline(upload, deadline, route.timeout)?,
        }
    }
}

/// The deadline that the last part of the body allows, if that is later; otherwise who was too slow.
fn later_deadline(upload: Option<&Upload>, deadline: Instant, limit: Duration) -> Result<Instant, Rejection> {
    match upload {
        Some(upload) if upload.last_progress() + limit > deadline => Ok(upload.last_progress() + limit),
        Some(upload) if upload.waits_for_client() => Err(Rejection::ClientTooSlow),
        _ => Err(Rejection::UpstreamTimeout(limit)),
    }
}

/// A request that failed because its body did is its client's fault.
fn blame(fault: UpstreamFault, upload: Option<&Upload>, route: &Route) -> Rejection {
    match upload.and_then(Upload::fault) {
        Some(RequestBodyFault::TooLarge) => Rejection::BodyTooLarge { limit: route.max_body },
        Some(RequestBodyFault::Broken) => Rejection::BodyBroken,
        None => match fault {
            UpstreamFault::TooSlow(limit) => Rejection::UpstreamTimeout(limit),
            fault => Rejection::Upstream(fault),
        },
    }
}

/// The upstream's answer as the client sees it.
fn pass_on(
    response: Response<Incoming>,
    lease: Lease,
    stall_limit: Duration,
) -> Result<Response<ResponseBody>, Rejection> {
    let status = response.status();
    if status.is_server_error() {
        drain(response, lease, stall_limit);
        return Err(Rejection::UpstreamStatus(status));
    }
    // The gateway asked for no upgrade, and hyper keeps all other 1xx to itself. Statuses end at 599.
    if status == StatusCode::SWITCHING_PROTOCOLS || status.as_u16() > 599 || is_doubtful(response.headers()) {
        return Err(Rejection::Upstream(UpstreamFault::Malformed));
    }
    let (mut parts, incoming) = response.into_parts();
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    forward_response(&mut parts.headers);
    if status == StatusCode::NO_CONTENT {
        parts.headers.remove(CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, ResponseBody::upstream(UpstreamBody::new(incoming, lease, stall_limit))))
}

/// Whether the fields that frame an answer could be read in two ways (RFC 9112 §6.3).
fn is_doubtful(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return false };
    lengths.next().is_some()
        || headers.contains_key(TRANSFER_ENCODING)
        || !length.as_bytes().iter().all(u8::is_ascii_digit)
}

/// Reads an answer that nobody wants to its end, so that its connection can be used again; unless it is long.
fn drain(response: Response<Incoming>, lease: Lease, stall_limit: Duration) {
    let mut body = UpstreamBody::new(response.into_body(), lease, stall_limit);
    tokio::task::spawn_local(async move {
        let mut left = LONGEST_DRAIN;
        while let Some(Ok(frame)) = poll_fn(|cx| body.poll_frame(cx)).await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    });
}
