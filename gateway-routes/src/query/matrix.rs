//! Who may do what: route by method by role.

use gateway_table::{Method, MethodSet, Route, Table};
use serde_json::json;

/// A caller without a token.
const EVERYONE: &str = "Everyone";

/// A route's line: its methods, its prefix, and for every caller whether the route answers them.
struct Row<'a> {
    methods: MethodSet,
    path_prefix: &'a str,
    admits: Vec<bool>,
}

/// The callers: everyone, that is nobody in particular, and whoever has one role.
fn callers(table: &Table) -> Vec<&str> {
    std::iter::once(EVERYONE).chain(table.roles.iter().map(|role| &*role.name)).collect()
}

/// The routes, those of one path together, by path.
fn rows(table: &Table) -> Vec<Row<'_>> {
    let mut routes: Vec<&Route> = table.routes.iter().collect();
    routes.sort_by_key(|route| (&route.path_prefix, route.methods.bits()));
    let callers = || std::iter::once(None).chain(table.roles.iter().map(|role| Some(role.grants)));
    let row = |route: &'_ Route| callers().map(|caller| route.access.admits(caller)).collect();
    let rows = routes.into_iter();
    rows.map(|route| Row { methods: route.methods, path_prefix: &route.path_prefix, admits: row(route) }).collect()
}

fn methods(methods: MethodSet) -> String {
    if methods == MethodSet::ALL { "all".into() } else { methods.to_string().replace(", ", ",") }
}

/// The cells of the table that people see, the heading first.
fn cells(table: &Table) -> Vec<Vec<String>> {
    let names = ["METHODS", "PATH"].into_iter().chain(callers(table));
    let heading = names.map(str::to_owned).collect();
    let row = |row: Row<'_>| {
        let marks = row.admits.iter().map(|admits| if *admits { "yes" } else { "-" }.to_owned());
        [methods(row.methods), row.path_prefix.to_owned()].into_iter().chain(marks).collect()
    };
    std::iter::once(heading).chain(rows(table).into_iter().map(row)).collect()
}

/// A line per route, a column per role.
pub fn human(table: &Table) -> String {
    let cells = cells(table);
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    cells.iter().map(line).collect()
}

/// The same as a table in Markdown.
pub fn markdown(table: &Table) -> String {
    let mut cells = cells(table);
    for row in cells.iter_mut().skip(1) {
        row[1] = format!("`{}`", row[1]);
    }
    let rule = vec!["---".to_owned(); cells[0].len()];
    cells.insert(1, rule);
    let lines: Vec<String> = cells.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    lines.concat()
}

/// A row per route and method, for programs; the form is stable.
pub fn json(table: &Table) -> String {
    let callers = callers(table);
    let of_route = |row: Row<'_>| {
        let allowed: Vec<&str> =
            callers.iter().zip(&row.admits).filter(|(_, admits)| **admits).map(|(caller, _)| *caller).collect();
        let of_method =
            |method: Method| json!({"path_prefix": row.path_prefix, "method": method.name(), "allowed": allowed});
        row.methods.iter().map(of_method).collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows(table).into_iter().flat_map(of_route).collect();
    format!("{:#}\n", json!({"callers": callers, "rows": rows}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};
    use crate::{CheckedTable, Source, compile};

    fn table() -> CheckedTable {
        let public = "path_prefix: \"/b\", required_role: Everyone(reason: \"x\")";
        let text = file(&[route(public), route("methods: [POST]"), route("methods: [GET], required_role: Viewer")]);
        let roles = "Admin: Role(claim: \"admin\", implies: [Viewer]), Viewer: \"viewer\"";
        compile(&Source::new("routes.ron", text.replace("Admin: \"admin\"", roles))).table.unwrap()
    }

    #[test]
    fn people_see_who_may_do_what() {
        assert_eq!(
            human(&table()),
            "METHODS   PATH  Everyone  Admin  Viewer\n\
             GET,HEAD  /a    -         yes    yes\n\
             POST      /a    -         yes    -\n\
             all       /b    yes       yes    yes\n"
        );
    }

    #[test]
    fn markdown_is_a_table_with_paths_as_code() {
        let lines: Vec<String> = markdown(&table()).lines().map(str::to_owned).collect();
        assert_eq!(
            lines[..3],
            [
                "| METHODS | PATH | Everyone | Admin | Viewer |",
                "| --- | --- | --- | --- | --- |",
                "| GET,HEAD | `/a` | - | yes | yes |",
            ]
        );
    }

    #[test]
    fn programs_get_a_row_per_method() {
        let report: serde_json::Value = serde_json::from_str(&json(&table())).unwrap();
        assert_eq!(report["rows"].as_array().unwrap().len(), 2 + 1 + 7);
        assert_eq!(report["rows"][0]["allowed"], json!(["Admin", "Viewer"]));
    }
}
