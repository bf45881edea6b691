//! A request, tried as often as its route says.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gateway_table::{Retry, RetryCause};
use http::Method;

use super::send::{Answer, Outgoing};
use super::{Line, Pool, UpstreamFault};
use crate::request_body::RequestBody;

impl Pool {
    /// Sends a request, and again where it failed for a cause that `retry` lists and may be sent twice: GET, HEAD and PUT,
    /// as long as what was sent of the body is kept; any other only if no connection came about, as then nothing of it was
    /// sent. `attempts` is told how often. The caller bounds the time of all attempts together.
    pub(crate) async fn call(
        self: &Rc<Self>,
        request: &mut Outgoing<'_>,
        body: &mut RequestBody,
        retry: Option<&Retry>,
        attempts: &Cell<u32>,
    ) -> Result<Answer, UpstreamFault> {
        let outcome = self.call_often(request, body, retry, attempts).await;
        self.buffers.give_back_map(std::mem::take(&mut request.headers));
        outcome
    }

    async fn call_often(
        self: &Rc<Self>,
        request: &mut Outgoing<'_>,
        body: &mut RequestBody,
        retry: Option<&Retry>,
        attempts: &Cell<u32>,
    ) -> Result<Answer, UpstreamFault> {
        self.budget.deposit();
        let is_repeatable = request.method.is_safe() || request.method == Method::PUT;
        if !is_repeatable {
            body.forget();
        }
        loop {
            attempts.set(attempts.get() + 1);
            let limit = retry.and_then(|retry| retry.per_try);
            let outcome = within(limit, Line::send(self, request, body, is_repeatable)).await;
            let Some(retry) = retry else { return outcome };
            let may_repeat = is_repeatable || is_unsent(&outcome);
            let is_last = attempts.get() >= retry.attempts.get() || !may_repeat;
            if is_last || !calls_for_another(&outcome, retry) || !has_body_again(&outcome, body) {
                return outcome;
            }
            if !self.budget.withdraw() {
                return outcome;
            }
            drop(outcome);
            tokio::time::sleep(backoff(retry, attempts.get())).await;
            request.forwarding.attempt = attempts.get() + 1;
        }
    }
}

/// Whether nothing of the request has been sent: no connection came about.
const fn is_unsent(outcome: &Result<Answer, UpstreamFault>) -> bool {
    matches!(outcome, Err(UpstreamFault::Unreachable(_) | UpstreamFault::ConnectTooSlow(_)))
}

/// Whether the body can be sent from its beginning. That of a request that was answered has gone along with its answer;
/// only one that is over leaves nothing behind.
fn has_body_again(outcome: &Result<Answer, UpstreamFault>, body: &mut RequestBody) -> bool {
    match outcome {
        Ok(answer) => !answer.body().has_request_body(),
        Err(_) => body.rewind(),
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
        (RetryCause::Connect, Err(UpstreamFault::Unreachable(_) | UpstreamFault::ConnectTooSlow(_)))
        | (RetryCause::Reset, Err(UpstreamFault::Reset(_)))
        | (RetryCause::Timeout, Err(UpstreamFault::TooSlow(_))) => true,
        (RetryCause::Status(status), Ok(response)) => response.status().as_u16() == *status,
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
