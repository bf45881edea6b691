//! A request's head as a service reads it, and the answer that its reply stands for.

use bytes::Bytes;
use gateway_table::Table;
use gateway_zeromq::{Asker, MessageFault, ReplyFault, ReplyHead, RequestHead, VERSION};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::time::Instant;

use crate::auth::Principal;
use crate::clock::unix_nanos;
use crate::parts::Parts;
use crate::response_body::UpstreamBody;
use crate::upstream::UpstreamFault;
use crate::upstream::send::{Answer, Outgoing};

/// A reply as it has come.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) head: Bytes,
    pub(super) body: Parts,
}

/// The head of a request whose body, if there was any to wait for, came to its end at `uploaded`.
pub(super) fn head(request: &Outgoing<'_>, uploaded: Option<Instant>, table: &'static Table) -> Vec<u8> {
    let roles = request.principal.as_deref().map(|principal| role_claims(principal, table)).unwrap_or_default();
    let principal = request.principal.as_deref();
    let headers = request.fields();
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let head = RequestHead {
        version: VERSION,
        method: request.method.as_str(),
        path,
        query,
        headers: &headers,
        // What identify let through or made is ASCII.
        correlation_id: request.forwarding.correlation_id.to_str().unwrap_or_default(),
        principal: principal.map(|principal| Asker { subject: principal.subject.as_deref(), roles: &roles }),
        deadline: deadline(request, uploaded),
    };
    let mut out = Vec::with_capacity(512);
    head.write(&mut out);
    out
}

fn role_claims(principal: &Principal, table: &'static Table) -> Vec<&'static str> {
    principal.roles.iter().filter_map(|index| table.roles.get(index)).map(|role| &*role.claim).collect()
}

/// When the forwarding stage gives up, in milliseconds since 1970 began: with a body's last part its time begins anew.
fn deadline(request: &Outgoing<'_>, uploaded: Option<Instant>) -> u64 {
    let pause = request.timeouts.idle.unwrap_or(request.timeout);
    let first = request.started + request.timeout;
    let deadline = uploaded.map_or(first, |at| first.max(at + pause));
    let left = deadline.saturating_duration_since(Instant::now());
    unix_nanos() / 1_000_000 + u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
}

/// The answer that a reply to a request of this method stands for.
pub(super) fn answer(reply: Reply, method: &Method, had_body: bool) -> Result<Answer, UpstreamFault> {
    let ReplyHead { status, mut headers } = ReplyHead::read(&reply.head).map_err(UpstreamFault::MalformedReply)?;
    let mut body = reply.body;
    if *method == Method::HEAD && body.length() > 0 {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.length()));
    }
    if *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        body.clear();
    }
    let mut answer = Response::new(UpstreamBody::held(body, had_body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

impl From<MessageFault> for UpstreamFault {
    fn from(fault: MessageFault) -> Self {
        Self::MalformedReply(ReplyFault::from(fault))
    }
}
