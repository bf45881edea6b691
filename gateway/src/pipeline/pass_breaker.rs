//! Whether the service is to be left alone: in, a [`Seated`] request; out, its [`Passage`], or 503.

use std::time::Instant;

use super::find_route::RouteMatch;
use super::take_slot::Seated;
use crate::rejection::Rejection;
use crate::upstream::{Change, Slot, Upstream};

/// The right to call a service once. What comes of the call is told to the breaker; if nothing does, because the client
/// went away, that too.
pub(super) struct Passage<'a> {
    pub(super) matched: RouteMatch,
    upstream: &'a Upstream,
    /// The request's place at the service, until the answer has it.
    slot: Option<Slot>,
    is_concluded: bool,
}

/// Asks the service's breaker.
pub(super) fn pass_breaker(seated: Seated<'_>) -> Result<Passage<'_>, Rejection> {
    let Seated { matched, upstream, slot } = seated;
    if let Some(rule) = matched.route.breaker {
        upstream.breaker.admit(rule, Instant::now).map_err(Rejection::BreakerOpen)?;
    }
    Ok(Passage { matched, upstream, slot: Some(slot), is_concluded: false })
}

impl<'a> Passage<'a> {
    /// The service that may be called.
    pub(super) fn upstream(&self) -> &'a Upstream {
        self.upstream
    }

    /// The request's place at the service, for its answer to keep.
    pub(super) fn take_slot(&mut self) -> Option<Slot> {
        self.slot.take()
    }

    /// The service has answered.
    pub(super) fn succeeded(mut self) {
        self.is_concluded = true;
        if self.matched.route.breaker.is_some() && self.upstream.breaker.succeeded() == Some(Change::Closed) {
            tracing::info!(
                upstream_service = &*self.upstream.name,
                "the service is well again, its breaker has closed"
            );
        }
    }

    /// The service has failed.
    pub(super) fn failed(mut self) {
        self.is_concluded = true;
        let Some(rule) = self.matched.route.breaker else { return };
        if self.upstream.breaker.failed(rule, Instant::now()) == Some(Change::Opened) {
            let open_for = rule.open_for.as_secs_f64();
            tracing::warn!(
                upstream_service = &*self.upstream.name,
                open_for,
                "the service keeps failing, its breaker has opened"
            );
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if !self.is_concluded && self.matched.route.breaker.is_some() {
            self.upstream.breaker.probe_given_up();
        }
    }
}
