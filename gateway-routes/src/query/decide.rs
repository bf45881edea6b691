//! What becomes of a request: the decisions of a running gateway, in its order, made by the table's own functions.

use gateway_table::{Access, BUILT_IN_PATHS, CanonicalPath, Found, Method, PathMatch, RoleSet, Table};

use crate::prefix_tree::PrefixTree;

/// A request, as far as routing and authorisation look at it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method's name.
    pub method: &'a str,
    /// The request target: a path, and a query where it has one.
    pub target: &'a str,
    /// The role whose token the caller shows, by index into the table; `None` for a caller without a token.
    pub role: Option<usize>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is sent to the upstream.
    Forward,
    /// The gateway answers it.
    BuiltIn,
    /// Its path is ambiguous.
    BadRequest,
    /// No route has its path.
    NotFound,
    /// The routes of its path do not answer its method.
    MethodNotAllowed,
    /// It has no token, and needs one.
    Unauthorized,
    /// Its token has no role that suffices.
    Forbidden,
}

impl Outcome {
    /// Its name, as an expectation writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forward => "Forward",
            Self::BuiltIn => "BuiltIn",
            Self::BadRequest => "BadRequest",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
        }
    }

    /// The status that the caller sees; of a request that is forwarded the upstream decides, and 200 stands for it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Forward | Self::BuiltIn => 200,
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
        }
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What becomes of it.
    pub outcome: Outcome,
    /// The route whose prefix owns the path, by index into the table.
    pub route: Option<usize>,
    /// The whole URL that it is sent to.
    pub target: Option<String>,
}

impl Decision {
    fn without_target(outcome: Outcome, route: Option<usize>) -> Self {
        Self { outcome, route, target: None }
    }
}

/// What `table` makes of `request`.
pub fn decide(table: &Table, request: &Request<'_>) -> Decision {
    let (raw_path, query) = split_query(request.target);
    let Ok(path) = CanonicalPath::new(raw_path) else {
        return Decision::without_target(Outcome::BadRequest, None);
    };
    let method = Method::from_name(request.method);
    let found = match table.find(&path) {
        PathMatch::BuiltIn if matches!(method, Some(Method::Get | Method::Head)) => {
            return Decision::without_target(Outcome::BuiltIn, None);
        }
        PathMatch::BuiltIn => return Decision::without_target(Outcome::MethodNotAllowed, None),
        PathMatch::NotFound => return Decision::without_target(Outcome::NotFound, None),
        PathMatch::Routes(found) => found,
    };
    let Some(route) = method.and_then(|method| table.route_for(&found, method)) else {
        return Decision::without_target(Outcome::MethodNotAllowed, table.owners(&found).next());
    };
    let granted = request.role.map(|role| table.roles[role].grants);
    if !table.routes[route].access.admits(granted) {
        let outcome = if granted.is_none() { Outcome::Unauthorized } else { Outcome::Forbidden };
        return Decision::without_target(outcome, Some(route));
    }
    let target = Some(upstream_url(table, route, &path, &found, query));
    Decision { outcome: Outcome::Forward, route: Some(route), target }
}

/// The path and the query of a request target; the query with its question mark.
fn split_query(target: &str) -> (&str, &str) {
    target.split_at(target.find('?').unwrap_or(target.len()))
}

fn upstream_url(table: &Table, route: usize, path: &CanonicalPath<'_>, found: &Found, query: &str) -> String {
    let service = table.service_of(&table.routes[route]);
    let upstream = table.upstream_path(route, path, found.prefix_len);
    format!("{}://{}{upstream}{query}", service.scheme.name(), service.authority)
}

/// Why `table` decides so about `request`: sentences that name the route that won, those that lost, and the roles.
pub fn why(table: &Table, request: &Request<'_>) -> Vec<String> {
    why_among(table, &tree_of(table), request)
}

/// The prefixes of a table, for [`why_among`].
pub(crate) fn tree_of(table: &Table) -> PrefixTree {
    PrefixTree::new(table.routes.iter().map(|route| &*route.path_prefix))
}

/// The same, for who asks more than once.
pub(crate) fn why_among(table: &Table, tree: &PrefixTree, request: &Request<'_>) -> Vec<String> {
    let path = match CanonicalPath::new(split_query(request.target).0) {
        Ok(path) => path,
        Err(fault) => return vec![format!("{fault}: it could be read in two ways, so it is refused")],
    };
    let method = Method::from_name(request.method);
    match table.find(&path) {
        PathMatch::BuiltIn => why_built_in(&path, method),
        PathMatch::NotFound => vec![format!("no route's prefix matches `{}`", &*path)],
        PathMatch::Routes(found) => {
            let mut why = why_this_prefix(table, tree, &path, &found);
            match method.and_then(|method| table.route_for(&found, method)) {
                Some(route) => why.push(why_role(table, route, request.role)),
                None => why.push(why_not_method(table, request.method, &found)),
            }
            why
        }
    }
}

fn why_built_in(path: &CanonicalPath<'_>, method: Option<Method>) -> Vec<String> {
    let mut why = vec![format!("the gateway itself answers `{}`, whatever the routes say", &**path)];
    if !matches!(method, Some(Method::Get | Method::Head)) {
        why.push(format!(
            "{} answer to GET and HEAD only",
            BUILT_IN_PATHS.map(|path| format!("`{path}`")).join(" and ")
        ));
    }
    why
}

