//! A route must say who may call it: what is not said would be public by accident.

use super::{Context, called};
use crate::Code;
use crate::fault::Fault;
use crate::route_file::Field;
use crate::similar;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        if !matches!(route.required_role, Field::Absent) {
            continue;
        }
        let message = format!("{} does not say who may call it", called(route));
        let label = "add `required_role`, or state that it is public";
        let place = route.path_prefix.given().map_or(route.place, |path| path.span);
        let mut fault = Fault::new(Code::AccessNotStated, message, place, label).of_route(index);
        let roles = context.file.roles.iter().take(8).map(|role| role.name.value.as_str());
        let mut roles = roles.peekable();
        if roles.peek().is_some() {
            fault = fault.help(format!("require a role, `required_role: …`; declared are {}", similar::listed(roles)));
        }
        faults.push(fault.help("or make it public on purpose: `required_role: Everyone(reason: \"…\")`"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn a_route_without_required_role_does_not_build() {
        let text = file(&["Route(path_prefix: \"/backup\", service: \"s\", target: \"http://s\")".into()]);
        let faults = faults(&text);
        assert_eq!(faults[0].code, Code::AccessNotStated);
        assert_eq!(faults[0].message, "route `/backup` does not say who may call it");
        assert_eq!(marked(&text, &faults[0]), "\"/backup\"");
    }
}
