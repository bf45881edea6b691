//! One of the two tables, at one path.

use gateway_table::{CanonicalPath, Method, MethodSet, PathMatch, Table};

use super::principals::Principal;

/// Who answers a path, method by method.
pub(super) struct Side<'a> {
    table: &'a Table,
    is_after: bool,
    prefix_len: usize,
    routes: [Option<usize>; Method::ALL.len()],
}

impl<'a> Side<'a> {
    pub(super) fn before(table: &'a Table, path: &CanonicalPath<'_>) -> Self {
        Self::new(table, false, path)
    }

    pub(super) fn after(table: &'a Table, path: &CanonicalPath<'_>) -> Self {
        Self::new(table, true, path)
    }

    fn new(table: &'a Table, is_after: bool, path: &CanonicalPath<'_>) -> Self {
        let (prefix_len, routes) = match table.find(path) {
            PathMatch::Routes(found) => (found.prefix_len, Method::ALL.map(|method| table.route_for(&found, method))),
            PathMatch::BuiltIn | PathMatch::NotFound => (0, [None; Method::ALL.len()]),
        };
        Self { table, is_after, prefix_len, routes }
    }

    /// How many bytes of the path the prefix takes.
    pub(super) fn prefix_len(&self) -> usize {
        self.prefix_len
    }

    pub(super) fn route(&self, method: Method) -> Option<usize> {
        self.routes[method as usize]
    }

    /// With which methods `principal` gets through.
    pub(super) fn admitted(&self, principal: &Principal) -> MethodSet {
        let roles = if self.is_after { principal.after } else { principal.before };
        let admits = |route: usize| self.table.routes[route].access.admits(roles);
        Method::ALL.into_iter().filter(|method| self.route(*method).is_some_and(admits)).collect()
    }

    /// The prefix that owns the path; empty where none does.
    pub(super) fn prefix(&self) -> &'a str {
        self.routes.iter().flatten().next().map_or("", |route| &*self.table.routes[*route].path_prefix)
    }

    /// The URL that the upstream of `route` sees.
    pub(super) fn upstream(&self, route: usize, path: &CanonicalPath<'_>) -> String {
        let service = self.table.service_of(&self.table.routes[route]);
        let path = self.table.upstream_path(route, path, self.prefix_len);
        format!("{}://{}{path}", service.scheme.name(), service.authority)
    }
}
