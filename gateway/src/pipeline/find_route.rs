//! Which route a request is for: in, a canonical path and a method; out, a [`RouteMatch`].

use gateway_table::{CanonicalPath, Method, PathMatch, Route, Table};

use crate::rejection::Rejection;

/// The route that a request is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteMatch {
    /// The route, by index into the table.
    pub(super) index: usize,
    /// The route itself.
    pub(super) route: &'static Route,
    /// How many bytes of the path its prefix takes.
    pub(super) prefix_len: usize,
}

/// The route for `method` on `path`; `None` where the gateway itself answers. `owner` is told the route that owns the
/// path even if it does not answer the method.
pub(super) fn find_route(
    table: &'static Table,
    path: &CanonicalPath<'_>,
    method: &http::Method,
    owner: &mut Option<usize>,
) -> Result<Option<RouteMatch>, Rejection> {
    let found = match table.find(path) {
        PathMatch::BuiltIn => return Ok(None),
        PathMatch::NotFound => return Err(Rejection::NotFound),
        PathMatch::Routes(found) => found,
    };
    let answering = known(method).and_then(|method| table.route_for(&found, method));
    *owner = answering.or_else(|| table.owners(&found).next());
    let index = answering.ok_or_else(|| Rejection::MethodNotAllowed(table.allow(&found)))?;
    Ok(Some(RouteMatch { index, route: &table.routes[index], prefix_len: found.prefix_len }))
}

/// The method as a route can list it.
fn known(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET => Some(Method::Get),
        http::Method::HEAD => Some(Method::Head),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::PATCH => Some(Method::Patch),
        http::Method::DELETE => Some(Method::Delete),
        http::Method::OPTIONS => Some(Method::Options),
        _ => None,
    }
}
