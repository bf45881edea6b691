//! The executable for Windows, under Wine: it routes, checks tokens, and stops.
//!
//! `.ci/windows` builds it and runs these; `COREGATEWAY_WINDOWS` names the executable. Wine shares the network of this machine, so clients
//! and services are those of the system's tests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../system/support/mod.rs"]
#[expect(dead_code, reason = "the system's tests use the rest")]
mod support;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use stand_ins::echo;
use support::client::{Client, ask};
use support::{auth_section, bearer};
use tempfile::TempDir;

/// The program, started by Wine.
fn program() -> Command {
    let executable = std::env::var_os("COREGATEWAY_WINDOWS").expect("`COREGATEWAY_WINDOWS` names the executable");
    let mut command = Command::new("/usr/lib/wine/wine64");
    command.arg(executable).env("WINEDEBUG", "-all").stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// A gateway under Wine, which is killed when it is dropped.
struct Running {
    child: Child,
    log: BufReader<std::process::ChildStdout>,
    addresses: Vec<SocketAddr>,
    /// Where the configuration lies.
    _folder: TempDir,
}

impl Running {
    /// Starts it, and waits until operators and clients may connect.
    fn start(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("coregateway.yaml");
        let own = "version: 1\nlisten: 127.0.0.1:0\nadmin: { listen: \"127.0.0.1:0\" }\nthreads: 2\n";
        std::fs::write(&file, format!("{own}{configuration}")).unwrap();
        let mut command = program();
        command.args(["--config-name", "coregateway.yaml"]).current_dir(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let addresses = ["operators may connect", "listening"].map(|event| address(&mut log, event)).into();
        Self { child, log, addresses, _folder: folder }
    }

    fn admin(&self) -> SocketAddr {
        self.addresses[0]
    }

    fn address(&self) -> SocketAddr {
        self.addresses[1]
    }
}

/// The address that the next line about `event` names.
fn address(log: &mut impl std::io::BufRead, event: &str) -> SocketAddr {
    let lines = log.lines().map_while(Result::ok);
    let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let line = values.find(|line| line["message"] == event).expect("it starts");
    line["address"].as_str().unwrap().parse().unwrap()
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs Wine; `.ci/windows` runs it"]
fn the_commands_about_routes_answer_as_elsewhere() {
    let version = String::from_utf8(output(&["version"]).stdout).unwrap();
    assert!(version.starts_with("coregateway ") && version.contains("profile dist"), "{version}");
    let matched = output(&["match", "GET", "/api/v1/agent/pump-7", "--as", "Operations", "--format", "json"]);
    let matched: Value = serde_json::from_slice(&matched.stdout).unwrap();
    assert_eq!(matched["outcome"], "Forward");
    assert_eq!(output(&["--config-name", "no-such-file.yaml"]).status.code(), Some(2));
}

#[test]
#[ignore = "needs Wine; `.ci/windows` runs it"]
fn it_routes_and_checks_tokens() {
    let corerl = echo("corerl", |_| {}).unwrap();
    let gateway = Running::start(&format!("services: {{ corerl: \"{}\" }}\n{}", corerl.url(), auth_section()));
    let status = |request: &str, fields: &str| ask(gateway.address(), request, fields).status;
    assert_eq!(status("GET /api/healthcheck", ""), 200);
    let seen = ask(gateway.address(), "GET /api/v1/agent/pump-7?full", &bearer(&["operations"])).json();
    assert_eq!((&seen["service"], &seen["target"]), (&"corerl".into(), &"/api/agent/pump-7?full".into()));
    assert_eq!(status("GET /api/v1/agent/pump-7", ""), 401);
    assert_eq!(status("GET /api/v1/agent/pump-7", "Authorization: Bearer a.b.c\r\n"), 401);
    assert_eq!(status("GET /api/v1/agent/pump-7", &bearer(&["visitor"])), 403);
    assert_eq!(status("GET /api/v1/nothing", &bearer(&["operations"])), 404);
    // CoreAuth is not there.
    assert_eq!(status("GET /auth/token", ""), 502);
}

#[test]
#[ignore = "needs Wine; `.ci/windows` runs it"]
fn many_clients_at_once_are_answered_up_to_the_limit() {
    let corerl = echo("corerl", |_| {}).unwrap();
    let gateway = Running::start(&format!("services: {{ corerl: \"{}\" }}\n{}", corerl.url(), auth_section()));
    let field = bearer(&["operations"]);
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..20 {
                    match ask(gateway.address(), "GET /api/v1/agent/x", &field).status {
                        200 => _ = passed.fetch_add(1, Ordering::Relaxed),
                        status => assert_eq!(status, 429),
                    }
                }
            });
        }
    });
    assert!(passed.into_inner() >= 200, "the route's limit is 200");
}

#[test]
#[ignore = "needs Wine; `.ci/windows` runs it"]
fn an_operator_stops_it_and_it_ends_with_status_0() {
    let mut gateway = Running::start(&auth_section());
    let body = "{}";
    let request = format!(
        "POST /drain HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        gateway.admin(),
        body.len()
    );
    assert!(Client::connect(gateway.admin()).write(request).answer().unwrap().status < 300);
    let mut log = Vec::new();
    while gateway.log.read_until(b'\n', &mut log).unwrap() > 0 {}
    assert!(String::from_utf8_lossy(&log).contains("\"stopped\""));
    assert_eq!(gateway.child.wait().unwrap().code(), Some(0));
}
