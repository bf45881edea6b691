//! The request goes to its upstream: in, the [`Passage`] of a request; out, the upstream's answer, or 413, 502 or 504.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use gateway_table::{CanonicalPath, Route};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use tokio::time::{Instant, timeout_at};

use super::pass_breaker::Passage;
use super::upgrade::{self, Offer};
use crate::access_log::Progress;
use crate::auth::Principal;
use crate::client::Client;
use crate::connection::Interim;
use crate::headers::{Forwarding, forward_response};
use crate::rejection::{Blame, Rejection};
use crate::request_body::{ClientBody, RequestBody, Upload};
use crate::response_body::{ResponseBody, Tunnel, UpstreamBody};
use crate::trace_context::TraceContext;
use crate::upstream::{Answer, Outgoing, Protocol, Slot, UpstreamFault};
use crate::worker::Worker;

/// How much of an unwanted answer is read for the sake of its connection, in bytes.
const LONGEST_DRAIN: usize = 64 * 1024;

/// What forwarding needs to know of the request beside the request.
pub(super) struct Context<'a> {
    pub(super) client: &'a Client,
    pub(super) host: Option<HeaderValue>,
    pub(super) correlation_id: &'a HeaderValue,
    pub(super) trace: TraceContext,
    pub(super) path: &'a CanonicalPath<'a>,
    /// Who is asking, where the route asks that.
    pub(super) principal: Option<&'a Rc<Principal>>,
    /// What the log and the metrics learn of its way.
    pub(super) progress: &'a Progress,
    /// Where the upstream's interim answers go.
    pub(super) interim: Interim,
}

/// Sends the request upstream, tells the breaker what came of it, and passes the answer on.
pub(super) async fn forward(
    worker: &Worker,
    mut passage: Passage<'_>,
    request: &mut Request<ClientBody>,
    context: Context<'_>,
) -> Result<Response<ResponseBody>, Rejection> {
    let answer = exchange(worker, &mut passage, request, context).await;
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
    passage: &mut Passage<'_>,
    request: &mut Request<ClientBody>,
    context: Context<'_>,
) -> Result<Response<ResponseBody>, Rejection> {
    let route = passage.matched.route;
    refuse_announced_excess(request.headers(), route.max_body)?;
    let offer = upgrade::offer(request, &route.upgrade);
    let progress = context.progress;
    let mut outgoing = outgoing(worker, passage, request, context, offer.as_ref());
    let body = std::mem::take(request.body_mut());
    let (mut body, upload) = RequestBody::new(body, route.max_body, worker.rules.limits.body_rate);
    progress.follow(upload.as_ref());
    let (_, pool) = worker.upstream(route);
    let deadline = outgoing.started + outgoing.timeout;
    let mut answer = {
        let sent = pin!(pool.call(&mut outgoing, &mut body, route.retry.as_ref(), &progress.attempts));
        within_time(route, deadline, upload.as_deref(), sent).await?
    };
    let idle = route.timeouts.idle.unwrap_or(worker.stall_limit);
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switch(answer, offer, idle, passage.take_slot());
    }
    if let Some(slot) = passage.take_slot() {
        answer.body_mut().hold(idle, slot);
    }
    pass_on(answer)
}

/// The request as the upstream gets it.
fn outgoing<'a>(
    worker: &'a Worker,
    passage: &Passage<'a>,
    request: &mut Request<ClientBody>,
    context: Context<'a>,
    offer: Option<&Offer>,
) -> Outgoing<'a> {
    let route = passage.matched.route;
    let target = target(worker, passage, request, context.path);
    let version = request.version();
    let headers = std::mem::take(request.headers_mut());
    let protocol = match offer {
        Some(_) => Protocol::Http1,
        None if version == Version::HTTP_2 && is_grpc(&headers) => Protocol::Http2,
        None => Protocol::Any,
    };
    let upstream = passage.upstream();
    let identity = worker.identities.fields(
        route.service,
        context.principal.map(|known| &**known),
        context.correlation_id,
        || worker.now(),
    );
    Outgoing {
        method: request.method().clone(),
        target,
        headers,
        forwarding: Forwarding {
            client: &context.client.origin,
            version,
            host: context.host,
            upstream_host: &upstream.host,
            correlation_id: context.correlation_id,
            trace: context.trace,
            identity,
            upgrade: offer.map(Offer::protocols),
            passes_authorization: upstream.gets_authorization,
            dropped: worker.dropped_fields(),
            attempt: 1,
        },
        protocol,
        interim: context.interim,
        timeouts: route.timeouts,
        started: Instant::now(),
        timeout: route.timeout,
        principal: context.principal.cloned(),
    }
}

