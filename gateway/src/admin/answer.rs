//! What the admin listener answers: in, a request; out, its answer, whoever asks and whatever for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::header::{HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::body::AdminBody;
use super::guard::{self, Refusal};
use super::{Admin, page, status};
use crate::log::BY_OPERATORS;
use crate::settings::LogLevel;
use crate::telemetry::{exposition, metrics};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The longest request body that is read, in bytes.
const LONGEST_BODY: usize = 1024;

/// How long it may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];

/// Answers a request.
pub(super) async fn answer(admin: &Arc<Admin>, request: Request<Incoming>) -> Response<AdminBody> {
    let (head, body) = request.into_parts();
    let mut response = match admit(admin, &head) {
        Ok(()) => dispatch(admin, &head, body).await,
        Err(refusal) => refuse(refusal, &head),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn admit(admin: &Admin, head: &Parts) -> Result<(), Refusal> {
    guard::check_origin(admin, head)?;
    // The page is the same for everybody; what it shows is asked for by itself.
    if head.uri.path() != "/" {
        guard::check_role(admin, &head.headers)?;
    }
    if head.method == Method::POST { guard::check_action(admin, head) } else { Ok(()) }
}

async fn dispatch(admin: &Arc<Admin>, head: &Parts, body: Incoming) -> Response<AdminBody> {
    let allowed = match head.uri.path() {
        "/" | "/metrics" | "/status" | "/ready" | "/events" | "/jwks.json" => GET,
        "/drain" | "/log-level" | "/reload" | "/reload-configuration" => POST,
        _ => return problem(StatusCode::NOT_FOUND, "there is no such path here"),
    };
    if !allowed.contains(&head.method) {
        let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "this path does not answer that method");
        let allow = if allowed == GET { "GET, HEAD" } else { "POST" };
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        return response;
    }
    match head.uri.path() {
        "/" => page::answer(),
        "/metrics" => metrics_text(admin, head),
        "/status" => json_answer(StatusCode::OK, &status::whole(admin)),
        "/ready" => ready(admin),
        "/events" => events(admin, head),
        "/drain" => drain(admin),
        "/log-level" => set_log_level(admin, body).await,
        "/reload" => take_over(admin).await,
        "/reload-configuration" => reload_configuration(admin).await,
        _ => jwk_set(admin),
    }
}

fn metrics_text(admin: &Admin, head: &Parts) -> Response<AdminBody> {
    let accept = head.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = exposition::Format::accepted(accept);
    let text = exposition::write(&metrics::families(&admin.telemetry, &admin.state), format);
    whole(StatusCode::OK, format.content_type(), text)
}

/// Whether clients should be sent here. That an upstream is ill is told, and is no reason against it.
fn ready(admin: &Admin) -> Response<AdminBody> {
    let told = status::readiness(admin);
    let status = if told["ready"] == true { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_answer(status, &told)
}

fn events(admin: &Arc<Admin>, head: &Parts) -> Response<AdminBody> {
    let mut response = Response::new(AdminBody::events(Arc::clone(admin), head.headers.clone()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn jwk_set(admin: &Admin) -> Response<AdminBody> {
    match &admin.state.rules().identity.signer {
        Some(signer) => whole(StatusCode::OK, "application/jwk-set+json", signer.jwk_set().to_owned()),
        None => problem(StatusCode::NOT_FOUND, "this gateway signs no tokens of its own: `identity.token` is not set"),
    }
}

/// The same as SIGTERM.
fn drain(admin: &Admin) -> Response<AdminBody> {
    tracing::warn!(target: BY_OPERATORS, "an operator has the gateway stop");
    admin.stop.send_replace(true);
    json_answer(StatusCode::ACCEPTED, &json!({ "draining": true }))
}

/// The same as SIGHUP, and what came of it.
async fn reload_configuration(admin: &Admin) -> Response<AdminBody> {
    match admin.orders.reload().await {
        Some(Ok(changed)) => json_answer(StatusCode::OK, &json!({ "changed": changed })),
        Some(Err(refusal)) => problem(StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string()),
        None => problem(StatusCode::SERVICE_UNAVAILABLE, "the gateway is stopping"),
    }
}

/// The same as SIGUSR2; the answer says which executable takes over, a moment before it does.
async fn take_over(admin: &Admin) -> Response<AdminBody> {
    match admin.orders.take_over().await {
        Some(Ok(build)) => json_answer(StatusCode::ACCEPTED, &json!({ "taking_over": build })),
        Some(Err(error)) => problem(StatusCode::CONFLICT, &error.to_string()),
        None => problem(StatusCode::SERVICE_UNAVAILABLE, "the gateway is stopping"),
    }
}

async fn set_log_level(admin: &Admin, body: Incoming) -> Response<AdminBody> {
    let Ok(body) = timeout(BODY_TIMEOUT, Limited::new(body, LONGEST_BODY).collect()).await else {
        let mut response = problem(StatusCode::REQUEST_TIMEOUT, "the request's body does not come");
        // The rest of it may still come, and is no request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return response;
    };
    let asked: Option<Value> = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    let level = asked.as_ref().and_then(|asked| LogLevel::from_name(asked["level"].as_str()?));
    let Some(level) = level else {
        let help = "send {\"level\": \"error\" | \"warn\" | \"info\" | \"debug\" | \"trace\"}";
        return problem(StatusCode::BAD_REQUEST, help);
    };
    admin.threshold.set(Some(level));
    tracing::warn!(target: BY_OPERATORS, new_level = level.name(), "an operator has changed the log level");
    json_answer(StatusCode::OK, &json!({ "level": level.name() }))
}

fn refuse(refusal: Refusal, head: &Parts) -> Response<AdminBody> {
    let mut response = problem(refusal.status(), refusal.reason());
    let error = match refusal {
        Refusal::Unauthorized if guard::has_token(head) => Some(", error=\"invalid_token\""),
        Refusal::Unauthorized => Some(""),
        Refusal::Forbidden => Some(", error=\"insufficient_scope\""),
        _ => None,
    };
    if let Some(error) = error {
        let challenge = format!("Bearer realm=\"coregateway admin\"{error}");
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

fn problem(status: StatusCode, detail: &str) -> Response<AdminBody> {
    let title = status.canonical_reason().unwrap_or_default();
    let problem = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    whole(status, "application/problem+json", problem.to_string())
}

fn json_answer(status: StatusCode, value: &Value) -> Response<AdminBody> {
    whole(status, "application/json", value.to_string())
}

/// An answer that is all here.
pub(super) fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<AdminBody> {
    let mut response = Response::new(AdminBody::Whole(Some(body.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // Nothing here loads, runs or embeds anything; the page says otherwise of itself.
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
