//! Whether the service has room: in, an [`Admitted`] request; out, the request [`Seated`] with its service, or 503.

use super::find_route::RouteMatch;
use super::limit::Admitted;
use crate::rejection::Rejection;
use crate::upstream::{Slot, Upstream};

/// A request that has a place among those that its service works on.
pub(super) struct Seated<'a> {
    pub(super) matched: RouteMatch,
    pub(super) upstream: &'a Upstream,
    pub(super) slot: Slot,
}

/// Takes a place at the service; what is beyond its number does not wait.
#[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
pub(super) fn take_slot(upstream: &Upstream, admitted: Admitted) -> Result<Seated<'_>, Rejection> {
    let matched = admitted.matched;
    match upstream.slots.take(matched.route.max_concurrent) {
        Some(slot) => Ok(Seated { matched, upstream, slot }),
        None => Err(Rejection::Overloaded),
    }
}
