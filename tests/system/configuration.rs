//! The command `config`: what it checks, and what it shows of the configuration that is in force.

use std::path::Path;
use std::process::Output;

use gateway::Settings;

use crate::support::process::{command, output};

/// What `config` says to this configuration, with `HOST` in its environment.
fn config(folder: &Path, configuration: &str, arguments: &[&str]) -> Output {
    let file = folder.join("plant.yaml");
    std::fs::write(&file, format!("version: 1\n{configuration}")).unwrap();
    command()
        .arg("config")
        .arg("--config-name")
        .arg(file)
        .args(arguments)
        .env("HOST", "telemetry.plant")
        .output()
        .unwrap()
}

const EVERYTHING: &str = "\
listen: 127.0.0.1:0
auth:
  issuer: i
  audience: a
  jwks: { url: \"http://coreauth:8002/keys?token=hunter2\" }
  revocations: { url: \"http://${HOST}/revoked?token=hunter2\" }
services: { corerl: \"http://${HOST}:9100\" }
telemetry: { url: \"http://telemetry:1\", log_level: off }
log: { levels: { success: debug } }
cors: { origins: [\"*\"] }
compression: {}
threads: 3
";

#[test]
fn every_value_in_force_is_shown_with_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let shown = config(folder.path(), EVERYTHING, &["--listen", "127.0.0.1:9001"]);
    assert_eq!((shown.status.code(), &*shown.stderr), (Some(0), &b""[..]));
    let text = String::from_utf8(shown.stdout).unwrap();
    for (line, origin) in [
        ("version: 1", ""),
        ("listen: \"127.0.0.1:9001\"", "--listen"),
        ("  issuer: i", "plant.yaml:4"),
        ("  leeway: 30s", "default"),
        ("    url: \"http://coreauth:8002/keys?(hidden)\"", "plant.yaml:6"),
        ("    url: \"http://${HOST}/revoked?(hidden)\"", "plant.yaml:7, ${HOST}"),
        ("  corerl: http://telemetry.plant:9100", "plant.yaml:8, ${HOST}"),
        ("  log_level: \"off\"", "plant.yaml:9"),
        ("    success: debug", "plant.yaml:10"),
        ("  header_bytes: 32KiB", "default"),
        ("  origins: [\"*\"]", "plant.yaml:11"),
        ("threads: 3", "plant.yaml:13"),
    ] {
        let found = text.lines().find(|shown| shown.split("  #").next().unwrap().trim_end() == line);
        let found = found.unwrap_or_else(|| panic!("{line} is not in\n{text}"));
        assert_eq!(found.split("  # ").nth(1).unwrap_or_default(), origin, "{found}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn what_is_shown_is_a_configuration_that_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = EVERYTHING.replace("?token=hunter2", "").replace("${HOST}", "telemetry.plant");
    let shown = config(folder.path(), &configuration, &[]);
    let again = folder.path().join("again.yaml");
    std::fs::write(&again, &shown.stdout).unwrap();
    let read = |file: &Path| Settings::load(file.to_str()).unwrap().effective();
    assert_eq!(read(&again), read(&folder.path().join("plant.yaml")));
}

#[test]
fn programs_get_json() {
    let folder = tempfile::tempdir().unwrap();
    let shown = config(folder.path(), EVERYTHING, &["--format", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let of = |key: &str| shown["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!((&of("threads")["value"], &of("threads")["from"]["line"]), (&3.into(), &13.into()));
    assert_eq!(of("services.corerl")["from"]["variables"], serde_json::json!(["HOST"]));
    assert_eq!(of("limits.connections")["from"], serde_json::json!({ "kind": "default" }));
    assert!(shown["file"].as_str().unwrap().ends_with("plant.yaml"));
}

#[test]
fn what_a_start_would_refuse_and_what_would_not_work_is_refused_here() {
    let folder = tempfile::tempdir().unwrap();
    for (wrong, told) in [
        ("bogus: 1\n", "plant.yaml:2:1: unknown key `bogus`"),
        ("services: { corelr: \"http://a:1\" }\n", "did you mean `corerl`?"),
        ("services: { corerl: \"http://127.0.0.1:8001\" }\n", "requests would come back"),
        ("tls: { certificate: a.crt, private_key: a.key }\n", "plant.yaml:2:6: "),
        ("identity: { token: { private_key: no.pem } }\n", "no.pem cannot be used"),
        ("auth: { issuer: i, audience: a, jwks: { file: no.json } }\n", "the key set cannot be used: the file"),
        ("log: { file: nowhere/gateway.log }\n", "its folder is not there"),
    ] {
        let refused = config(folder.path(), wrong, &[]);
        let message = String::from_utf8(refused.stderr).unwrap();
        assert_eq!((refused.status.code(), &*refused.stdout), (Some(2), &b""[..]), "{wrong}");
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn the_defaults_are_shown_without_a_file_and_what_they_lack_is_said_beside() {
    let shown = output(&["config"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&shown.stdout).contains("listen: \"127.0.0.1:8001\""));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("warning: no keys are configured"));
}

#[test]
fn the_schema_for_editors_is_the_one_beside_the_page() {
    let schema = output(&["config", "--schema"]);
    assert_eq!(String::from_utf8(schema.stdout).unwrap(), include_str!("../../docs/coregateway.schema.json"));
}
