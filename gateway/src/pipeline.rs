//! A request's way through the gateway, from the top down.
//!
//! In: a request as a client sent it. Out: an answer, always; and one line in the log, when the answer has been sent.

mod authenticate;
mod authorize;
mod debounce;
mod find_route;
mod finish;
mod forward;
mod health;
mod identify;
mod limit;
mod max_forwards;
mod pass_breaker;
mod take_slot;
mod upgrade;
mod warm_path;

use std::rc::Rc;
use std::time::Instant;

use gateway_http1::RequestFault;
use gateway_table::{CanonicalPath, MethodSet};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use self::debounce::Caller;
use self::finish::Finish;
use self::limit::Admitted;
pub use self::warm_path::WarmPath;
use crate::access_log::{Exchange, Progress};
use crate::client::Client;
use crate::connection::Interim;
use crate::headers::{CORRELATION_ID, is_looping};
use crate::rejection::Rejection;
use crate::request_body::ClientBody;
use crate::response_body::ResponseBody;
use crate::telemetry::OTHER;
use crate::trace_context::TraceContext;
use crate::worker::Worker;

/// Answers a request: runs it through the stages, turns an early end into an answer, and ties the log line to the end
/// of the body.
pub(crate) async fn answer(
    worker: Rc<Worker>,
    client: Rc<Client>,
    request: &mut Request<ClientBody>,
    interim: Interim,
) -> Response<ResponseBody> {
    let correlation_id = identify::correlation_id(request.headers(), || worker.now());
    let mut exchange = Box::new(open_exchange(&worker, Rc::clone(&client), request, correlation_id));
    let finish = Finish::of(&worker, request);
    let answered = if let Some(answer) = finish.as_ref().and_then(|finish| finish.preflight(&worker, request)) {
        Ok(answer)
    } else {
        run(&worker, &client, request, interim, &mut exchange).await
    };
    conclude(&worker, answered, exchange, finish)
}

/// Answers bytes that are no request.
pub(crate) fn refuse(worker: &Rc<Worker>, client: Rc<Client>, fault: RequestFault) -> Response<ResponseBody> {
    let correlation_id = identify::correlation_id(&HeaderMap::new(), || worker.now());
    let mut nothing = Request::new(ClientBody::Empty);
    // What it was to be nobody can tell.
    *nothing.method_mut() = Method::from_bytes(OTHER.as_bytes()).expect("an underscore and letters are a token");
    let exchange = Box::new(open_exchange(worker, client, &nothing, correlation_id));
    conclude(worker, Err(Rejection::Malformed(fault)), exchange, None)
}

fn conclude(
    worker: &Worker,
    answered: Result<Response<ResponseBody>, Rejection>,
    mut exchange: Box<Exchange>,
    finish: Option<Box<Finish>>,
) -> Response<ResponseBody> {
    let mut response = match answered {
        Ok(response) => response,
        Err(rejection) => {
            // What identify let through or made is ASCII.
            let id = exchange.correlation_id.to_str().unwrap_or_default();
            let response = rejection.answer(id, worker.table).map(ResponseBody::whole);
            exchange.rejection = Some(rejection);
            response
        }
    };
    if let Some(finish) = finish {
        response = finish.finish(worker, response);
    }
    worker.rules.disclosure.write(&mut response, &exchange);
    response.headers_mut().insert(CORRELATION_ID, exchange.correlation_id.clone());
    exchange.status = response.status().as_u16();
    exchange.is_bodiless |= matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    response.body_mut().closing(exchange);
    response
}

/// The stages, in order; each hands its ticket to the next.
async fn run(
    worker: &Rc<Worker>,
    client: &Rc<Client>,
    request: &mut Request<ClientBody>,
    interim: Interim,
    exchange: &mut Exchange,
) -> Result<Response<ResponseBody>, Rejection> {
    if *request.method() == Method::CONNECT {
        // It names no path, and so no route.
        return Err(Rejection::MethodNotAllowed(MethodSet::ALL));
    }
    let host = identify::host(request)?;
    let uri = request.uri().clone();
    let path = CanonicalPath::new(uri.path()).map_err(Rejection::AmbiguousPath)?;
    let Some(admitted) = admit(worker, client, request, &path, exchange).await? else {
        return health::answer(request.method());
    };
    let route = admitted.matched.route;
    let method = request.method().clone();
    if let Some(answer) = max_forwards::count_hop(&method, request.headers_mut(), route.methods) {
        return Ok(answer);
    }
    if let Some(shared) = worker.debounce.as_ref().filter(|_| route.debounce.is_some()) {
        let caller = Caller::new(worker, client, host, interim, exchange);
        let progress = Rc::clone(&caller.progress);
        let request = std::mem::take(request);
        let answered = Box::pin(debounce::debounce(shared, admitted, request, caller)).await;
        exchange.progress.adopt(&progress);
        return answered;
    }
    let (upstream, _) = worker.upstream(route);
    let seated = take_slot::take_slot(upstream, admitted)?;
    let passage = pass_breaker::pass_breaker(seated)?;
    let context = forward::Context {
        client,
        host,
        correlation_id: &exchange.correlation_id,
        trace: exchange.trace,
        path: &path,
        principal: exchange.principal.as_ref(),
        progress: &exchange.progress,
        interim,
    };
    forward::forward(worker, passage, request, context).await
}

/// The stages that look whether a request may pass, in order; none where the gateway itself answers.
async fn admit(
    worker: &Worker,
    client: &Client,
    request: &Request<ClientBody>,
    path: &CanonicalPath<'_>,
    exchange: &mut Exchange,
) -> Result<Option<Admitted>, Rejection> {
    let found = find_route::find_route(worker.table, path, request.method(), &mut exchange.route)?;
    let Some(matched) = found else { return Ok(None) };
    if client.is_surplus {
        return Err(Rejection::Full);
    }
    let authenticated = authenticate::authenticate(worker, matched, request.headers()).await?;
    exchange.principal = authenticated.principal().cloned();
    let authorized = authorize::authorize(authenticated)?;
    if is_looping(request.headers()) {
        return Err(Rejection::Loop);
    }
    limit::limit(&worker.limiters, authorized).map(Some)
}

fn open_exchange(
    worker: &Worker,
    client: Rc<Client>,
    request: &Request<ClientBody>,
    correlation_id: HeaderValue,
) -> Exchange {
    Exchange {
        log: Rc::clone(&worker.access_log),
        started: Instant::now(),
        client,
        method: request.method().clone(),
        uri: request.uri().clone(),
        correlation_id,
        trace: TraceContext::of(request.headers(), worker.access_log.samples()),
        route: None,
        principal: None,
        status: 0,
        progress: Progress::default(),
        rejection: None,
        announced_bytes: request.body().length(),
        response_bytes: 0,
        is_bodiless: request.method() == Method::HEAD,
        cut: None,
    }
}
