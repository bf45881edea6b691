//! A request, tried as often as its route says.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gateway_table::{Retry, RetryCause};
use http::{HeaderValue, Request};

use super::send::{Answer, copied, repeatable, send};
use super::{Pool, UpstreamFault};
use crate::headers::RETRY_ATTEMPT;
use crate::request_body::RequestBody;

impl Pool {
    /// Sends a request, and again where it failed for a cause that `retry` lists and may be sent twice: GET, HEAD and PUT
    /// without a body. `attempts` is told how often. The caller bounds the time of all attempts together.
    pub(crate) async fn call(
        self: &Rc<Self>,
        mut request: Request<RequestBody>,
        retry: Option<&Retry>,
        attempts: &Cell<u32>,
    ) -> Result<Answer, UpstreamFault> {
        self.budget.deposit();
        let copy = repeatable(&request);
        let again = retry.zip(copy.as_ref());
        loop {
            attempts.set(attempts.get() + 1);
            let limit = retry.and_then(|retry| retry.per_try);
            let outcome = within(limit, send(self, request, copy.as_ref())).await;
            let Some((retry, copy)) = again else { return outcome };
            let is_last = attempts.get() >= retry.attempts.get();
            if is_last || !calls_for_another(&outcome, retry) || !self.budget.withdraw() {
                return outcome;
            }
            drop(outcome);
            tokio::time::sleep(backoff(retry, attempts.get())).await;
            request = copied(copy);
            request.headers_mut().insert(RETRY_ATTEMPT, HeaderValue::from(attempts.get() + 1));
        }
    }
}

async fn within(
    limit: Option<Duration>,
    sent: impl Future<Output = Result<Answer, UpstreamFault>>,
) -> Result<Answer, UpstreamFault> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, sent).await.unwrap_or(Err(UpstreamFault::TooSlow(limit))),
        None => sent.await,
    }
}

fn calls_for_another(outcome: &Result<Answer, UpstreamFault>, retry: &Retry) -> bool {
    retry.on.iter().any(|cause| match (cause, outcome) {
        (RetryCause::Connect, Err(UpstreamFault::Unreachable(_)))
        | (RetryCause::Reset, Err(UpstreamFault::Reset(_)))
        | (RetryCause::Timeout, Err(UpstreamFault::TooSlow(_))) => true,
        (RetryCause::Status(status), Ok((response, _))) => response.status().as_u16() == *status,
        _ => false,
    })
}

/// How long to wait after so many attempts: anything up to a bound that doubles each time, so that clients that failed
/// together do not come back together.
fn backoff(retry: &Retry, attempts: u32) -> Duration {
    let doubled = retry.backoff.saturating_mul(1 << (attempts - 1).min(16));
    let bound = retry.max_backoff.map_or(doubled, |longest| doubled.min(longest));
    Duration::from_nanos(fastrand::u64(0..=u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX)))
}
