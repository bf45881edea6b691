//! Callers, as both tables know them: by what their tokens hold.

use gateway_table::{Role, RoleSet, Table};

/// A caller without a token, or with a token of one role.
pub(super) struct Principal {
    /// The role's name; where the two tables call it differently, both.
    pub(super) name: String,
    /// What the token is good for, before and after; `None` without a token.
    pub(super) before: Option<RoleSet>,
    pub(super) after: Option<RoleSet>,
}

/// Everyone, and then whoever has a role in either table. The value in the token tells roles apart: that is what callers have.
pub(super) fn of_both(old: &Table, new: &Table) -> Vec<Principal> {
    let mut principals = vec![Principal { name: "Everyone".into(), before: None, after: None }];
    let only_old = old.roles.iter().filter(|role| named(new, &role.claim).is_none());
    for role in new.roles.iter().chain(only_old) {
        let [before, after] = [old, new].map(|table| named(table, &role.claim));
        let name = match (before, after) {
            (Some(before), Some(after)) if before.name != after.name => format!("{} (was {})", after.name, before.name),
            _ if is_renamed(old, new, role) => format!("{} ({:?} in the token)", role.name, role.claim),
            _ => role.name.to_string(),
        };
        let [before, after] = [old, new].map(|table| Some(table.granted([&*role.claim])));
        principals.push(Principal { name, before, after });
    }
    principals
}

fn named<'a>(table: &'a Table, claim: &str) -> Option<&'a Role> {
    table.roles.iter().find(|role| role.claim == claim)
}

/// Whether the role's name stands for another value in one of the tables.
fn is_renamed(old: &Table, new: &Table, role: &Role) -> bool {
    [old, new].iter().any(|table| table.roles.iter().any(|other| other.name == role.name && other.claim != role.claim))
}
