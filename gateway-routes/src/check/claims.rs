//! The value of a role in a token: it must be there, and be the role's own.

use std::collections::HashMap;

use super::Context;
use crate::Code;
use crate::fault::Fault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut first = HashMap::new();
    for role in &context.file.roles {
        let name = &role.name.value;
        if role.claim.value.trim().is_empty() {
            let message = format!("the role `{name}` has no value in the token");
            let fault = Fault::new(Code::EmptyClaim, message, role.claim.span, "empty");
            faults.push(fault.help("write what a token's roles claim holds for this role"));
        } else if let Some(other) = first.insert(&role.claim.value, role) {
            let message = format!("the roles `{}` and `{name}` have one value in the token", other.name.value);
            let fault = Fault::new(Code::DuplicateClaim, message, role.claim.span, "the same value again");
            let fault = fault.and(other.claim.span, format!("means `{}` already", other.name.value));
            faults.push(fault.help("a role that includes another says so: `Role(claim: \"…\", implies: […])`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of_roles(roles: &str) -> Vec<Code> {
        codes(&format!("(roles: {{ {roles} }}, routes: [{}])", route("required_role: AnyOf([Admin, Other])")))
    }

    #[test]
    fn two_roles_with_one_claim_are_a_fault() {
        assert_eq!(codes_of_roles("Admin: \"x\", Other: Role(claim: \"x\")"), [Code::DuplicateClaim]);
        assert_eq!(codes_of_roles("Admin: \"x\", Other: \"X\""), []);
    }

    #[test]
    fn an_empty_claim_is_a_fault() {
        assert_eq!(codes_of_roles("Admin: \"\", Other: \"x\""), [Code::EmptyClaim]);
    }
}
