//! What a table holds: a line per route for people, everything for programs.

use std::time::Duration;

use gateway_table::{
    Access, Breaker, Method, Piece, RateLimit, Retry, RetryCause, Rewrite, Route, Table, Timeouts, Upgrade,
};
use serde_json::{Value, json};

/// A line per route: methods, path, who may call it, how often, where it goes.
pub fn human(table: &Table) -> String {
    let heading = ["METHODS", "PATH", "WHO", "LIMIT", "TARGET"].map(str::to_owned);
    let rows: Vec<[String; 5]> =
        std::iter::once(heading).chain(table.routes.iter().map(|route| row(table, route))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..4).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text += &cells.chain([format!("{}\n", row[4])]).collect::<Vec<_>>().join("  ");
    }
    text
}

fn row(table: &Table, route: &Route) -> [String; 5] {
    let all = route.methods == gateway_table::MethodSet::ALL;
    let limit = |limit: RateLimit| format!("{} a {}", limit.count, limit.unit.name());
    [
        if all { "all".to_owned() } else { route.methods.to_string().replace(", ", ",") },
        route.path_prefix.to_string(),
        access_names(table, route).map_or_else(|| "everyone".to_owned(), |names| names.join(",")),
        route.rate_limit.map_or_else(|| "unlimited".to_owned(), limit),
        target(table, route),
    ]
}

/// The whole table, with the defaults filled in. Times are milliseconds, sizes bytes.
pub fn json(table: &Table) -> String {
    let grants =
        |grants: gateway_table::RoleSet| grants.iter().map(|role| &*table.roles[role].name).collect::<Vec<_>>();
    let roles =
        table.roles.iter().map(|role| json!({"name": role.name, "claim": role.claim, "grants": grants(role.grants)}));
    let services = table.services.iter().map(
        |service| json!({"name": service.name, "url": format!("{}://{}", service.scheme.name(), service.authority)}),
    );
    let report = json!({
        "digest": table.digest,
        "roles": roles.collect::<Vec<_>>(),
        "services": services.collect::<Vec<_>>(),
        "routes": table.routes.iter().map(|route| route_json(table, route)).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn route_json(table: &Table, route: &Route) -> Value {
    json!({
        "path_prefix": route.path_prefix,
        "methods": route.methods.iter().map(Method::name).collect::<Vec<_>>(),
        "service": table.service_of(route).name,
        "target": target(table, route),
        "rewrite": rewrite(route),
        "required_role": access_names(table, route).map_or_else(|| json!("Everyone"), |names| json!(names)),
        "rate_limit": route.rate_limit.map(rate_limit),
        "timeout_ms": millis(route.timeout),
        "timeouts": timeouts(route.timeouts),
        "retry": route.retry.as_ref().map(retry),
        "breaker": route.breaker.map(breaker),
        "max_concurrent": route.max_concurrent,
        "upgrade": upgrade(&route.upgrade),
        "debounce_ms": route.debounce.map(millis),
        "max_body": route.max_body,
        "summary": route.summary,
    })
}

fn target(table: &Table, route: &Route) -> String {
    let service = table.service_of(route);
    format!("{}://{}{}", service.scheme.name(), service.authority, route.target_path)
}

/// The names of the roles that may call; `None` when everyone may.
fn access_names<'a>(table: &'a Table, route: &Route) -> Option<Vec<&'a str>> {
    match route.access {
        Access::Everyone => None,
        Access::AnyOf(roles) => Some(roles.iter().map(|role| &*table.roles[role].name).collect()),
    }
}

fn rewrite(route: &Route) -> String {
    let pieces = match &route.rewrite {
        Rewrite::Strip => return "Strip".into(),
        Rewrite::Keep => return "Keep".into(),
        Rewrite::Replace(pieces) => pieces,
    };
    let segment = |index: u16| route.path_prefix.split('/').nth(usize::from(index) + 1).unwrap_or_default();
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text,
        Piece::Segment(index) => segment(*index),
    });
    format!("Replace({:?})", parts.collect::<String>())
}

fn rate_limit(limit: RateLimit) -> Value {
    json!({"count": limit.count, "unit": limit.unit.name(), "burst": limit.burst})
}

fn retry(retry: &Retry) -> Value {
    let cause = |cause: &RetryCause| match cause {
        RetryCause::Connect => json!("Connect"),
        RetryCause::Reset => json!("Reset"),
        RetryCause::Timeout => json!("Timeout"),
        RetryCause::Status(status) => json!(status),
    };
    json!({
        "attempts": retry.attempts,
        "backoff_ms": millis(retry.backoff),
        "max_backoff_ms": retry.max_backoff.map(millis),
        "per_try_ms": retry.per_try.map(millis),
        "on": retry.on.iter().map(cause).collect::<Vec<_>>(),
    })
}

fn breaker(breaker: Breaker) -> Value {
    json!({
        "failures": breaker.failures,
        "within_ms": millis(breaker.within),
        "open_for_ms": millis(breaker.open_for),
        "half_open": breaker.half_open,
    })
}

fn timeouts(timeouts: Timeouts) -> Value {
    json!({
        "connect_ms": timeouts.connect.map(millis),
        "first_byte_ms": timeouts.first_byte.map(millis),
        "idle_ms": timeouts.idle.map(millis),
    })
}

fn upgrade(upgrade: &Upgrade) -> Value {
    match upgrade {
        Upgrade::Off => json!("Off"),
        Upgrade::Any => json!("Any"),
        Upgrade::Only(protocols) => json!(protocols),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};
    use crate::{CheckedTable, Source, compile};

    fn table() -> CheckedTable {
        let training = "path_prefix: \"/a/{id}\", methods: [POST], rewrite: Replace(\"/{id}/x\"), debounce: \"2s\"";
        let open = "rate_limit: Unlimited(reason: \"x\"), timeouts: (idle: \"5m\"), upgrade: AnyOf([\"websocket\"])";
        let text = file(&[route(open), route(training)]);
        compile(&Source::new("routes.ron", text)).table.unwrap()
    }

    #[test]
    fn people_get_a_line_per_route() {
        let lines = human(&table());
        assert_eq!(
            lines,
            "METHODS  PATH     WHO    LIMIT         TARGET\n\
             all      /a       Admin  unlimited     http://s:1\n\
             POST     /a/{id}  Admin  100 a minute  http://s:1\n"
        );
    }

    #[test]
    fn programs_get_everything() {
        let report: Value = serde_json::from_str(&json(&table())).unwrap();
        assert_eq!(report["routes"][1]["rewrite"], "Replace(\"/{id}/x\")");
        assert_eq!(report["routes"][1]["debounce_ms"], 2000);
        assert_eq!(report["routes"][0]["rate_limit"], Value::Null);
        assert_eq!(
            report["routes"][0]["timeouts"],
            json!({"connect_ms": null, "first_byte_ms": null, "idle_ms": 300_000})
        );
        assert_eq!(
            (&report["routes"][0]["upgrade"], &report["routes"][1]["upgrade"]),
            (&json!(["websocket"]), &json!("Any"))
        );
        assert_eq!(report["routes"][0]["max_concurrent"], 1024);
        assert_eq!(report["routes"][1]["retry"]["on"], json!(["Connect", "Reset"]));
        assert_eq!(report["roles"][0]["grants"], json!(["Admin"]));
    }
}
