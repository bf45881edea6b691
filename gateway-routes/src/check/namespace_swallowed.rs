//! A catch-all takes what the routes of a namespace leave: a misspelt path of an API reaches the web page's service.

use std::collections::BTreeMap;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::pattern::{Pattern, Segment};
use crate::route_file::{Field, Route};

/// First segments that name an API even where one route alone lies below them.
const API_WORDS: [&str; 6] = ["api", "graphql", "rest", "rpc", "v1", "v2"];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let catch_all = context.routes().find(|(index, _)| is(context.pattern(*index), <[Segment]>::is_empty));
    let Some((index, catch_all)) = catch_all else { return };
    for (name, below) in namespaces(context) {
        let owned = below.iter().any(|route| is(context.pattern(*route), |segments| segments.len() == 1));
        let same = below.iter().any(|route| same_service(&context.file.routes[*route], catch_all));
        let is_api = API_WORDS.contains(&name.to_ascii_lowercase().as_str());
        if !owned && !same && (is_api || below.len() > 1) {
            let first = &context.file.routes[below[0]];
            faults.extend(fault(context, catch_all, first, name).map(|fault| fault.of_route(index)));
        }
    }
}

fn is(pattern: Option<&Pattern>, condition: impl FnOnce(&[Segment]) -> bool) -> bool {
    pattern.is_some_and(|pattern| condition(&pattern.segments))
}

fn same_service(one: &Route, other: &Route) -> bool {
    let name = |route: &Route| route.service.given().map(|name| name.value.clone());
    name(one) == name(other)
}

/// The routes by their first segment, where that is a literal.
fn namespaces<'a>(context: &'a Context<'_>) -> BTreeMap<&'a str, Vec<usize>> {
    let mut namespaces: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, _) in context.routes() {
        let first = context.pattern(index).and_then(|pattern| pattern.segments.first());
        if let Some(Segment::Literal(name)) = first {
            namespaces.entry(name).or_default().push(index);
        }
    }
    namespaces
}

fn fault(context: &Context<'_>, catch_all: &Route, first: &Route, name: &str) -> Option<Fault> {
    let (Field::Given(path), Field::Given(service)) = (&catch_all.path_prefix, &catch_all.service) else { return None };
    let message = format!("what the routes below `/{name}` leave goes to `{}`", service.value);
    let label = format!("takes `GET /{name}/{}`, which no route below `/{name}` has", context.fresh);
    let fault = Fault::new(Code::NamespaceSwallowed, message, path.span, label);
    let fault = fault.and(first.path_prefix.given()?.span, format!("`/{name}` has routes of its own"));
    let fault = fault.help(format!("give `/{name}` a route of its own"));
    Some(fault.help(format!("or confirm it in the catch-all: `allow: [({}, \"…\")]`", Code::NamespaceSwallowed)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    const ROOT: &str = "path_prefix: \"/\", service: \"ui\", target: \"http://ui:1\"";

    fn codes_of(paths: &[&str]) -> Vec<Code> {
        let others = paths
            .iter()
            .enumerate()
            .map(|(n, path)| route(&format!("path_prefix: \"{path}\", target: \"http://s:1/{n}\"")));
        codes(&file(&std::iter::once(route(ROOT)).chain(others).collect::<Vec<_>>()))
    }

    #[test]
    fn an_api_under_a_catch_all_needs_a_route_of_its_own() {
        assert_eq!(codes_of(&["/api/a"]), [Code::NamespaceSwallowed]);
        assert_eq!(codes_of(&["/plant/a", "/plant/b"]), [Code::NamespaceSwallowed]);
        assert_eq!(codes_of(&["/api/a", "/api"]), []);
        assert_eq!(codes_of(&["/login/form", "/a"]), []);
    }
}
