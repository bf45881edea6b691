//! What the documents show is true: every command, route and configuration in README.md is tried, and the configuration's page.

use std::path::Path;

use gateway_routes::{Source, compile, render};

use crate::support::process::output;

const README: &str = include_str!("../../README.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const ROUTES: &str = include_str!("../../routes.ron");

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
}
