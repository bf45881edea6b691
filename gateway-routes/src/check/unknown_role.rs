//! A role that is named and not declared.

use super::Context;
use crate::fault::Fault;
use crate::span::Spanned;
use crate::{Code, similar};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let unknown = super::wanted_roles(route).iter().filter(|role| !is_known(context, role));
        faults.extend(unknown.map(|role| fault(context, role).of_route(index)));
    }
    for role in &context.file.roles {
        let unknown = role.implies.iter().filter(|role| !is_known(context, role));
        faults.extend(unknown.map(|role| fault(context, role)));
    }
}

/// Whether the role is declared; one whose declaration could not be read may be.
fn is_known(context: &Context<'_>, role: &Spanned<String>) -> bool {
    context.roles.contains_key(role.value.as_str()) || context.file.may_declare(&role.value) || role.value == "Everyone"
}

/// The fault of naming a role that is not declared.
pub(super) fn fault(context: &Context<'_>, role: &Spanned<String>) -> Fault {
    const SHOWN: usize = 12;
    let declared = context.file.roles.iter().take(256).map(|role| role.name.value.as_str());
    let message = format!("the role `{}` is not declared", role.value);
    let fault = Fault::new(Code::UnknownRole, message, role.span, "unknown role");
    match (similar::closest(&role.value, declared.clone()), context.file.roles.is_empty()) {
        (Some(similar), _) => fault.guess("did you mean", role.span, similar),
        (None, false) => {
            let fault = fault.help(format!("declared are {}", similar::listed(declared.take(SHOWN))));
            fault.help(format!("or declare it: `roles: {{ {}: \"…\" }}`", role.value))
        }
        (None, true) => fault.help(format!("declare it: `roles: {{ {}: \"…\" }}`", role.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn an_unknown_role_is_told_with_the_one_that_is_meant() {
        let text = file(&[route("required_role: Admim"), route("path_prefix: \"/b\"")]);
        let faults = faults(&text);
        assert_eq!((faults[0].code, marked(&text, &faults[0])), (Code::UnknownRole, "Admim"));
        assert_eq!(codes(&fixed(&text, &faults[0])), []);
    }

    #[test]
    fn implied_roles_are_declared_too() {
        let text = file(&[route("")]).replace("\"admin\"", "Role(claim: \"admin\", implies: [Viewer])");
        assert_eq!(codes(&text), [Code::UnknownRole]);
    }

    #[test]
    fn a_role_that_cannot_be_read_is_not_unknown() {
        assert_eq!(codes(&file(&[route("")]).replace("\"admin\"", "5")), [Code::WrongType]);
    }
}
