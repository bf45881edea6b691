//! Whether the caller may: in, an [`Authenticated`] caller; out, an [`Authorized`] one or 403.

use gateway_table::{Access, RoleSet};

use super::authenticate::Authenticated;
use super::find_route::RouteMatch;
use crate::rejection::Rejection;

/// A caller who may call the route.
#[derive(Debug)]
pub(super) struct Authorized {
    pub(super) matched: RouteMatch,
}

/// Checks the caller's roles against those that the route asks for.
#[expect(clippy::needless_pass_by_value, reason = "a ticket is used up")]
pub(super) fn authorize(authenticated: Authenticated) -> Result<Authorized, Rejection> {
    let roles = authenticated.principal().map(|principal| principal.roles);
    let access = authenticated.matched.route.access;
    if access.admits(roles) {
        return Ok(Authorized { matched: authenticated.matched });
    }
    Err(Rejection::Forbidden(match access {
        Access::AnyOf(wanted) => wanted,
        Access::Everyone => RoleSet::EMPTY,
    }))
}
