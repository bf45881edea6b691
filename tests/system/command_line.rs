//! The command line of the shipped binary.

use crate::support::process::output;

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(output(arguments).stdout).unwrap()
}

#[test]
fn version_tells_the_digest_of_the_compiled_routes() {
    let version = stdout(&["version"]);
    assert!(version.starts_with(concat!("coregateway ", env!("CARGO_PKG_VERSION"), "\n")), "{version}");
    let digest = version.lines().find_map(|line| line.strip_prefix("routes sha256:")).unwrap();
    assert!(digest.split(' ').next().unwrap().len() == 64, "{version}");
    assert!(version.lines().any(|line| line.starts_with("profile ")), "{version}");
}

#[test]
fn check_finds_no_fault_in_the_real_routes() {
    let check = output(&["check", "routes.ron", "--format", "json"]);
    assert_eq!(check.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!((&report["errors"], &report["warnings"]), (&0.into(), &0.into()));
}

#[test]
fn the_compiled_table_and_the_route_file_answer_alike() {
    for arguments in [
        &["match", "GET", "/api/v1/agent/pump-7?x=1", "--as", "Operations", "--format", "json"][..],
        &["match", "GET", "/api/v1/agent/pump-7", "--format", "json"],
        &["match", "GET", "/nowhere", "--format", "json"],
        &["routes", "--format", "json"],
    ] {
        let of_file: Vec<&str> = match arguments[0] {
            "match" => [arguments, &["routes.ron"]].concat(),
            _ => [&["routes", "routes.ron"], &arguments[1..]].concat(),
        };
        assert_eq!(stdout(arguments), stdout(&of_file));
    }
    let matched = stdout(&["match", "GET", "/api/v1/agent/pump-7?x=1", "--as", "Operations", "--format", "json"]);
    let matched: serde_json::Value = serde_json::from_str(&matched).unwrap();
    assert_eq!(matched["outcome"], "Forward");
    assert_eq!(matched["target"], "http://corerl:8000/api/agent/pump-7?x=1");
}

#[test]
fn a_wrong_argument_is_refused_with_status_2() {
    assert_eq!(output(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(output(&["check", "no-such-file.ron"]).status.code(), Some(2));
}
