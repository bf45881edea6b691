//! A request's way through the gateway, from the top down.
//!
//! In: a request as a client sent it. Out: an answer, always; and one line in the log, when the answer has been sent.

mod authenticate;
mod authorize;
mod find_route;
mod forward;
mod health;
mod identify;
mod limit;
mod pass_breaker;

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Instant;

use gateway_table::CanonicalPath;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::access_log::Exchange;
use crate::client::Client;
use crate::headers::{CORRELATION_ID, is_looping};
use crate::rejection::Rejection;
use crate::response_body::ResponseBody;
use crate::worker::Worker;

/// Answers a request: runs it through the stages, turns an early end into an answer, and ties the log line to the end
/// of the body.
pub(crate) async fn answer(
    worker: Rc<Worker>,
    client: Rc<Client>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let correlation_id = identify::correlation_id(request.headers(), worker.now());
    let mut exchange = Box::new(open_exchange(&worker, Rc::clone(&client), &request, correlation_id.clone()));
    let mut response = match run(&worker, &client, request, &mut exchange).await {
        Ok(response) => response,
        Err(rejection) => {
            // What identify let through or made is ASCII.
            let id = correlation_id.to_str().unwrap_or_default();
            let response = rejection.answer(id, worker.table).map(ResponseBody::whole);
            exchange.rejection = Some(rejection);
            response
        }
    };
    response.headers_mut().insert(CORRELATION_ID, correlation_id);
    exchange.status = response.status().as_u16();
    exchange.is_bodiless |= matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    response.body_mut().closing(exchange);
    Ok(response)
}

/// The stages, in order; each hands its ticket to the next.
async fn run(
    worker: &Rc<Worker>,
    client: &Client,
    request: Request<Incoming>,
    exchange: &mut Exchange,
) -> Result<Response<ResponseBody>, Rejection> {
    let host = identify::host(&request)?;
    let uri = request.uri().clone();
    let path = CanonicalPath::new(uri.path()).map_err(Rejection::AmbiguousPath)?;
    let Some(matched) = find_route::find_route(worker.table, &path, request.method(), &mut exchange.route)? else {
        return health::answer(request.method());
    };
    let authenticated = authenticate::authenticate(worker, matched, request.headers()).await?;
    exchange.principal = authenticated.principal().cloned();
    let authorized = authorize::authorize(authenticated)?;
    if is_looping(request.headers()) {
        return Err(Rejection::Loop);
    }
    let admitted = limit::limit(&worker.limiters, authorized)?;
    let (upstream, _) = worker.upstream(admitted.matched.route);
    let passage = pass_breaker::pass_breaker(upstream, admitted)?;
    let context = forward::Context {
        client,
        host,
        correlation_id: &exchange.correlation_id,
        path: &path,
        principal: exchange.principal.as_deref(),
        attempts: &exchange.attempts,
    };
    forward::forward(worker, passage, request, context).await
}

fn open_exchange(
    worker: &Worker,
    client: Rc<Client>,
    request: &Request<Incoming>,
    correlation_id: HeaderValue,
) -> Exchange {
    Exchange {
        log: Rc::clone(&worker.access_log),
        started: Instant::now(),
        client,
        method: request.method().clone(),
        uri: request.uri().clone(),
        correlation_id,
        route: None,
        principal: None,
        status: 0,
        attempts: Cell::new(0),
        rejection: None,
        response_bytes: 0,
        is_bodiless: request.method() == Method::HEAD,
        cut: None,
    }
}
