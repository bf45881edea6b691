//! Which routes, methods and roles the file's expectations touch.

#[cfg(feature = "cli")]
mod report;

use gateway_table::{Access, Method, MethodSet, Route, Table};

use super::decide::{self, Request};
use super::witness;
use crate::prefix_tree::PrefixTree;

#[cfg(feature = "cli")]
pub use report::{human, json};

/// A route that an expectation's request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The route, by index.
    pub route: usize,
    /// The request's method.
    pub method: Method,
    /// The caller's role, by index; `None` without a token.
    pub role: Option<usize>,
}

/// What no expectation says about a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The route, by index.
    pub route: usize,
    /// Methods that it lists and no request uses. HEAD goes with GET; a route for all methods asks for one of them.
    pub methods: MethodSet,
    /// Roles that it asks for and no request shows.
    pub roles: Vec<usize>,
    /// An expectation that would close part of the gap.
    pub example: Option<String>,
}

/// The routes of which something is not touched, in the order of the file.
pub fn gaps(table: &Table, touched: &[Touch]) -> Vec<Gap> {
    let mut of_route: Vec<Vec<Touch>> = vec![Vec::new(); table.routes.len()];
    for touch in touched {
        of_route[touch.route].push(*touch);
    }
    let tree = PrefixTree::new(table.routes.iter().map(|route| &*route.path_prefix));
    let fresh = witness::fresh_segment(&tree);
    (0..table.routes.len()).filter_map(|index| gap(table, index, &of_route[index], &fresh)).collect()
}

/// The roles that no expectation shows, by index.
pub fn unshown_roles(table: &Table, touched: &[Touch]) -> Vec<usize> {
    (0..table.roles.len()).filter(|role| touched.iter().all(|touch| touch.role != Some(*role))).collect()
}

fn gap(table: &Table, index: usize, touched: &[Touch], fresh: &str) -> Option<Gap> {
    let route = &table.routes[index];
    let methods = unused_methods(route, touched);
    let asked_for: Vec<usize> = match route.access {
        Access::Everyone => Vec::new(),
        Access::AnyOf(roles) => roles.iter().collect(),
    };
    let is_shown = |role: usize| touched.iter().any(|touch| touch.role == Some(role));
    let roles: Vec<usize> = asked_for.iter().copied().filter(|role| !is_shown(*role)).collect();
    if methods.is_empty() && roles.is_empty() {
        return None;
    }
    let role = roles.first().or(asked_for.first()).copied();
    let reaching = witness::reaching_among(table, index, fresh);
    let example = reaching.map(|(method, path)| example(table, (methods.iter().next().unwrap_or(method), &path), role));
    Some(Gap { route: index, methods, roles, example })
}

fn unused_methods(route: &Route, touched: &[Touch]) -> MethodSet {
    let used: MethodSet = touched.iter().map(|touch| touch.method).collect();
    if route.methods == MethodSet::ALL {
        return if used.is_empty() { MethodSet::EMPTY.with(Method::Get) } else { MethodSet::EMPTY };
    }
    let comes_with_get = |method: &Method| *method == Method::Head && route.methods.contains(Method::Get);
    route.methods.iter().filter(|method| !used.contains(*method) && !comes_with_get(method)).collect()
}

/// An expectation of what becomes of such a request now.
fn example(table: &Table, (method, path): (Method, &str), role: Option<usize>) -> String {
    let decision = decide::decide(table, &Request { method: method.name(), target: path, role });
    let outcome = match decision.target {
        Some(url) => format!("Forward({url:?})"),
        None => decision.outcome.name().to_owned(),
    };
    let caller = role.map_or("Everyone", |role| &*table.roles[role].name);
    format!("Expect(request: \"{method} {path}\", as: {caller}, outcome: {outcome}),")
}

/// What is missing, as the end of a sentence.
pub(crate) fn missing(table: &Table, gap: &Gap) -> String {
    let names = gap.roles.iter().map(|role| &*table.roles[*role].name).collect::<Vec<_>>().join(", ");
    match (gap.methods.is_empty(), gap.roles.is_empty()) {
        (false, true) => format!("no request with {}", gap.methods),
        (true, _) => format!("no request as {names}"),
        (false, false) => format!("no request with {}, none as {names}", gap.methods),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{codes, faults, file, marked, route};
    use crate::{Code, Source, compile};

    fn with(gateway: &str, expect: &[&str]) -> String {
        let public =
            "path_prefix: \"/b\", service: \"t\", target: \"http://t:1\", required_role: Everyone(reason: \"x\")";
        let text = file(&[route("methods: [GET, POST]"), route(public)]);
        let expect: Vec<String> = expect.iter().map(|expect| format!("Expect({expect})")).collect();
        text.replace("  routes:", &format!("  {gateway} expect: [{}],\n  routes:", expect.join(", ")))
    }

    const GET: &str = "request: \"GET /a\", as: Admin, outcome: Forward(\"http://s:1/\")";
    const POST: &str = "request: \"POST /a\", as: Everyone, outcome: Unauthorized";
    const PUBLIC: &str = "request: \"PUT /b/x\", as: Everyone, outcome: Forward(\"http://t:1/x\")";

    #[test]
    fn what_no_request_comes_to_is_a_gap() {
        let compilation = compile(&Source::new("routes.ron", with("", &[POST])));
        let table = compilation.table.unwrap();
        let gaps = super::gaps(&table, &compilation.touched);
        let told: Vec<String> = gaps.iter().map(|gap| super::missing(&table, gap)).collect();
        assert_eq!(told, ["no request with GET, none as Admin", "no request with GET"]);
        let example = "Expect(request: \"GET /a\", as: Admin, outcome: Forward(\"http://s:1/\")),";
        assert_eq!(gaps[0].example.as_deref(), Some(example));
    }

    #[test]
    fn a_file_may_demand_that_all_is_covered() {
        assert_eq!(codes(&with("coverage: Full,", &[GET, POST, PUBLIC])), []);
        assert_eq!(codes(&with("coverage: Off,", &[])), []);
        let text = with("coverage: Full,", &[GET, PUBLIC]);
        let faults = faults(&text);
        assert_eq!((faults.len(), faults[0].code, marked(&text, &faults[0])), (1, Code::NotCovered, "\"/a\""));
        assert_eq!(codes(&with("coverage: Half,", &[])), [Code::UnknownWord]);
    }
}
