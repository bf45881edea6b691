//! The route commands as a shell sees them: exit statuses, and what goes where.

use std::path::PathBuf;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateway-routes"))
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .expect("the command starts")
}

/// A file of this name and text, in the tests' own directory.
fn written(name: &str, text: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the tests' directory is writable");
    path.display().to_string()
}

const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/good.ron");

#[test]
fn check_says_by_its_status_what_became_of_the_file() {
    let huge = written("huge.ron", &vec![b' '; 16 * 1024 * 1024 + 1]);
    for (file, status) in [
        (GOOD.to_owned(), 0),
        (written("empty.ron", b""), 1),
        (written("latin1.ron", b"(\xe9)"), 1),
        (written("faulty.ron", b"(routes: [Route()])"), 1),
        (huge, 2),
        ("missing.ron".to_owned(), 2),
        (env!("CARGO_MANIFEST_DIR").to_owned(), 2),
    ] {
        assert_eq!(run(&["check", &file]).status.code(), Some(status), "{file}");
        assert_eq!(run(&["check", "--format", "json", &file]).status.code(), Some(status), "{file}");
    }
}

#[test]
fn check_speaks_to_people_on_standard_error_and_to_programs_on_standard_output() {
    let human = run(&["check", GOOD]);
    assert_eq!(
        (human.stdout.len(), String::from_utf8(human.stderr).unwrap()),
        (0, format!("{GOOD}: 3 routes, no faults\n"))
    );
    let json = run(&["check", "--format", "json", GOOD]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["errors"], &report["warnings"], json.stderr.len()), (&0.into(), &0.into(), 0));
}

#[test]
fn match_answers_from_the_file() {
    let arguments = ["match", "GET", "/api/v1/agent/pump-7/status?x=1", "--as", "Operations", GOOD, "--format", "json"];
    let report: serde_json::Value = serde_json::from_slice(&run(&arguments).stdout).unwrap();
    assert_eq!(report["outcome"], "Forward");
    assert_eq!(report["target"], "http://corerl:8000/api/agent/pump-7/status?x=1");
}

#[test]
fn what_cannot_be_asked_ends_with_two() {
    let faulty = written("faulty-table.ron", b"(routes: [Route()])");
    for arguments in [
        vec!["routes", &faulty],
        vec!["match", "GET", "/", &faulty],
        vec!["match", "GET", "/", "--as", "Nobody", GOOD],
        vec!["routes", "missing.ron"],
        vec!["nonsense"],
    ] {
        let output = run(&arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(run(&["routes", GOOD]).status.code(), Some(0));
}
