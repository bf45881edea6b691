//! `match`: what becomes of a request, and why.

use gateway_table::Table;
use serde::Serialize;

use super::{Format, UNUSABLE, terminal};
use crate::query::decide::{Decision, Request, decide, why};
use crate::similar;

#[derive(Serialize)]
struct Report<'a> {
    outcome: &'static str,
    status: u16,
    route: Option<&'a str>,
    target: Option<&'a str>,
    why: &'a [String],
}

pub(super) fn run(table: &Table, method: &str, path: &str, role: Option<&str>, format: Format) -> u8 {
    let index = role.and_then(|name| table.roles.iter().position(|role| role.name == name));
    if let (Some(name), None) = (role, index) {
        terminal::message(&unknown_role(table, name));
        return UNUSABLE;
    }
    let request = Request { method, target: path, role: index };
    let (decision, why) = (decide(table, &request), why(table, &request));
    let route = decision.route.map(|route| &*table.routes[route].path_prefix);
    terminal::data(&match format {
        Format::Human => human(route, &decision, &why),
        Format::Json => json(route, &decision, &why),
    });
    0
}

fn unknown_role(table: &Table, name: &str) -> String {
    let declared = || table.roles.iter().map(|role| &*role.name);
    let help = match similar::closest(name, declared()) {
        Some(similar) => format!("help: did you mean `{similar}`?\n"),
        None if table.roles.is_empty() => {
            "help: no roles are declared; leave `--as` out for a caller without a token\n".into()
        }
        None => format!("help: the roles are {}\n", similar::listed(declared())),
    };
    format!("error: there is no role `{}`\n{help}", name.escape_debug())
}

fn human(route: Option<&str>, decision: &Decision, why: &[String]) -> String {
    let mut lines = vec![format!("{} ({})", decision.outcome.name(), decision.outcome.status())];
    lines.extend(route.map(|route| format!("  route   {route}")));
    lines.extend(decision.target.as_ref().map(|target| format!("  target  {}", target.escape_debug())));
    lines.extend(why.iter().map(|why| format!("  because {why}")));
    lines.join("\n") + "\n"
}

fn json(route: Option<&str>, decision: &Decision, why: &[String]) -> String {
    let report = Report {
        outcome: decision.outcome.name(),
        status: decision.outcome.status(),
        route,
        target: decision.target.as_deref(),
        why,
    };
    serde_json::to_string_pretty(&report).expect("plain data has a JSON form") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};
    use crate::{Source, compile};

    #[test]
    fn json_has_the_agreed_fields() {
        let text = file(&[route("methods: [GET]")]);
        let table = compile(&Source::new("routes.ron", text)).table.unwrap();
        let request = Request { method: "GET", target: "/a/x?q", role: Some(0) };
        let decision = decide(&table, &request);
        let report: serde_json::Value =
            serde_json::from_str(&json(Some("/a"), &decision, &why(&table, &request))).unwrap();
        assert_eq!(report["outcome"], "Forward");
        assert_eq!(report["status"], 200);
        assert_eq!(report["route"], "/a");
        assert_eq!(report["target"], "http://s:1/x?q");
        assert_eq!(report["why"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn an_unknown_role_is_told_with_the_one_that_is_meant() {
        let table = compile(&Source::new("routes.ron", file(&[route("")]))).table.unwrap();
        assert_eq!(unknown_role(&table, "admin"), "error: there is no role `admin`\nhelp: did you mean `Admin`?\n");
        assert_eq!(run(&table, "GET", "/a", Some("admin"), Format::Human), UNUSABLE);
    }
}
