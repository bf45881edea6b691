//! Two routes that answer the same requests: their paths match the same, and they share a method.

use std::collections::HashMap;

use gateway_table::MethodSet;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::query::witness;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_shape: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, _) in context.routes() {
        let Some(pattern) = context.pattern(index) else { continue };
        if context.file.routes[index].methods.is_broken() || context.methods[index].is_none() {
            continue;
        }
        let earlier = of_shape.entry(pattern.shape()).or_default();
        let clashing: Vec<usize> =
            earlier.iter().copied().filter(|earlier| !shared(context, *earlier, index).is_empty()).collect();
        let taken = clashing.iter().fold(MethodSet::EMPTY, |set, other| set.union(shared(context, *other, index)));
        // A route that repeats another is not compared with later ones: each is told of once.
        match clashing.as_slice() {
            [] => earlier.push(index),
            [_, _, ..] if Some(taken) == context.methods[index] => {
                faults.extend(unreachable(context, &clashing, index));
            }
            [first, ..] => faults.extend(clash(context, *first, index)),
        }
    }
}

/// The methods that both routes list. HEAD belongs to a GET that is listed only where no other route lists it, so it is no
/// clash by itself.
fn shared(context: &Context<'_>, one: usize, other: usize) -> MethodSet {
    let methods = |route: usize| context.methods[route].unwrap_or(MethodSet::EMPTY);
    methods(one).intersection(methods(other))
}

fn clash(context: &Context<'_>, first: usize, second: usize) -> Option<Fault> {
    let routes = &context.file.routes;
    let (one, other) = (routes[first].path_prefix.given()?, routes[second].path_prefix.given()?);
    let lists = [first, second].map(|route| routes[route].methods.given());
    let methods = shared(context, first, second);
    let fault = if one.value != other.value {
        let message = format!("`{}` and `{}` match the same paths", one.value, other.value);
        Fault::new(Code::SamePattern, message, other.span, "equal up to the parameter's name").help(
            "a parameter's name makes no difference to what it matches; merge the routes, or split them by method",
        )
    } else if lists[0].is_some() == lists[1].is_some() {
        let message = match lists[0] {
            Some(_) => format!("two routes answer {methods} of `{}`", one.value),
            None => format!("two routes answer `{}`", one.value),
        };
        Fault::new(Code::DuplicateRoute, message, other.span, "the second route")
            .help("merge the routes, or split them by method: `methods: [GET]` here, `methods: [POST]` there")
    } else {
        let message = format!("two routes answer {methods} of `{}`: one of them lists no methods", one.value);
        Fault::new(Code::Overlap, message, other.span, answers(lists[1].is_some()))
            .help("a route without `methods` answers all of them: list the ones that are left for it")
    };
    let label = if one.value == other.value && lists[0].is_some() != lists[1].is_some() {
        answers(lists[0].is_some())
    } else {
        "the first route"
    };
    Some(fault.and(one.span, label).of_route(second))
}

/// The fault of a route of which others, taken together, leave nothing.
fn unreachable(context: &Context<'_>, others: &[usize], route: usize) -> Option<Fault> {
    let path = context.file.routes[route].path_prefix.given()?;
    let witness = witness::path_of(&path.value, &context.fresh);
    let message = format!("no request is left for this route of `{}`", path.value);
    let mut fault = Fault::new(Code::Unreachable, message, path.span, "can never match");
    for other in others {
        let taken = shared(context, *other, route);
        let span = context.file.routes[*other].path_prefix.given()?.span;
        let method = taken.iter().next()?;
        fault =
            fault.and(span, format!("takes {taken}")).note(format!("`{method} {witness}` is answered here already"));
    }
    Some(fault.help("remove it, or take from the others the methods that are meant for it").of_route(route))
}

fn answers(lists_methods: bool) -> &'static str {
    if lists_methods { "answers the methods that it lists" } else { "answers every method" }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(routes: &[&str]) -> Vec<Code> {
        codes(&file(&routes.iter().map(|fields| route(fields)).collect::<Vec<_>>()))
    }

    #[test]
    fn the_same_path_and_method_twice_is_a_fault() {
        assert_eq!(codes_of(&["", ""]), [Code::DuplicateRoute]);
        assert_eq!(codes_of(&["methods: [GET, PUT]", "methods: [PUT, POST]"]), [Code::DuplicateRoute]);
        assert_eq!(codes_of(&["", "", ""]), [Code::DuplicateRoute, Code::DuplicateRoute]);
    }

    #[test]
    fn a_route_of_which_others_together_leave_nothing_is_unreachable() {
        let split = ["methods: [GET]", "methods: [POST]"];
        assert_eq!(codes_of(&[split[0], split[1], "methods: [GET, POST]"]), [Code::Unreachable]);
        assert_eq!(codes_of(&[split[0], split[1], "methods: [GET, POST, PUT]"]), [Code::DuplicateRoute]);
        let text = file(&[route(split[0]), route(split[1]), route("methods: [POST, GET]")]);
        assert_eq!(faults(&text)[0].labels.len(), 3);
    }

    #[test]
    fn both_routes_are_shown() {
        let text = file(&[route(""), route("")]);
        let fault = &faults(&text)[0];
        assert_eq!(fault.labels.len(), 2);
        assert!(fault.labels[0].primary && fault.labels[0].span > fault.labels[1].span);
    }

    #[test]
    fn all_methods_beside_some_is_a_fault() {
        assert_eq!(codes_of(&["", "methods: [GET]"]), [Code::Overlap]);
        assert_eq!(codes_of(&["methods: [GET]", ""]), [Code::Overlap]);
    }

    #[test]
    fn parameter_names_make_no_difference() {
        assert_eq!(codes_of(&["path_prefix: \"/u/{id}\"", "path_prefix: \"/u/{name}\""]), [Code::SamePattern]);
    }

    #[test]
    fn split_methods_are_fine() {
        assert_eq!(codes_of(&["methods: [GET]", "methods: [POST]", "methods: [HEAD]"]), []);
        assert_eq!(codes_of(&["path_prefix: \"/a\"", "path_prefix: \"/A\"", "path_prefix: \"/a/b\""]), []);
    }
}
