//! What faults look like. Each snapshot is a promise about how a diagnostic reads.

use insta::assert_snapshot;

use super::{Style, human};
use crate::check::testing::{file, route};
use crate::{Source, compile};

fn rendered(text: &str) -> String {
    let source = Source::new("routes.ron", text);
    human(&source, &compile(&source).faults, Style { color: false, width: 80 })
}

#[test]
fn access_not_stated() {
    assert_snapshot!(rendered(&file(&[
        route(""),
        "Route(path_prefix: \"/admin/backup\", service: \"store\", target: \"http://store:1\")".into(),
    ])));
}

#[test]
fn duplicate_route() {
    assert_snapshot!(rendered(&file(&[route("methods: [GET, POST]"), route("methods: [POST, PUT]")])));
}

#[test]
fn misspelt_field() {
    assert_snapshot!(rendered(&file(&[route("rate_limt: (count: 1, unit: Hour)")])));
}

#[test]
fn bare_number() {
    assert_snapshot!(rendered(&file(&[route("timeout: 5000")])));
}

#[test]
fn self_target() {
    assert_snapshot!(rendered(&file(&[route("target: \"http://localhost:8001/loop\"")])));
}

#[test]
fn failed_expectation() {
    let expect = "  expect: [\n    Expect(request: \"GET /a/b/c\", as: Everyone, outcome: NotFound),\n  ],\n  routes:";
    let text = file(&[route("path_prefix: \"/a/{x}/c\""), route("path_prefix: \"/a/b\"")]);
    assert_snapshot!(rendered(&text.replace("  routes:", expect)));
}

#[test]
fn syntax_with_two_places() {
    assert_snapshot!(rendered("Gateway(\n  routes: [\n    Route(path_prefix: \"/a\",\n  ],\n)\n"));
}

#[test]
fn warning_with_a_fix() {
    assert_snapshot!(rendered(&file(&[route("target: \"http://s:1/\"")])));
}

#[test]
fn path_rules() {
    assert_snapshot!(rendered(&file(&[route("path_prefix: \"/a b/../{}/\"")])));
}

#[test]
fn what_programs_read() {
    let text = file(&[route("summary: \"é\", timeout: \"0s\""), route("summary: \"x\", timeout: \"0s\"")]);
    let source = Source::new("routes.ron", text);
    assert_snapshot!(super::json(&[super::Checked { source: &source, faults: &compile(&source).faults }], None));
}

#[test]
fn an_empty_file() {
    assert_snapshot!(rendered(""));
}
