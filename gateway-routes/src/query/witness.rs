//! Requests that stand for all others: one that a route answers, and one for every set of paths that prefixes tell apart.

use std::collections::{BTreeMap, BTreeSet};

use gateway_table::{CanonicalPath, Method, PathMatch, Table};

use crate::prefix_tree::PrefixTree;

/// How many paths are looked at before the rest is left alone. Prefixes that mix literals and parameters in every order can
/// tell apart more paths than a machine can count.
const MOST_PATHS: usize = 100_000;

/// A segment that is the literal of no prefix.
pub(crate) fn fresh_segment(tree: &PrefixTree) -> String {
    let labels: BTreeSet<&str> = tree.labels().collect();
    let mut fresh = String::from("x");
    while labels.contains(fresh.as_str()) {
        fresh.push('x');
    }
    fresh
}

/// The path that `prefix` writes, with `fresh` for each of its parameters.
///
/// With a segment that is nobody's literal this path belongs to `prefix`: any other prefix that matches it has a parameter
/// where this one has a literal, or is shorter, and loses either way.
pub(crate) fn path_of(prefix: &str, fresh: &str) -> String {
    let segments = prefix.split('/').map(|segment| if segment.starts_with('{') { fresh } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// A method and a path that `route` answers; `None` when no request ever comes to it.
pub fn reaching(table: &Table, route: usize) -> Option<(Method, String)> {
    let tree = PrefixTree::new(table.routes.iter().map(|route| &*route.path_prefix));
    reaching_among(table, route, &fresh_segment(&tree))
}

/// The same, with a segment that is known to be nobody's literal.
pub(crate) fn reaching_among(table: &Table, route: usize, fresh: &str) -> Option<(Method, String)> {
    let path = path_of(&table.routes[route].path_prefix, fresh);
    let canonical = CanonicalPath::new(&path).ok()?;
    let PathMatch::Routes(found) = table.find(&canonical) else { return None };
    let method = Method::ALL.into_iter().find(|method| table.route_for(&found, *method) == Some(route))?;
    Some((method, path))
}

/// Calls `visit` with one path out of every set of paths that the prefixes of `tree` tell apart, and says whether that were
/// all of them.
pub(crate) fn each_path(tree: &PrefixTree, visit: &mut dyn FnMut(&str)) -> bool {
    let mut walk = Walk { tree, fresh: fresh_segment(tree), path: String::new(), left: MOST_PATHS, visit };
    walk.below(&[0]);
    walk.left > 0
}

struct Walk<'a> {
    tree: &'a PrefixTree,
    fresh: String,
    path: String,
    left: usize,
    visit: &'a mut dyn FnMut(&str),
}

impl Walk<'_> {
    /// Visits the path so far, which leads to `live`, and every path below it. No deeper than the longest prefix.
    fn below(&mut self, live: &[u32]) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        (self.visit)(if self.path.is_empty() { "/" } else { &self.path });
        let parameters: Vec<u32> = live.iter().filter_map(|node| self.tree.parameter(*node)).collect();
        let mut behind: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let tree = self.tree;
        for (label, node) in live.iter().flat_map(|node| tree.literals(*node)) {
            behind.entry(label).or_insert_with(|| parameters.clone()).push(node);
        }
        for (label, next) in &behind {
            self.step(label, next);
        }
        if !parameters.is_empty() {
            let fresh = self.fresh.clone();
            self.step(&fresh, &parameters);
        }
    }

    fn step(&mut self, segment: &str, live: &[u32]) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(segment);
        self.below(live);
        self.path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(prefixes: &[&str]) -> Vec<String> {
        let mut paths = Vec::new();
        assert!(each_path(&PrefixTree::new(prefixes.iter().copied()), &mut |path| paths.push(path.to_owned())));
        paths
    }

    #[test]
    fn there_is_a_path_for_everything_that_prefixes_tell_apart() {
        assert_eq!(paths(&["/a/{y}"]), ["/", "/a", "/a/x"]);
        assert_eq!(paths(&["/{y}/x", "/a"]), ["/", "/a", "/a/x", "/xx", "/xx/x"]);
    }

    #[test]
    fn prefixes_that_cannot_be_told_apart_in_time_are_cut_off() {
        let prefixes: Vec<String> =
            (0..40).map(|at| (0..40).map(|n| if n == at { "/a" } else { "/{p}" }).collect()).collect();
        let mut count = 0;
        assert!(!each_path(&PrefixTree::new(prefixes.iter().map(String::as_str)), &mut |_| count += 1));
        assert_eq!(count, MOST_PATHS);
    }

    /// A table of these routes, each a prefix and the bits of its methods; they may well clash.
    fn table(routes: &[(String, u8)]) -> Table {
        use crate::check::testing::{file, route};
        let one = crate::compile(&crate::Source::new("x", file(&[route("")]))).table.unwrap().into_table();
        let prefixes = || routes.iter().map(|(prefix, _)| prefix.as_str());
        let made = |(prefix, methods): &(String, u8)| gateway_table::Route {
            path_prefix: prefix.clone().into(),
            methods: gateway_table::MethodSet::from_bits(*methods),
            ..one.routes[0].clone()
        };
        let trie = gateway_table::Trie::new(prefixes());
        Table { routes: routes.iter().map(made).collect(), trie, ..one.clone() }
    }

    proptest::proptest! {
        #[test]
        fn a_route_has_a_witness_exactly_where_some_request_comes_to_it(
            routes in proptest::collection::vec(("(/(a|b|\\{x\\})){1,3}|/", 1u8..16), 1..10),
        ) {
            let table = table(&routes);
            let mut reached = std::collections::HashSet::new();
            let tree = PrefixTree::new(routes.iter().map(|(prefix, _)| prefix.as_str()));
            let all = each_path(&tree, &mut |path| {
                let path = CanonicalPath::new(path).unwrap();
                if let PathMatch::Routes(found) = table.find(&path) {
                    reached.extend(Method::ALL.into_iter().filter_map(|method| table.route_for(&found, method)));
                }
            });
            proptest::prop_assert!(all);
            for (route, written) in routes.iter().enumerate() {
                let witness = reaching(&table, route);
                proptest::prop_assert_eq!(witness.is_some(), reached.contains(&route), "{:?}", written);
                if let Some((method, path)) = witness {
                    let request = crate::query::decide::Request { method: method.name(), target: &path, role: Some(0) };
                    proptest::prop_assert_eq!(crate::query::decide::decide(&table, &request).route, Some(route));
                }
            }
        }
    }
}
