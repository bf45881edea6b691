//! Who gets through to a route, as the checks compare it: roles with all that imply them.

use gateway_table::RoleSet;

use crate::check::Context;
use crate::route_file::{Route, RouteFile, Who};

/// Who gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Callers {
    Everyone,
    /// Whoever has one of these roles, those among them that imply a wanted one.
    Roles(RoleSet),
}

impl Callers {
    /// Whether somebody gets through here and not there.
    pub(crate) fn exceed(self, other: Self) -> bool {
        match (self, other) {
            (Self::Everyone, other) => other != Self::Everyone,
            (Self::Roles(_), Self::Everyone) => false,
            (Self::Roles(one), Self::Roles(other)) => one.bits() & !other.bits() != 0,
        }
    }

    /// Whether everybody gets through here who does there, and somebody else besides.
    pub(crate) fn are_more_than(self, other: Self) -> bool {
        self.exceed(other) && !other.exceed(self)
    }
}

/// What each role is good for: itself, and what it implies, directly or not. Roles past the capacity are good for nothing.
pub(crate) fn grants(file: &RouteFile, index_of: impl Fn(&str) -> Option<usize>) -> Vec<RoleSet> {
    let roles = &file.roles;
    let mut grants: Vec<RoleSet> = (0..roles.len()).map(RoleSet::single).collect();
    // A way of implications is no longer than there are roles; most often one look is enough.
    for _ in 0..roles.len() {
        let before = grants.clone();
        for (index, role) in roles.iter().enumerate() {
            let implied = role.implies.iter().filter_map(|implied| index_of(&implied.value));
            grants[index] = implied.fold(grants[index], |set, implied| set.union(grants[implied]));
        }
        if grants == before {
            break;
        }
    }
    grants
}

/// Who gets through to `route`; `None` where that cannot be read.
pub(crate) fn of_route(context: &Context<'_>, route: &Route) -> Option<Callers> {
    let Who::AnyOf(names) = &route.required_role.given()?.who else { return Some(Callers::Everyone) };
    if names.is_empty() {
        return None;
    }
    let mut wanted = RoleSet::EMPTY;
    for name in names {
        wanted = wanted.union(RoleSet::single(*context.roles.get(name.value.as_str())?));
    }
    let admitted = context.grants.iter().enumerate().filter(|(_, grants)| grants.intersects(wanted));
    Some(Callers::Roles(admitted.fold(RoleSet::EMPTY, |set, (role, _)| set.union(RoleSet::single(role)))))
}
