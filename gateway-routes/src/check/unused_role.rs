//! A role that nothing names: most likely a route was forgotten, or the role is.

use std::collections::HashSet;

use super::Context;
use crate::Code;
use crate::fault::Fault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let unsaid = context.routes().any(|(_, route)| route.required_role.given().is_none());
    if !context.file.whole || unsaid {
        return;
    }
    let used: HashSet<&str> = context.role_uses().map(|role| role.value.as_str()).collect();
    for role in &context.file.roles {
        // A role that implies others is a way to name them: it needs no route of its own.
        if !used.contains(role.name.value.as_str()) && role.implies.is_empty() {
            let message = format!("the role `{}` is never used", role.name.value);
            let fault =
                Fault::new(Code::UnusedRole, message, role.name.span, "no route asks for it, no role implies it");
            faults.push(fault.help("remove it, or give it the route that was forgotten"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::{Code, Level};

    #[test]
    fn a_role_that_nothing_names_is_a_warning() {
        let text = file(&[route("")]).replace("roles: {", "roles: { Viewer: \"viewer\", ");
        let faults = faults(&text);
        assert_eq!((faults[0].code, faults[0].level), (Code::UnusedRole, Level::Warning));
        assert_eq!(marked(&text, &faults[0]), "Viewer");
    }

    #[test]
    fn implying_and_being_implied_is_use() {
        let text = file(&[route("")]);
        let boss = text.replace("roles: {", "roles: { Boss: Role(claim: \"boss\", implies: [Admin]), ");
        assert_eq!(codes(&boss), []);
    }

    #[test]
    fn nothing_is_called_unused_while_a_route_cannot_be_read() {
        assert_eq!(
            codes(&file(&["Route(path_prefix: 5)".into()])).iter().filter(|code| **code == Code::UnusedRole).count(),
            0
        );
    }
}
