//! Equal requests share one call: in, an [`Admitted`] request of a route with a debounce; out, its answer, whoever's call it
//! comes of.
//!
//! The limit has counted it; the service's slots and breaker see the call alone.

mod caller;
mod lead;

use std::pin::pin;
use std::sync::Arc;

use gateway_table::Route;
use http::header::UPGRADE;
use http::{Method, Request, Response};
use tokio::time::{Instant, timeout_at};

use self::lead::lead;
use super::forward::{is_grpc, refuse_announced_excess};
use super::limit::Admitted;
use crate::debounce::{
    Asked, Budget, Debounce, Entered, Gathered, Held, Key, LONGEST_BODY, Met, Outcome, SharedAnswer, gather,
};
use crate::rejection::Rejection;
use crate::request_body::{ClientBody, RequestBody};
use crate::response_body::ResponseBody;

pub(super) use caller::Caller;

/// Answers the request with what is kept for equal ones, with what comes of the call that is under way for one, or with a
/// call of its own.
pub(super) async fn debounce(
    shared: &Arc<Debounce<Rejection>>,
    admitted: Admitted,
    request: Request<ClientBody>,
    caller: Caller,
) -> Result<Response<ResponseBody>, Rejection> {
    let route = admitted.matched.route;
    let Some(window) = route.debounce.filter(|_| can_be_equal(&request)) else {
        return caller.call(admitted, request).await;
    };
    refuse_announced_excess(request.headers(), route.max_body)?;
    let (parts, body) = request.into_parts();
    let length = body.length();
    let Held { bytes, room } = match read(body, route, &caller, shared.budget()).await? {
        Gathered::Whole(held) => held,
        Gathered::Longer(body) => {
            let request = Request::from_parts(parts, ClientBody::Replayed(Box::new(body), length));
            return caller.call(admitted, request).await;
        }
    };
    let request = Request::from_parts(parts, ClientBody::Whole(bytes.clone()));
    let key = key(&admitted, &request, &bytes, &caller)?;
    let leader = match shared.enter(key, window, std::time::Instant::now()) {
        Entered::Lead(leader) => leader,
        Entered::Kept(answer) => return Ok(from_another(&answer, Met::Kept, &caller)),
        Entered::Full => return caller.call(admitted, request).await,
        Entered::Wait(waiter) => match waiter.outcome().await {
            Outcome::Lead(leader) => leader,
            Outcome::Answer(answer) => return Ok(from_another(&answer, Met::Waited, &caller)),
            Outcome::Failed(rejection) => return Err(Rejection::Shared(rejection)),
            Outcome::Alone => return caller.call(admitted, request).await,
        },
    };
    lead(leader, caller, admitted, request, room).await
}

/// Whether another request can be equal: not one that goes on after its answer, nor one that asks for no body, which is
/// cheaper sent than shared.
fn can_be_equal(request: &Request<ClientBody>) -> bool {
    *request.method() != Method::HEAD && !request.headers().contains_key(UPGRADE) && !is_grpc(request.headers())
}

/// Reads the request's body, if it is short enough to be compared; for as long as it comes.
async fn read(
    body: ClientBody,
    route: &Route,
    caller: &Caller,
    budget: &Budget,
) -> Result<Gathered<RequestBody>, Rejection> {
    let (mut body, upload) = RequestBody::new(body, route.max_body, caller.worker.rules.limits.body_rate);
    caller.progress.follow(upload.as_ref());
    // What is read here is held as a whole, or passed on once.
    body.forget();
    let pause = route.timeouts.idle.unwrap_or(route.timeout);
    let mut reading = pin!(gather(body, LONGEST_BODY, budget));
    let mut deadline = Instant::now() + pause;
    loop {
        match timeout_at(deadline, &mut reading).await {
            Ok(read) => return read.map_err(|fault| Rejection::of_body(fault, route.max_body)),
            Err(_) => match upload.as_ref().map(|upload| upload.last_progress() + pause) {
                Some(later) if later > deadline => deadline = later,
                _ => return Err(Rejection::ClientTooSlow),
            },
        }
    }
}

fn key(admitted: &Admitted, request: &Request<ClientBody>, body: &[u8], caller: &Caller) -> Result<Key, Rejection> {
    let matched = admitted.matched;
    let principal = caller.principal.as_deref();
    let (upstream, _) = caller.worker.upstream(matched.route);
    let asked = Asked {
        route: matched.index,
        subject: principal.and_then(|principal| principal.subject.as_deref()),
        roles: principal.map(|principal| principal.roles),
        passes_authorization: upstream.gets_authorization,
        method: request.method(),
        target: &caller.target()?,
        headers: request.headers(),
    };
    Ok(asked.key(body))
}

/// The answer that another request's call has brought.
fn from_another(answer: &SharedAnswer, met: Met, caller: &Caller) -> Response<ResponseBody> {
    caller.progress.is_debounced.set(true);
    shown(answer, met)
}

fn shown(answer: &SharedAnswer, met: Met) -> Response<ResponseBody> {
    answer.response(met, std::time::Instant::now()).map(ResponseBody::whole)
}