/// Whether a request is gRPC's, which exists over HTTP/2 alone.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let rest = media_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}

/// A body that says beforehand that it is too long need not come at all.
pub(super) fn refuse_announced_excess(headers: &HeaderMap, limit: u64) -> Result<(), Rejection> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length > limit => Err(Rejection::BodyTooLarge { limit }),
        _ => Ok(()),
    }
}

/// The target of the upstream request: the path that the table makes of the canonical one, and the query as it came.
fn target(worker: &Worker, passage: &Passage<'_>, request: &Request<ClientBody>, path: &CanonicalPath<'_>) -> String {
    let matched = passage.matched;
    // Canonical paths, checked targets and a query that has been parsed before make a valid target.
    let mut target = worker.table.upstream_path(matched.index, path, matched.prefix_len);
    if let Some(query) = request.uri().query() {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// Waits for the answer for the route's time at most. While the body still comes the time starts anew with each part of
/// it: a long upload is not the upstream's slowness.
async fn within_time(
    route: &Route,
    mut deadline: Instant,
    upload: Option<&Upload>,
    mut sent: Pin<&mut impl Future<Output = Result<Answer, UpstreamFault>>>,
) -> Result<Answer, Rejection> {
    loop {
        match timeout_at(deadline, sent.as_mut()).await {
            Ok(Ok(answered)) => return Ok(answered),
            Ok(Err(fault)) => return Err(blame(fault, upload, route)),
            Err(_) => deadline = later_deadline(upload, deadline, route)?,
        }
    }
}

/// The deadline that the last part of the body allows, if that is later; otherwise who was too slow.
fn later_deadline(upload: Option<&Upload>, deadline: Instant, route: &Route) -> Result<Instant, Rejection> {
    let pause = route.timeouts.idle.unwrap_or(route.timeout);
    match upload {
        Some(upload) if upload.last_progress() + pause > deadline => Ok(upload.last_progress() + pause),
        Some(upload) if upload.waits_for_client() => Err(Rejection::ClientTooSlow),
        _ => Err(Rejection::UpstreamTimeout(route.timeout)),
    }
}

/// A request that failed because its body did is its client's fault.
fn blame(fault: UpstreamFault, upload: Option<&Upload>, route: &Route) -> Rejection {
    match upload.and_then(Upload::fault) {
        Some(fault) => Rejection::of_body(fault, route.max_body),
        None => match fault {
            UpstreamFault::TooSlow(limit) | UpstreamFault::ConnectTooSlow(limit) => Rejection::UpstreamTimeout(limit),
            #[cfg(feature = "zeromq")]
            UpstreamFault::NoRoom => Rejection::Overloaded,
            fault => Rejection::Upstream(fault),
        },
    }
}

/// The upstream's answer as the client sees it.
fn pass_on(answer: Answer) -> Result<Response<ResponseBody>, Rejection> {
    let status = answer.status();
    let (mut parts, body) = answer.into_parts();
    if status.is_server_error() {
        drain(body);
        return Err(Rejection::UpstreamStatus(status));
    }
    forward_response(&mut parts.headers);
    if status == StatusCode::NO_CONTENT {
        parts.headers.remove(CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, ResponseBody::upstream(body)))
}

/// The connection becomes a tunnel, if it was switched to what the client has offered.
fn switch(
    answer: Answer,
    offer: Option<Offer>,
    idle: Duration,
    slot: Option<Slot>,
) -> Result<Response<ResponseBody>, Rejection> {
    let unasked = || Rejection::Upstream(UpstreamFault::Unasked);
    let offer = offer.ok_or_else(unasked)?;
    let taken = offer.taken(answer.headers()).ok_or_else(unasked)?;
    let (mut parts, body) = answer.into_parts();
    let upstream = body.into_wire().ok_or_else(unasked)?;
    forward_response(&mut parts.headers);
    upgrade::confirm(&mut parts.headers, taken);
    Ok(Response::from_parts(parts, ResponseBody::tunnel(Tunnel { upstream, idle, slot })))
}

/// Reads an answer that nobody wants to its end, so that its connection can be used again; unless it is long.
fn drain(mut body: UpstreamBody) {
    tokio::task::spawn_local(async move {
        let mut left = LONGEST_DRAIN;
        while let Some(Ok(part)) = poll_fn(|cx| body.poll_part(cx)).await {
            left = left.saturating_sub(part.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    });
}
