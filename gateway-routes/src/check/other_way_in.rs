//! Two routes with different callers that lead to one upstream path: who is kept out by the one comes in by the other.

use std::collections::{HashMap, HashSet};

use gateway_table::Scheme;

use super::{Context, upstream};
use crate::Code;
use crate::callers::{self, Callers};
use crate::fault::Fault;
use crate::prefix_tree::PrefixTree;
use upstream::Upstream;

/// How many routes of one upstream path are compared with another route; a file in which more of them differ is told enough.
const MOST_COMPARED: usize = 16;

/// A route, by index, with its callers and where it leads.
type Door = (usize, Callers, Upstream);

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_address: HashMap<(Scheme, &str, u16), Vec<Door>> = HashMap::new();
    for (index, route) in context.routes() {
        let (Some(target), Some(callers)) = (context.target(index), callers::of_route(context, route)) else {
            continue;
        };
        if let Some(upstream) = upstream::of_route(context, index) {
            of_address.entry(target.address()).or_default().push((index, callers, upstream));
        }
    }
    for routes in of_address.values().filter(|routes| routes.len() > 1) {
        check_service(context, routes, faults);
    }
}

/// The routes of one address: for each, those whose upstream paths hold its own.
fn check_service(context: &Context<'_>, routes: &[Door], faults: &mut Vec<Fault>) {
    let first_callers = routes[0].1;
    if routes.iter().all(|(_, callers, _)| *callers == first_callers) {
        return;
    }
    let texts: Vec<String> = routes.iter().map(|(.., upstream)| upstream.text()).collect();
    let tree = PrefixTree::new(texts.iter().map(String::as_str));
    let fresh = crate::query::witness::fresh_segment(&tree);
    let mut told = HashSet::new();
    for (one, (index, callers, upstream)) in routes.iter().enumerate() {
        let path = upstream.instance(&fresh);
        let others = holding(&tree, &path).into_iter().filter(|other| *other != one && routes[*other].1 != *callers);
        for other in others.take(MOST_COMPARED) {
            let (other_index, other_callers, other_upstream) = &routes[other];
            let way = other_upstream.request_for(&path, &context.fresh);
            let way =
                way.filter(|way| context.owns(*other_index, way) && shares_a_method(context, *index, *other_index));
            let pair = (*index.min(other_index), *index.max(other_index));
            if let (Some(way), true) = (way, told.insert(pair)) {
                let own = upstream.request_for(&path, &context.fresh).unwrap_or_default();
                let (weak, strong) = if other_callers.exceed(*callers) {
                    ((*other_index, way), (*index, own))
                } else {
                    ((*index, own), (*other_index, way))
                };
                faults.extend(fault(context, &path, &weak, &strong));
            }
        }
    }
}

/// The members whose pattern is `path`, or starts it.
fn holding(tree: &PrefixTree, path: &[String]) -> Vec<usize> {
    let mut live = vec![0];
    let mut found = tree.owners(0).to_vec();
    for segment in path {
        live = tree.step(&live, segment);
        found.extend(live.iter().flat_map(|node| tree.owners(*node)));
    }
    // The longest one is nearest.
    found.into_iter().rev().map(|member| member as usize).collect()
}

fn shares_a_method(context: &Context<'_>, one: usize, other: usize) -> bool {
    match (context.methods[one], context.methods[other]) {
        (Some(one), Some(other)) => !one.intersection(other).is_empty(),
        _ => false,
    }
}

fn fault(context: &Context<'_>, path: &[String], weak: &(usize, String), strong: &(usize, String)) -> Option<Fault> {
    let routes = [weak.0, strong.0].map(|route| &context.file.routes[route]);
    let method = context.methods[weak.0]?.intersection(context.methods[strong.0]?).iter().next()?;
    let service = &routes[0].service.given()?.value;
    let message = format!("`/{}` of `{service}` can be reached with other roles", path.join("/"));
    let fault = Fault::new(Code::OtherWayIn, message, routes[0].required_role.given()?.span, "who may come in here")
        .and(routes[1].required_role.given()?.span, "need not be among these")
        .note(format!("`{method} {}` and `{method} {}` reach the same place", weak.1, strong.1));
    let help = format!("ask for the same roles, or confirm it: `allow: [({}, \"…\")]`", Code::OtherWayIn);
    Some(fault.help(help).of_route(weak.0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(one: &str, other: &str) -> Vec<Code> {
        let viewer = format!("{other}, required_role: Viewer");
        codes(&file(&[route(one), route(&viewer)]).replace("Admin: \"admin\"", "Admin: \"admin\", Viewer: \"viewer\""))
    }

    #[test]
    fn two_doors_with_different_locks_are_a_warning() {
        for (one, other) in [
            ("path_prefix: \"/adm\"", "path_prefix: \"/pub\""),
            ("path_prefix: \"/adm\", target: \"http://s:1/x\"", "path_prefix: \"/pub\""),
            ("path_prefix: \"/adm/{id}\", rewrite: Replace(\"/u/{id}\")", "path_prefix: \"/u\", rewrite: Keep"),
            (
                "path_prefix: \"/adm\", target: \"http://s:1/7\"",
                "path_prefix: \"/u/{id}\", rewrite: Replace(\"/{id}\")",
            ),
        ] {
            assert_eq!(codes_of(one, other), [Code::OtherWayIn], "{one} {other}");
        }
    }

    #[test]
    fn a_door_that_another_route_keeps_shut_is_none() {
        let inner = "path_prefix: \"/a/{id}/train\", rewrite: Replace(\"/{id}/train\")";
        assert_eq!(codes_of("path_prefix: \"/a\"", inner), []);
        assert_eq!(codes_of("path_prefix: \"/a\", methods: [GET]", "path_prefix: \"/b\", methods: [POST]"), []);
        assert_eq!(
            codes_of("path_prefix: \"/a\", target: \"http://s:1/x\"", "path_prefix: \"/b\", target: \"http://s:1/y\""),
            []
        );
    }
}
