//! The checks: one file per mistake or family of mistakes. A new check is a file here and a line in [`CHECKS`].
//!
//! In: the route file as written. Out: faults, and what the checks found out on the way ([`Context`]), which lowering needs.

use std::collections::HashMap;

use gateway_table::{CanonicalPath, MethodSet, RoleSet, Trie};

use crate::callers;
use crate::fault::Fault;
use crate::pattern::{Pattern, PatternFault};
use crate::prefix_tree::PrefixTree;
use crate::query::witness;
use crate::route_file::{Route, RouteFile, Who};
use crate::span::{Spanned, Text};
use crate::target::{Target, TargetFault};

mod access_not_stated;
mod breaker_never_opens;
mod built_in_shadowed;
mod claims;
mod cleartext;
mod concurrency_differs;
mod duplicate_route;
mod implies_circle;
mod limit_never_reached;
mod methods;
mod namespace_swallowed;
mod never_retried;
mod other_way_in;
mod part_never_reached;
mod path_prefix;
mod public_without_reason;
mod retries_never_run;
mod retry_causes;
mod rewrite;
mod role_lists;
mod role_names;
mod self_target;
mod sensitive_public;
mod service_addresses;
mod service_name;
mod shared_answers;
mod target;
mod unknown_role;
mod unused_role;
mod upgrade;
mod upstream;
mod weaker_inside;
mod writes_weaker;
mod zero;
mod zeromq;

pub(crate) mod coverage;
pub(crate) mod expectations;

/// A check looks at the whole file and adds what it finds.
type Check = fn(&Context<'_>, &mut Vec<Fault>);

/// Every check that needs no table. Their order does not matter: faults are sorted by place.
const CHECKS: [Check; 34] = [
    access_not_stated::check,
    breaker_never_opens::check,
    built_in_shadowed::check,
    claims::check,
    cleartext::check,
    concurrency_differs::check,
    duplicate_route::check,
    implies_circle::check,
    limit_never_reached::check,
    methods::check,
    namespace_swallowed::check,
    never_retried::check,
    other_way_in::check,
    part_never_reached::check,
    path_prefix::check,
    public_without_reason::check,
    retries_never_run::check,
    retry_causes::check,
    rewrite::check,
    role_lists::check,
    role_names::check,
    self_target::check,
    sensitive_public::check,
    service_addresses::check,
    service_name::check,
    shared_answers::check,
    target::check,
    unknown_role::check,
    unused_role::check,
    upgrade::check,
    weaker_inside::check,
    writes_weaker::check,
    zero::check,
    zeromq::check,
];

/// Runs every check.
pub(crate) fn run(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for check in CHECKS {
        check(context, faults);
    }
}

/// The file as written, and what is worked out of it once for all checks.
pub(crate) struct Context<'a> {
    pub(crate) file: &'a RouteFile,
    /// The prefix of each route, or what is wrong with it; `None` where it could not be read.
    pub(crate) patterns: Vec<Option<Result<Pattern, Vec<PatternFault>>>>,
    /// The target of each route, likewise.
    pub(crate) targets: Vec<Option<Result<Target, TargetFault>>>,
    /// The methods of each route as listed; `None` where the list is faulty.
    pub(crate) methods: Vec<Option<MethodSet>>,
    /// The index of each declared role.
    pub(crate) roles: HashMap<&'a str, usize>,
    /// What each declared role is good for.
    pub(crate) grants: Vec<RoleSet>,
    /// The prefixes that keep all rules; an owner is an index into `prefix_routes`.
    prefixes: Trie,
    tree: PrefixTree,
    prefix_routes: Vec<usize>,
    /// A segment that is the literal of no prefix.
    fresh: String,
}

impl<'a> Context<'a> {
    pub(crate) fn new(file: &'a RouteFile) -> Self {
        let routes = &file.routes;
        let pattern = |route: &Route| route.path_prefix.given().map(|text| Pattern::parse(&text.value));
        let target = |route: &Route| route.target.given().map(|text| Target::parse(&text.value));
        let roles = file.roles.iter().enumerate().map(|(index, role)| (role.name.value.as_str(), index));
        let roles: HashMap<&str, usize> = roles.collect();
        let patterns: Vec<_> = routes.iter().map(pattern).collect();
        let right = |index: &usize| matches!(patterns[*index], Some(Ok(_)));
        let prefix_routes: Vec<usize> = (0..routes.len()).filter(right).collect();
        let texts = patterns.iter().filter_map(|pattern| pattern.as_ref()?.as_ref().ok()).map(|pattern| &*pattern.text);
        let texts: Vec<&str> = texts.collect();
        let (prefixes, tree) = (Trie::new(texts.iter().copied()), PrefixTree::new(texts));
        Self {
            file,
            targets: routes.iter().map(target).collect(),
            methods: routes.iter().map(methods::listed).collect(),
            grants: callers::grants(file, |name| roles.get(name).copied()),
            fresh: witness::fresh_segment(&tree),
            patterns,
            roles,
            prefixes,
            tree,
            prefix_routes,
        }
    }

