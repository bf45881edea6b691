//! What the documents show is true: every command, route and configuration in README.md is tried, and the configuration's page.

mod index;
mod operations;
mod page;
mod snippets;

use std::path::Path;

use gateway_routes::{Source, compile, render};
use stand_ins::echo;

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::process::{Process, output};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, auth_section};

const README: &str = include_str!("../../README.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const TELEMETRY: &str = include_str!("../../docs/telemetry.md");
const OPERATIONS: &str = include_str!("../../docs/operations.md");
const CLIENTS: &str = include_str!("../../docs/clients.md");
const PACKAGING: &str = include_str!("../../docs/packaging.md");
const ZEROMQ: &str = include_str!("../../docs/zeromq.md");
const ROUTES: &str = include_str!("../../routes.ron");
/// What makes and proves packages, apart from the other checks, as it takes long and must be root.
const DIST: &str = include_str!("../../.ci/dist");

/// The code blocks of the README in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(README, language)
}

fn blocks_of(document: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let starts = document.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts.map(|start| &document[start..start + document[start..].find("```").unwrap()]).collect()
}

#[test]
fn every_command_of_the_readme_is_tried_here_or_by_ci() {
    let ci = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    let smoke = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/smoke-demo")).unwrap();
    for command in blocks("sh").iter().flat_map(|block| block.lines()) {
        let words: Vec<&str> = command.split(' ').collect();
        match &words[..] {
            ["cargo", "routes", arguments @ ..] => {
                let status = output(arguments).status;
                assert_eq!(status.code(), Some(0), "{command}");
            }
            ["cargo", "run", "--release", "--example", "demo"] => assert!(smoke.contains("--release --example demo")),
            ["cargo", "build" | "test", ..] => {
                assert!(ci.contains(command), "CI does not run `{command}`");
            }
            ["cargo", "xtask", ..] => assert!(DIST.contains(command), "`.ci/dist` does not run `{command}`"),
            // `the_configurations_that_are_shown_are_read`, and `lifecycle` starts it so.
            ["target/release/coregateway", "--config-name", "coregateway.yaml"] => {}
            _ => panic!("`{command}` is not tried"),
        }
    }
}

#[test]
fn the_route_that_the_readme_adds_builds() {
    let [route] = blocks("ron")[..] else { panic!("one route is added") };
    let routes = ROUTES.replacen("routes: [", &format!("routes: [\n{route}"), 1);
    let source = Source::new("routes.ron", routes);
    let compilation = compile(&source);
    assert!(compilation.faults.is_empty(), "{}", render::human(&source, &compilation.faults, render::Style::PLAIN));
}

#[test]
fn the_mistake_that_the_readme_shows_is_told_so() {
    let [shown] = blocks("text")[..] else { panic!("one mistake is shown") };
    let [route] = blocks("ron")[..] else { panic!("one route is added") };
    let wrong = route.replace("AnyOf([Admin, Operations])", "Operation");
    let source = Source::new("routes.ron", ROUTES.replacen("routes: [", &format!("routes: [\n{wrong}"), 1));
    let told = render::human(&source, &compile(&source).faults, render::Style::PLAIN);
    let without_places = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.contains("-->"))
            .map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned())
            .collect()
    };
    assert_eq!(without_places(told.trim_end()), without_places(shown.trim_end()));
}

/// What the configuration in this document says.
fn settings_of(document: &'static str) -> gateway::Settings {
    let [configuration] = blocks_of(document, "yaml")[..] else { panic!("one configuration is shown") };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("coregateway.yaml");
    std::fs::write(&file, configuration).unwrap();
    gateway::Settings::load(file.to_str()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_configurations_that_are_shown_are_read() {
    assert!(settings_of(README).auth.is_some());
    assert!(settings_of(CONFIGURATION).compression.is_some());
    assert!(settings_of(TELEMETRY).telemetry.is_some());
    assert!(settings_of(OPERATIONS).admin.is_some());
    assert_eq!(settings_of(ZEROMQ).zeromq.connections, 2);
}

#[test]
fn the_route_to_a_zeromq_service_that_is_shown_builds() {
    let [route] = blocks_of(ZEROMQ, "ron")[..] else { panic!("one route is shown") };
    let source = Source::new("routes.ron", route_file(route));
    assert!(compile(&source).table.is_some());
}

#[test]
fn the_services_that_are_shown_are_run_by_ci() {
    let ci = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    assert!(ci.contains(".ci/zeromq-tests"));
    assert_eq!(blocks_of(ZEROMQ, "python").len(), 2);
}

#[test]
fn every_metric_of_the_page_is_there_and_every_one_that_is_there_is_on_the_page() {
    let gateway =
        Running::start(&route_file(&open_route(Upstream::down(), "")), "admin: { listen: \"127.0.0.1:0\" }\n");
    ask(gateway.address(), "GET /open", "");
    let told = Client::connect(gateway.admin())
        .write(format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.admin()))
        .answer()
        .unwrap()
        .text();
    let there = told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    for name in there {
        assert!(TELEMETRY.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    let source = include_str!("../../gateway/src/telemetry/metrics.rs").to_owned()
        + include_str!("../../gateway/src/telemetry/state.rs")
        + include_str!("../../gateway/src/telemetry/own.rs");
    for name in TELEMETRY.split('`').skip(1).step_by(2).filter(|code| code.starts_with("gateway_")) {
        assert!(source.contains(&format!("\"{name}\"")), "{name} is on the page alone");
    }
}

#[test]
fn the_command_that_changes_the_log_level_does_so() {
    let [command] = blocks_of(OPERATIONS, "sh")[..] else { panic!("one command is shown") };
    let gateway =
        Running::start(&route_file(&open_route(Upstream::down(), "")), "admin: { listen: \"127.0.0.1:0\" }\n");
    let command = command.replace("127.0.0.1:8002", &gateway.admin().to_string());
    let output = std::process::Command::new("sh").arg("-c").arg(format!("{} -sf", command.trim())).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"level\":\"debug\"}");
}

#[test]
fn every_command_that_packages_is_run_by_its_check() {
    for command in blocks_of(PACKAGING, "sh").iter().flat_map(|block| block.lines()) {
        let is_a_check = Path::new(env!("CARGO_MANIFEST_DIR")).join(command).is_file();
        assert!(is_a_check || DIST.contains(command), "`.ci/dist` does not run `{command}`");
    }
}

#[test]
fn the_command_that_a_client_begins_with_gets_in() {
    let [command] = blocks_of(CLIENTS, "sh")[..] else { panic!("one command is shown") };
    let corerl = echo("corerl", |_| {}).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let configuration = format!("services: {{ corerl: \"{}\" }}\n{}", corerl.url(), auth_section());
    let gateway = Process::start(folder.path(), &configuration);
    let command = command.replace("127.0.0.1:8001", &gateway.address().to_string());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).env("TOKEN", ISSUER.token("sam", &["operations"]));
    let told = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    assert!(told.starts_with("HTTP/1.1 200 OK"), "{told}");
}
