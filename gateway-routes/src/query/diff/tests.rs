use super::*;
use crate::check::testing::{file, route};
use crate::{CheckedTable, Source, compile};

fn table(text: &str) -> CheckedTable {
    let compilation = compile(&Source::new("routes.ron", text));
    compilation.table.unwrap_or_else(|| panic!("{:?}", compilation.faults))
}

fn frame(routes: &[&str]) -> String {
    let routes: Vec<String> = routes.iter().map(|fields| route(fields)).collect();
    file(&routes).replace("Admin: \"admin\"", "Admin: Role(claim: \"admin\", implies: [Viewer]), Viewer: \"viewer\"")
}

fn difference(old: &[&str], new: &[&str]) -> Difference {
    between(&table(&frame(old)), &table(&frame(new)))
}

fn accesses(changes: &[AccessChange]) -> Vec<String> {
    changes.iter().map(|change| format!("{}: {} {}", change.who, change.methods, change.path_prefix)).collect()
}

const PUBLIC: &str = "required_role: Everyone(reason: \"x\")";

#[test]
fn what_only_the_text_says_is_no_difference() {
    let old = ["path_prefix: \"/a/{id}\", rewrite: Replace(\"/{id}\"), summary: \"x\"", "path_prefix: \"/b\""];
    let new = ["path_prefix: \"/b\", timeout: \"2000ms\"", "path_prefix: \"/a/{n}\", rewrite: Replace(\"/{n}\")"];
    assert!(difference(&old, &new).is_empty());
}

#[test]
fn a_gain_of_everyone_is_told_once_and_not_for_each_role() {
    let found = difference(&[""], &[PUBLIC]);
    assert_eq!(accesses(&found.gains), [format!("Everyone: {} /a", MethodSet::ALL), "Viewer".into()][..1]);
    assert_eq!((found.losses.len(), found.changes.len()), (0, 0));
}

#[test]
fn a_role_that_implies_another_gains_with_it() {
    let found = difference(&["methods: [GET]"], &["methods: [GET], required_role: Viewer"]);
    assert_eq!(accesses(&found.gains), ["Viewer: GET, HEAD /a"]);
    assert_eq!(found.losses, []);
}

#[test]
fn methods_that_come_and_go_are_access() {
    let found = difference(&["methods: [GET, PUT]"], &["methods: [GET, POST]"]);
    assert_eq!(accesses(&found.gains), ["Admin: POST /a"]);
    assert_eq!(accesses(&found.losses), ["Admin: PUT /a"]);
    assert_eq!(found.gains[0].witness, "POST /a");
}

#[test]
fn a_more_specific_route_takes_access_from_the_broad_one() {
    let found = difference(&[PUBLIC], &[PUBLIC, "path_prefix: \"/a/b\", target: \"http://s:1/b\""]);
    assert_eq!(accesses(&found.losses), [format!("Everyone: {} /a/b", MethodSet::ALL)]);
    assert_eq!((found.gains.len(), found.changes.len()), (0, 0));
}

#[test]
fn removing_a_guard_shows_where_the_hole_is() {
    let found = difference(&[PUBLIC, "path_prefix: \"/a/{x}/b\", target: \"http://s:1\""], &[PUBLIC]);
    assert_eq!(accesses(&found.gains), [format!("Everyone: {} /a/{{x}}/b", MethodSet::ALL)]);
    assert_eq!(found.gains[0].witness, "GET /a/x/b");
}

#[test]
fn limits_times_and_targets_are_changes() {
    let new = "rate_limit: RateLimit(count: 5, unit: Second), timeout: \"90s\", retry: Off, breaker: Off, \
               timeouts: (connect: \"1s\", idle: \"5m\"), max_concurrent: 8, upgrade: AnyOf([\"websocket\"]), \
               max_body: \"1KiB\"";
    let found = difference(&[""], &[&format!("target: \"http://s:1/x\", {new}")]);
    let told: Vec<String> =
        found.changes.iter().map(|change| format!("{} {} {}", change.field, change.old, change.new)).collect();
    assert_eq!(
        told,
        [
            "rate_limit 100 a minute 5 a second",
            "timeout 2s 90s",
            "timeouts none connect 1s, idle 5m",
            "retry 2 attempts, 50ms apart, on Connect Reset off",
            "breaker opens for 5s after 5 failures within 10s, then 1 probes off",
            "max_concurrent 1024 8",
            "upgrade any websocket",
            "max_body 10MiB 1KiB",
            "target http://s:1/ http://s:1/x",
        ]
    );
}

#[test]
fn a_rewrite_that_sends_only_the_rest_elsewhere_is_a_change() {
    let found = difference(&["target: \"http://s:1/x\""], &["target: \"http://s:1\", rewrite: Replace(\"/x\")"]);
    assert!(found.is_empty(), "{found:?}");
    let found = difference(&["target: \"http://s:1/a\""], &["target: \"http://s:1\", rewrite: Keep"]);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(difference(&[""], &["rewrite: Keep"]).changes.len(), 1);
}

#[test]
fn a_role_with_another_value_in_the_token_is_another_caller() {
    let old = table(&frame(&[""]));
    let new = table(&frame(&[""]).replace("\"admin\"", "\"root\""));
    let found = between(&old, &new);
    assert_eq!(found.gains[0].who, "Admin (\"root\" in the token)");
    assert_eq!(found.losses[0].who, "Admin (\"admin\" in the token)");
}
