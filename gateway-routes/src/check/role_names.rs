//! The names of roles: `Everyone` is built in, and a token's roles must fit the bits that a table has for them.

use gateway_table::RoleSet;

use super::Context;
use crate::Code;
use crate::fault::Fault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for role in &context.file.roles {
        if role.name.value == "Everyone" || role.name.value == "AnyOf" {
            let message = format!("`{}` is built in and cannot be declared", role.name.value);
            let fault = Fault::new(Code::ReservedRole, message, role.name.span, "choose another name");
            faults.push(fault.note("a route that requires it would not mean this role"));
        }
    }
    if let Some(first) = context.file.roles.get(RoleSet::CAPACITY) {
        let count = context.file.roles.len();
        let message = format!("{count} roles are declared; a gateway can have {}", RoleSet::CAPACITY);
        faults.push(Fault::new(Code::TooManyRoles, message, first.name.span, "the first one too many"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn everyone_cannot_be_declared() {
        let codes = codes(&file(&[route("")]).replace("roles: {", "roles: { Everyone: \"all\","));
        assert!(codes.contains(&Code::ReservedRole), "{codes:?}");
    }

    #[test]
    fn there_are_at_most_sixty_four_roles() {
        let roles = |count: usize| (0..count).map(|n| format!("R{n}: \"{n}\"")).collect::<Vec<_>>().join(", ");
        let text = |count| format!("(roles: {{ {} }}, routes: [{}])", roles(count), route("required_role: R0"));
        assert!(codes(&text(65)).contains(&Code::TooManyRoles));
        assert!(!codes(&text(64)).contains(&Code::TooManyRoles));
    }
}