fn why_this_prefix(table: &Table, tree: &PrefixTree, path: &CanonicalPath<'_>, found: &Found) -> Vec<String> {
    let Some(winner) = table.owners(found).next() else { return Vec::new() };
    let winner = &*table.routes[winner].path_prefix;
    let mut why = vec![format!("`{winner}` owns `{}`", &**path)];
    let losers = matching_prefixes(table, tree, path).into_iter().filter(|prefix| shape(prefix) != shape(winner));
    why.extend(losers.map(|loser| why_lost(loser, winner)));
    why
}

/// Every prefix that matches `path`, one of each shape, in the order of the file. Where the running gateway looks for the
/// best match alone, this looks at all of them.
fn matching_prefixes<'a>(table: &'a Table, tree: &PrefixTree, path: &str) -> Vec<&'a str> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut live = vec![0];
    let mut first_owners: Vec<u32> = tree.owners(0).first().copied().into_iter().collect();
    for segment in segments {
        live = tree.step(&live, segment);
        first_owners.extend(live.iter().filter_map(|node| tree.owners(*node).first()));
    }
    first_owners.sort_unstable();
    first_owners.into_iter().map(|route| &*table.routes[route as usize].path_prefix).collect()
}

/// The segments of a prefix; `None` stands for a parameter.
fn shape(prefix: &str) -> Vec<Option<&str>> {
    let segments = prefix.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| (!segment.starts_with('{')).then_some(segment)).collect()
}

fn why_lost(loser: &str, winner: &str) -> String {
    let differs = shape(winner).into_iter().zip(shape(loser)).find(|(win, lose)| win != lose);
    match differs {
        Some((Some(literal), _)) => {
            format!("`{loser}` matches too, but loses where `{winner}` has the literal segment `{literal}`")
        }
        _ => format!("`{loser}` matches too, but is shorter than `{winner}`"),
    }
}

fn why_not_method(table: &Table, method: &str, found: &Found) -> String {
    let allow = table.allow(found);
    format!("its routes answer {allow}, not {method}; a path belongs to its longest prefix for all methods")
}

fn why_role(table: &Table, route: usize, role: Option<usize>) -> String {
    let wanted = match table.routes[route].access {
        Access::Everyone => return "the route is open to everyone, no token is asked for".into(),
        Access::AnyOf(wanted) => wanted,
    };
    let roles = role_names(table, wanted);
    let Some(role) = role else {
        return format!("the route asks for {roles}, and the caller has no token");
    };
    let name = &table.roles[role].name;
    match (wanted.contains(role), table.roles[role].grants.intersects(wanted)) {
        (true, _) => format!("the route asks for {roles}, which `{name}` is"),
        (false, true) => format!("the route asks for {roles}, which `{name}` implies"),
        (false, false) => format!("the route asks for {roles}, and `{name}` neither is nor implies that"),
    }
}

/// The names of these roles, as a sentence lists them.
pub(crate) fn role_names(table: &Table, roles: RoleSet) -> String {
    crate::similar::listed(roles.iter().filter_map(|role| table.roles.get(role)).map(|role| &*role.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};
    use crate::{CheckedTable, Source, compile};

    fn table() -> CheckedTable {
        let text = file(&[
            route("path_prefix: \"/\", service: \"ui\", target: \"http://ui\", required_role: Everyone(reason: \"x\")"),
            route("path_prefix: \"/a/{x}\", methods: [GET]"),
            route("path_prefix: \"/a/b\", required_role: AnyOf([Viewer])"),
        ]);
        let roles = "Admin: Role(claim: \"admin\", implies: [Viewer]), Viewer: \"viewer\"";
        compile(&Source::new("routes.ron", text.replace("Admin: \"admin\"", roles))).table.unwrap()
    }

    fn outcome(method: &str, target: &str, role: Option<usize>) -> (Outcome, Option<String>) {
        let decision = decide(&table(), &Request { method, target, role });
        (decision.outcome, decision.target)
    }

    #[test]
    fn decisions_come_in_the_order_of_the_gateway() {
        for (method, target, role, expected) in [
            ("GET", "/a//b", None, Outcome::BadRequest),
            ("GET", "/a/%2e%2e/b", Some(0), Outcome::BadRequest),
            ("GET", "/healthcheck", None, Outcome::BuiltIn),
            ("HEAD", "/api/healthcheck?x", None, Outcome::BuiltIn),
            ("POST", "/healthcheck", None, Outcome::MethodNotAllowed),
            ("BREW", "/a/b", Some(0), Outcome::MethodNotAllowed),
            ("POST", "/a/c", Some(0), Outcome::MethodNotAllowed),
            ("GET", "/a/c", None, Outcome::Unauthorized),
            ("GET", "/a/c", Some(1), Outcome::Forbidden),
        ] {
            assert_eq!(outcome(method, target, role), (expected, None), "{method} {target}");
        }
    }

    #[test]
    fn what_is_forwarded_has_its_whole_target() {
        assert_eq!(outcome("HEAD", "/a/%63/d?q=1&r", Some(0)), (Outcome::Forward, Some("http://s:1/d?q=1&r".into())));
        assert_eq!(outcome("PUT", "/a/b", Some(0)), (Outcome::Forward, Some("http://s:1/".into())));
        assert_eq!(outcome("GET", "/x", None), (Outcome::Forward, Some("http://ui/x".into())));
    }

    #[test]
    fn the_reasons_name_the_winner_the_losers_and_the_role() {
        let why = why(&table(), &Request { method: "GET", target: "/a/b/c", role: Some(0) });
        assert_eq!(
            why,
            [
                "`/a/b` owns `/a/b/c`",
                "`/` matches too, but is shorter than `/a/b`",
                "`/a/{x}` matches too, but loses where `/a/b` has the literal segment `b`",
                "the route asks for `Viewer`, which `Admin` implies",
            ]
        );
    }
}
