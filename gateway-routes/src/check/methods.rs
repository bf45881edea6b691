//! The methods that a route lists: known, each once, and at least one.

use gateway_table::{Method, MethodSet};

use super::Context;
use crate::fault::Fault;
use crate::route_file::{Field, Methods, Route};
use crate::span::Spanned;
use crate::{Code, similar};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Field::Given(methods) = &route.methods else { continue };
        check_list(methods, |fault| faults.push(fault.of_route(index)));
    }
}

/// The methods that a route lists, all where it lists none; `None` where the list is faulty.
pub(super) fn listed(route: &Route) -> Option<MethodSet> {
    match &route.methods {
        Field::Absent => Some(MethodSet::ALL),
        Field::Broken => None,
        Field::Given(methods) => {
            let set: Option<MethodSet> = methods.names.iter().map(|name| Method::from_name(&name.value)).collect();
            set.filter(|set| !set.is_empty())
        }
    }
}

fn check_list(methods: &Methods, mut tell: impl FnMut(Fault)) {
    if methods.names.is_empty() {
        let fault = Fault::new(Code::BadMethod, "this list of methods is empty", methods.span, "no request matches");
        tell(fault.help("leave `methods` out to answer all of them"));
    }
    let mut seen: Vec<&Spanned<String>> = Vec::new();
    for name in &methods.names {
        if Method::from_name(&name.value).is_none() {
            tell(unknown(name));
        } else if let Some(first) = seen.iter().find(|first| first.value == name.value) {
            let message = format!("`{}` is listed twice", name.value);
            let fault = Fault::new(Code::DuplicateMethod, message, name.span, "listed again");
            tell(fault.and(first.span, "listed first"));
        } else {
            seen.push(name);
        }
    }
}

fn unknown(name: &Spanned<String>) -> Fault {
    let known = Method::ALL.map(Method::name);
    let message = format!("unknown method `{}`", name.value);
    let fault = Fault::new(Code::BadMethod, message, name.span, "no route can answer it");
    match similar::closest(&name.value, known) {
        Some(similar) if similar.eq_ignore_ascii_case(&name.value) => fault.fix("write", name.span, similar),
        Some(similar) => fault.guess("did you mean", name.span, similar),
        None => fault.help(format!("the methods are {}", similar::listed(known).replace(" or ", " and "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn a_misspelt_method_is_told_with_the_one_that_is_meant() {
        for (written, meant) in [("get", "GET"), ("PSOT", "POST"), ("Delete", "DELETE")] {
            let text = file(&[route(&format!("methods: [{written}]"))]);
            let faults = faults(&text);
            assert_eq!(faults[0].code, Code::BadMethod);
            assert!(fixed(&text, &faults[0]).contains(&format!("methods: [{meant}]")));
        }
    }

    #[test]
    fn other_methods_empty_lists_and_doubles_are_faults() {
        assert_eq!(codes_of_route("methods: [TRACE]"), [Code::BadMethod]);
        assert_eq!(codes_of_route("methods: []"), [Code::BadMethod]);
        assert_eq!(codes_of_route("methods: [GET, POST, GET]"), [Code::DuplicateMethod]);
        assert_eq!(codes_of_route("methods: [\"GET\"]"), [Code::WrongType]);
    }
}