    /// Whether the prefix of `route` owns `path`.
    fn owns(&self, route: usize, path: &str) -> bool {
        let found = CanonicalPath::new(path).ok().and_then(|path| self.prefixes.find(&path));
        let owners = found.map_or(&[][..], |found| &self.prefixes.owners[found.owners]);
        owners.iter().any(|owner| self.prefix_routes[*owner as usize] == route)
    }

    /// The prefix of a route, where it keeps all rules.
    pub(crate) fn pattern(&self, route: usize) -> Option<&Pattern> {
        self.patterns[route].as_ref()?.as_ref().ok()
    }

    /// The target of a route, where it is one.
    pub(crate) fn target(&self, route: usize) -> Option<&Target> {
        self.targets[route].as_ref()?.as_ref().ok()
    }

    /// The routes with their indices.
    fn routes(&self) -> impl Iterator<Item = (usize, &'a Route)> + use<'a> {
        self.file.routes.iter().enumerate()
    }

    /// Every place that names a role: routes, and what other roles imply.
    fn role_uses(&self) -> impl Iterator<Item = &'a Spanned<String>> + use<'a> {
        let of_routes = self.file.routes.iter().flat_map(wanted_roles);
        of_routes.chain(self.file.roles.iter().flat_map(|role| &role.implies))
    }
}

/// The roles that a route names.
fn wanted_roles(route: &Route) -> &[Spanned<String>] {
    match route.required_role.given().map(|access| &access.who) {
        Some(Who::AnyOf(roles)) => roles,
        _ => &[],
    }
}

/// How a message calls a route: by its prefix, where it has one that can be shown.
fn called(route: &Route) -> String {
    match route.path_prefix.given() {
        Some(Text { value, .. }) if !value.is_empty() && value.len() <= 100 => {
            format!("route `{}`", value.escape_debug())
        }
        _ => "this route".into(),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! How the tests of the checks write a route file and look at what is said about it.

    use crate::{Code, Fault, Source, compile};

    /// A good route with these fields besides, or instead.
    pub(crate) fn route(fields: &str) -> String {
        let mut parts = Vec::new();
        for (name, value) in
            [("path_prefix", "\"/a\""), ("service", "\"s\""), ("target", "\"http://s:1\""), ("required_role", "Admin")]
        {
            let given = fields.starts_with(&format!("{name}:")) || fields.contains(&format!(" {name}:"));
            if !given {
                parts.push(format!("{name}: {value}"));
            }
        }
        parts.extend((!fields.is_empty()).then(|| fields.to_owned()));
        format!("Route({})", parts.join(", "))
    }

    /// A file with these routes and one role, `Admin`.
    pub(crate) fn file(routes: &[String]) -> String {
        format!("Gateway(\n  roles: {{ Admin: \"admin\" }},\n  routes: [\n    {},\n  ],\n)\n", routes.join(",\n    "))
    }

    /// What is said about a file.
    pub(crate) fn faults(text: &str) -> Vec<Fault> {
        compile(&Source::new("routes.ron", text)).faults
    }

    /// The codes of what is said about a file, in the order of their places.
    pub(crate) fn codes(text: &str) -> Vec<Code> {
        faults(text).iter().map(|fault| fault.code).collect()
    }

    /// The codes of what is said about a file with one route that has these fields.
    pub(crate) fn codes_of_route(fields: &str) -> Vec<Code> {
        codes(&file(&[route(fields)]))
    }

    /// The text that a fault's primary label marks.
    pub(crate) fn marked<'t>(text: &'t str, fault: &Fault) -> &'t str {
        &text[fault.place().start..fault.place().end]
    }

    /// The file after a fault's fix.
    pub(crate) fn fixed(text: &str, fault: &Fault) -> String {
        let fix = fault.fix.as_ref().expect("a fix");
        format!("{}{}{}", &text[..fix.span.start], fix.replacement, &text[fix.span.end..])
    }
}
