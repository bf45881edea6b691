//! The call that equal requests share, made by the one that came first. It is a task of its own: whoever pressed a button and
//! went away has pressed it, and who presses it again gets what came of it.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::sync::oneshot;

use super::caller::Caller;
use super::shown;
use crate::connection::Interim;
use crate::debounce::{Budget, Gathered, LONGEST_BODY, Leader, Met, Reserved, SharedAnswer, gather};
use crate::pipeline::limit::Admitted;
use crate::rejection::Rejection;
use crate::request_body::ClientBody;
use crate::response_body::ResponseBody;
use crate::upstream::UpstreamFault;

/// What the first request itself gets.
enum Led {
    Shared(Arc<SharedAnswer>),
    Failed(Arc<Rejection>),
    /// An answer that cannot be shared.
    Alone(Box<Response<ResponseBody>>),
}

/// Makes the call, and shares what comes of it. `room` is what the request's body takes.
pub(super) async fn lead(
    leader: Leader<Rejection>,
    mut caller: Caller,
    admitted: Admitted,
    request: Request<ClientBody>,
    room: Reserved,
) -> Result<Response<ResponseBody>, Rejection> {
    let (tell, told) = oneshot::channel();
    let budget = leader.budget();
    caller.interim = Interim::nowhere();
    tokio::task::spawn_local(async move {
        let led = match caller.call(admitted, request).await {
            Ok(response) => share(leader, response, caller.principal.is_some(), &budget).await,
            Err(rejection) => Led::Failed(leader.failed(rejection)),
        };
        drop(room);
        // The client may have gone.
        let _ = tell.send(led);
    });
    // The task ends without a word only if it panics.
    let lost = |_| Rejection::Upstream(UpstreamFault::Reset(io::ErrorKind::Interrupted.into()));
    match told.await.map_err(lost)? {
        Led::Shared(answer) => Ok(shown(&answer, Met::Led)),
        Led::Failed(rejection) => Err(Rejection::Shared(rejection)),
        Led::Alone(response) => Ok(*response),
    }
}

/// Shares an answer that is short enough and may be others'; each of the others makes a call of its own otherwise.
async fn share(leader: Leader<Rejection>, response: Response<ResponseBody>, is_known: bool, budget: &Budget) -> Led {
    if !SharedAnswer::may_be_shared(response.headers(), is_known) || is_stream(response.headers()) {
        leader.alone();
        return Led::Alone(Box::new(response));
    }
    let (parts, body) = response.into_parts();
    match gather(body, LONGEST_BODY, budget).await {
        Ok(Gathered::Whole(held)) => {
            let now = Instant::now();
            Led::Shared(leader.answered(SharedAnswer::new(parts.status, parts.headers, held, now), now))
        }
        Ok(Gathered::Longer(body)) => {
            leader.alone();
            Led::Alone(Box::new(Response::from_parts(parts, ResponseBody::replayed(body))))
        }
        Err(fault) => Led::Failed(leader.failed(Rejection::Upstream(UpstreamFault::Reset(io::Error::other(fault))))),
    }
}

/// Whether the answer may have no end.
fn is_stream(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    media_type.to_ascii_lowercase().starts_with(b"text/event-stream")
}
