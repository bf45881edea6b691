//! Lists of roles: not empty, each role once, and nobody who is everybody.

use std::collections::HashMap;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::Who;
use crate::span::Spanned;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(access) = route.required_role.given() else { continue };
        let Who::AnyOf(roles) = &access.who else { continue };
        if roles.is_empty() {
            let fault =
                Fault::new(Code::NoRoles, "this list of roles is empty", access.span, "nobody could call the route");
            faults.push(fault.of_route(index).help("name a role, or write `Everyone(reason: \"…\")`"));
        }
        check_list(roles, |fault| faults.push(fault.of_route(index)));
    }
    for role in &context.file.roles {
        check_list(&role.implies, |fault| faults.push(fault));
    }
}

fn check_list(roles: &[Spanned<String>], mut tell: impl FnMut(Fault)) {
    let mut first = HashMap::new();
    for role in roles {
        if role.value == "Everyone" {
            let message = "`Everyone` is not a role among others";
            let fault = Fault::new(Code::EveryoneInList, message, role.span, "makes the others meaningless");
            tell(fault.help("a public route says `required_role: Everyone(reason: \"…\")`"));
        } else if let Some(earlier) = first.insert(&role.value, role.span) {
            let message = format!("the role `{}` is listed twice", role.value);
            tell(Fault::new(Code::DuplicateRole, message, role.span, "listed again").and(earlier, "listed first"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn lists_are_not_empty_and_name_each_role_once() {
        let roles = |list: &str| {
            let text = file(&[route(&format!("required_role: {list}")), route("path_prefix: \"/b\"")]);
            codes(&text)
        };
        assert_eq!(roles("AnyOf([])"), [Code::NoRoles]);
        assert_eq!(roles("AnyOf([Admin, Admin])"), [Code::DuplicateRole]);
        assert_eq!(roles("AnyOf([Admin, Everyone])"), [Code::EveryoneInList]);
        assert_eq!(roles("AnyOf([Admin])"), []);
        assert_eq!(roles("AnyOf(Admin)"), [Code::WrongType]);
        assert_eq!(roles("[Admin]"), [Code::WrongType]);
        assert_eq!(roles("\"Admin\""), [Code::WrongType]);
    }
}
