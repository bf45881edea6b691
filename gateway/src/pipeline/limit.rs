//! Whether the route has had enough: in, an [`Authorized`] caller; out, an [`Admitted`] request or 429.

use super::authorize::Authorized;
use super::find_route::RouteMatch;
use crate::limiters::Limiters;
use crate::rejection::{Quota, Rejection};

/// A request that may be forwarded. There is no other way to make one than through the stages.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) matched: RouteMatch,
}

/// Counts the request against its route's limit.
#[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
pub(super) fn limit(limiters: &Limiters, authorized: Authorized) -> Result<Admitted, Rejection> {
    let matched = authorized.matched;
    let Some(limit) = matched.route.rate_limit else {
        return Ok(Admitted { matched });
    };
    match limiters.count(matched.index) {
        Ok(()) => Ok(Admitted { matched }),
        Err(wait) => Err(Rejection::RateLimited(Quota { policy: matched.route.path_prefix.clone(), limit, wait })),
    }
}
