//! Whatever the pages show as code does what they say.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use stand_ins::echo;
use tempfile::TempDir;

use super::{ROUTES, TELEMETRY, blocks_of};
use crate::support::client::ask;
use crate::support::process::{Process, output};
use crate::support::{ISSUER, auth_section, bearer};

const REVOCATIONS: &str = include_str!("../../../docs/revocations.md");
const ROUTE_LANGUAGE: &str = include_str!("../../../docs/route-language.md");
const SECURITY: &str = include_str!("../../../docs/security.md");

/// The blocks of code on the pages that tests run: here, in `documents`, `secrets`, or with the tools of operators.
const TRIED: [&str; 26] = [
    "clients.md sh",
    "configuration.md yaml",
    "operations.md sh",
    "operations.md yaml",
    "packaging.md sh",
    "packaging.md sh",
    "packaging.md sh",
    "packaging.md sh",
    "packaging.md sh",
    "revocations.md json",
    "revocations.md yaml",
    "route-language.md ron",
    "route-language.md yaml",
    "secrets.md bash",
    "secrets.md sh",
    "secrets.md sh",
    "secrets.md yaml",
    "security.md yaml",
    "telemetry.md json",
    "telemetry.md yaml",
    "zeromq.md json",
    "zeromq.md json",
    "zeromq.md python",
    "zeromq.md python",
    "zeromq.md ron",
    "zeromq.md yaml",
];

#[test]
fn no_page_shows_code_that_no_test_tries() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        // The examples of faults are compiled where the faults are.
        let Some(_) = name.strip_suffix(".md").filter(|page| *page != "faults") else { continue };
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let fences = text.lines().filter_map(|line| line.strip_prefix("```"));
        for language in fences.step_by(2) {
            // What programs say is no code.
            if language == "text" {
                continue;
            }
            let block = format!("{name} {language}");
            let shown = text.lines().filter(|line| line.strip_prefix("```") == Some(language)).count();
            let tried = TRIED.iter().filter(|tried| **tried == block).count();
            assert_eq!(shown, tried, "{block}: write a test for it, and name it in `TRIED`");
        }
    }
}

/// The one block in this language on a page.
fn block(page: &'static str, language: &str) -> &'static str {
    let [block] = blocks_of(page, language)[..] else { panic!("one block of {language} is shown") };
    block
}

#[test]
fn the_revocation_list_that_is_shown_ends_the_tokens_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("revoked.json"), block(REVOCATIONS, "json")).unwrap();
    let shown = block(REVOCATIONS, "yaml");
    let revocations = shown.lines().find(|line| line.trim_start().starts_with("revocations:")).unwrap();
    let corerl = echo("corerl", |_| {}).unwrap();
    let configuration = format!("services: {{ corerl: \"{}\" }}\n{}{revocations}\n", corerl.url(), auth_section());
    let gateway = Process::start(folder.path(), &configuration);
    let status = |subject: &str, claims: &serde_json::Value| {
        let field = format!("Authorization: Bearer {}\r\n", ISSUER.token_with(subject, &["operations"], claims));
        ask(gateway.address(), "GET /api/v1/agent/x", &field).status
    };
    assert_eq!(status("sam", &json!({})), 200);
    assert_eq!(status("sam", &json!({ "jti": "3f0c6b1e-5d0e-4f5e-9d3c-0a9d5a2f7f10" })), 401);
    assert_eq!(status("intern", &json!({})), 401);
    assert_eq!((status("olga", &json!({})), status("olga", &json!({ "iat": 1_789_999_999 }))), (200, 401));
    assert_eq!(status("sam", &json!({ "iat": 1_779_999_999 })), 401);
}

#[test]
fn the_key_that_is_made_as_shown_proves_to_services_who_is_asking() {
    let folder = tempfile::tempdir().unwrap();
    let command = SECURITY.split('`').find(|code| code.starts_with("openssl genpkey")).unwrap();
    assert!(Command::new("sh").args(["-c", command]).current_dir(folder.path()).status().unwrap().success());
    let corerl = echo("corerl", |_| {}).unwrap();
    let identity = block(SECURITY, "yaml");
    let configuration = format!("services: {{ corerl: \"{}\" }}\n{}{identity}", corerl.url(), auth_section());
    let gateway = Process::start(folder.path(), &configuration);
    let fields = bearer(&["operations"]) + "X-Plant-User: boss\r\n";
    let seen = ask(gateway.address(), "GET /api/v1/agent/x", &fields).json();
    assert_eq!(seen["headers"]["x-service-auth"].as_str().unwrap().split('.').count(), 3, "{seen}");
    assert!(seen["headers"]["x-plant-user"].is_null() && seen["headers"]["authorization"].is_null(), "{seen}");
}

/// A route file that lets more callers in than the real one, with these further fields of the route.
fn widened(folder: &TempDir, fields: &str) -> String {
    let wider = format!("required_role: AnyOf([Admin, Service]), {fields}");
    let file = folder.path().join("routes.ron");
    std::fs::write(&file, ROUTES.replacen("required_role: Admin,", &wider, 1)).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_gain_of_access_passes_the_gate_with_the_reason_that_is_shown_and_not_without() {
    let folder = tempfile::tempdir().unwrap();
    let gate = |fields: &str| output(&["diff", "--gate", "routes.ron", &widened(&folder, fields)]).status.code();
    assert_eq!(gate(""), Some(1));
    assert_eq!(gate(block(ROUTE_LANGUAGE, "ron")), Some(0));
}

#[test]
fn the_commands_of_the_pull_requests_checks_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("routes-before.ron"), ROUTES).unwrap();
    let commands = block(ROUTE_LANGUAGE, "yaml").lines().filter_map(|line| Some(line.split_once("cargo routes ")?.1));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let line = format!("{} {command}", env!("CARGO_BIN_EXE_coregateway"));
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).env("RUNNER_TEMP", folder.path()).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(shell.status().unwrap().success(), "{command}");
    }
    assert!(folder.path().join("routes.sarif").exists());
}

#[test]
fn the_payload_that_is_shown_is_what_the_schema_says() {
    let schema = serde_json::from_str(include_str!("../../../docs/telemetry.schema.json")).unwrap();
    // What is left out there: the rest of lists, and of an identity of 32 digits.
    let payload = block(TELEMETRY, "json").replace(", \"…\"", "").replace("9f2c…", &"9f2c".repeat(8));
    let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema.iter_errors(&payload).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}
