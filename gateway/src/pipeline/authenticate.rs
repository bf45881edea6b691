//! Who is asking: in, a [`RouteMatch`] and the request's fields; out, an [`Authenticated`] caller or 401.

use std::rc::Rc;

use gateway_table::Access;
use http::HeaderMap;

use super::find_route::RouteMatch;
use crate::auth::{Principal, Remedy};
use crate::rejection::Rejection;
use crate::worker::Worker;

/// A caller whose token, if the route asks for one, is good.
#[derive(Debug)]
pub(super) struct Authenticated {
    pub(super) matched: RouteMatch,
    caller: Caller,
}

/// Who is asking.
#[derive(Debug)]
enum Caller {
    /// Whoever; the route asks for no token, and none was looked at.
    Anyone,
    /// The bearer of a valid token.
    Bearer(Rc<Principal>),
}

impl Authenticated {
    /// The bearer of the token, where the route asked for one.
    pub(super) fn principal(&self) -> Option<&Rc<Principal>> {
        match &self.caller {
            Caller::Anyone => None,
            Caller::Bearer(principal) => Some(principal),
        }
    }
}

/// Verifies the token where the route asks for one. What the gateway itself must know first is waited for once.
pub(super) async fn authenticate(
    worker: &Worker,
    matched: RouteMatch,
    headers: &HeaderMap,
) -> Result<Authenticated, Rejection> {
    if matched.route.access == Access::Everyone {
        return Ok(Authenticated { matched, caller: Caller::Anyone });
    }
    let mut principal = worker.verify(headers);
    // First the keys may be missing, then what has been revoked; neither is waited for twice.
    for remedy in [Remedy::Keys, Remedy::Revocations] {
        if principal.as_ref().is_err_and(|fault| fault.remedy() == Some(remedy)) {
            Box::pin(worker.remedy(remedy, headers)).await;
            principal = worker.verify(headers);
        }
    }
    let caller = Caller::Bearer(principal.map_err(Rejection::of_token)?);
    Ok(Authenticated { matched, caller })
}
