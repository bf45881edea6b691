//! Another executable takes over in place: the same process, and nobody who talks to it notices.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::admin::admin_ask;
use crate::support::certificates::{Authority, TlsClient};
use crate::support::client::{Answer, Client, ask, status};
use crate::support::process::Process;
use crate::support::upstream::Upstream;
use crate::support::{auth_section, bearer};

/// The executable of these tests, as it is deployed under this name.
fn deploy(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    // A file that runs cannot be written to, but another can take its name.
    let draft = folder.join("draft");
    std::fs::copy(env!("CARGO_BIN_EXE_coregateway"), &draft).unwrap();
    std::fs::rename(&draft, &path).unwrap();
    path
}

/// A gateway with an admin listener that sends everything for CoreTelemetry to this upstream.
fn gateway(folder: &Path, upstream: &Upstream, more: &str) -> Process {
    let executable = deploy(folder, "coregateway");
    let configuration = format!(
        "threads: 2\nadmin: {{ listen: \"127.0.0.1:0\" }}\nservices:\n  coretelemetry: http://{}\n{}{more}",
        upstream.address(),
        auth_section()
    );
    Process::start_executable(&executable, folder, &configuration)
}

fn operators() -> String {
    bearer(&["operations"])
}

/// Has the executable that is there now take over, and waits until it has.
fn take_over(gateway: &mut Process) -> Value {
    gateway.take_over();
    gateway.log_line("this executable has taken over")
}

fn reload(gateway: &Process) -> Answer {
    admin_ask(gateway.admin(), "POST /reload", "Content-Type: application/json\r\nContent-Length: 0\r\n")
}

#[test]
fn no_request_fails_over_twenty_takeovers_whether_connections_are_kept_or_not() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("hello"));
    let mut gateway = gateway(folder.path(), &upstream, "");
    let (address, id, is_over) = (gateway.address(), gateway.id(), AtomicBool::new(false));
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for is_kept in [true, true, false] {
            let (is_over, answered) = (&is_over, &answered);
            scope.spawn(move || {
                let mut client = Client::connect(address);
                while !is_over.load(Ordering::SeqCst) {
                    // The route takes 600 a minute.
                    for (path, statuses) in [("/api/v1/coretelemetry/x", [200, 429]), ("/healthcheck", [200, 200])] {
                        let answer = client.send(&format!("GET {path}"), &operators()).answer().unwrap();
                        assert!(answer.is_whole && statuses.contains(&answer.status), "{answer:?}");
                        answered.fetch_add(1, Ordering::SeqCst);
                        // A connection has an end after 10,000 requests.
                        if !is_kept || answer.header("connection") == Some("close") {
                            client = Client::connect(address);
                        }
                    }
                }
            });
        }
        for _ in 0..20 {
            let before = answered.load(Ordering::SeqCst);
            take_over(&mut gateway);
            while answered.load(Ordering::SeqCst) < before + 20 {
                std::thread::yield_now();
            }
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert_eq!((gateway.id(), gateway.address()), (id, address));
    let told = admin_ask(gateway.admin(), "GET /status", "").json();
    assert_eq!(told["takeovers"], 20);
    // Whoever asked was counted, by whichever executable.
    let counted = || admin_ask(gateway.admin(), "GET /status", "").json()["requests"]["total"].as_u64().unwrap();
    while counted() != answered.load(Ordering::SeqCst) as u64 {}
}

#[test]
fn over_tls_clients_are_asked_to_come_again_and_no_request_fails() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.issue("localhost").write(folder.path(), "main");
    let executable = deploy(folder.path(), "coregateway");
    let tls = "tls: { certificate: main.crt, private_key: main.key }\nthreads: 2\n";
    let mut gateway = Process::start_executable(&executable, folder.path(), tls);
    let (address, is_over) = (gateway.address(), AtomicBool::new(false));
    let (config, come_again) = (authority.client(None), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = TlsClient::connect(address, "localhost", &config);
                while !is_over.load(Ordering::SeqCst) {
                    let answer = client.ask_health().unwrap();
                    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                    if answer.contains("connection: close") {
                        come_again.fetch_add(1, Ordering::SeqCst);
                        client = TlsClient::connect(address, "localhost", &config);
                    }
                }
            });
        }
        for _ in 0..3 {
            take_over(&mut gateway);
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(come_again.load(Ordering::SeqCst) >= 6);
}

#[test]
fn requests_in_flight_are_answered_and_half_sent_ones_too() {
    let (upstream, has_come, may_go) = Upstream::gated();
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = gateway(folder.path(), &upstream, "");
    let (mut waiting, mut half_sent, mut idle) =
        (Client::connect(gateway.address()), Client::connect(gateway.address()), Client::connect(gateway.address()));
    assert_eq!(idle.send("GET /healthcheck", "").answer().unwrap().status, 200);
    half_sent.write("GET /healthcheck HTTP/1.1\r\nHo");
    waiting.send("GET /api/v1/coretelemetry/x", &operators());
    has_come.recv().unwrap();
    gateway.take_over();
    gateway.log_line("it has passed its self-check");
    // It waits for the request that lasts, and serves meanwhile.
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
    may_go.send(()).unwrap();
    assert_eq!(waiting.answer().unwrap().text(), "late");
    let told = gateway.log_line("this executable has taken over");
    // Those of the last two questions may be there still.
    assert!(told["connections"].as_u64().unwrap() >= 3, "{told}");
    assert_eq!(half_sent.write("st: a\r\n\r\n").answer().unwrap().status, 200);
    for mut client in [idle, waiting, half_sent] {
        assert_eq!(client.send("GET /healthcheck", "").answer().unwrap().status, 200);
    }
}

#[test]
fn limits_breakers_keys_and_counts_go_on_from_where_they_were() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("x"));
    let down = format!("  corerl: http://{}\n", Upstream::down());
    let mut gateway = gateway(folder.path(), &upstream, "");
    let file = folder.path().join("coregateway.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("services:\n", &format!("services:\n{down}"))).unwrap();
    take_over(&mut gateway);
    for _ in 0..30 {
        assert_eq!(status(gateway.address(), "GET /api/v1/coretelemetry/x", &operators()), 200);
    }
    while status(gateway.address(), "GET /api/v1/agent/x", &operators()) != 503 {}
    let admin = gateway.admin();
    let told = || admin_ask(admin, "GET /status", "").json();
    let route = |told: &Value, prefix: &str| {
        let routes = told["routes"].as_array().unwrap();
        routes.iter().find(|route| route["path_prefix"] == prefix).unwrap()["now"]["limit_remaining"].as_u64().unwrap()
    };
    let before = told();
    gateway.take_over();
    gateway.log_line("this executable has taken over");
    let after = told();
    for prefix in ["/api/v1/coretelemetry", "/api/v1/agent"] {
        let (before, after) = (route(&before, prefix), route(&after, prefix));
        // A little comes back while it is taken over.
        assert!(after >= before && after <= before + 20, "{prefix}: {before} {after}");
    }
    assert_eq!(after["requests"]["total"], before["requests"]["total"]);
    assert_eq!(after["rejections"][0]["count"], before["rejections"][0]["count"]);
    assert_eq!((&after["keys"]["current"], &after["takeovers"]), (&1.into(), &2.into()));
    assert_eq!(status(gateway.address(), "GET /api/v1/agent/x", &operators()), 503, "the breaker is open still");
}

#[test]
fn keys_from_a_server_that_is_away_go_along() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("x"));
    let issuer = std::sync::Arc::new(stand_ins::Issuer::new(stand_ins::KeyKind::P256, "a"));
    let auth = stand_ins::core_auth(std::sync::Arc::clone(&issuer)).unwrap();
    let executable = deploy(folder.path(), "coregateway");
    let configuration = format!(
        "services:\n  coretelemetry: http://{}\n{}",
        upstream.address(),
        crate::support::auth_section_with(&format!("{{ url: \"{}/.well-known/jwks.json\" }}", auth.url()))
    );
    let mut gateway = Process::start_executable(&executable, folder.path(), &configuration);
    let field = format!("Authorization: Bearer {}\r\n", issuer.token("sam", &["operations"]));
    assert_eq!(status(gateway.address(), "GET /api/v1/coretelemetry/x", &field), 200);
    drop(auth);
    take_over(&mut gateway);
    assert_eq!(status(gateway.address(), "GET /api/v1/coretelemetry/x", &field), 200);
}

#[test]
fn an_executable_that_fails_its_self_check_leaves_the_old_one_serving() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("x"));
    let gateway = gateway(folder.path(), &upstream, "");
    let executable = folder.path().join("coregateway");
    let refused = |expected: &str| {
        let answer = reload(&gateway);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(answer.status == 409 && detail.contains(expected), "{detail}");
        assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
        assert_eq!(admin_ask(gateway.admin(), "GET /status", "").json()["takeovers"], 0);
    };
    std::fs::remove_file(&executable).unwrap();
    refused("No such file");
    std::fs::write(&executable, "no program").unwrap();
    refused("cannot be run");
    let script = |text: &str| {
        std::fs::remove_file(&executable).unwrap();
        std::fs::write(&executable, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&executable, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("echo 'it is broken' >&2; exit 1");
    refused("has failed its self-check: it is broken");
    script("echo 'hello'");
    refused("does not say what it is");
    deploy(folder.path(), "coregateway");
    let file = folder.path().join("coregateway.yaml");
    let right = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, right.replace("threads: 2", "threads: many")).unwrap();
    refused("threads");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    std::fs::write(
        &file,
        right.replace("listen: 127.0.0.1:0\n", &format!("listen: {}\n", taken.local_addr().unwrap())),
    )
    .unwrap();
    refused("cannot listen");
}

#[test]
fn the_newest_release_beside_the_running_one_takes_over() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("x"));
    let executable = deploy(folder.path(), "linux-coregateway-v0.1.0");
    let configuration =
        format!("admin: {{ listen: \"127.0.0.1:0\" }}\nservices:\n  coretelemetry: http://{}\n", upstream.address());
    let mut gateway = Process::start_executable(&executable, folder.path(), &configuration);
    deploy(folder.path(), "linux-coregateway-v0.1.1");
    let answer = reload(&gateway);
    assert_eq!((answer.status, &answer.json()["taking_over"]["version"]), (202, &env!("CARGO_PKG_VERSION").into()));
    gateway.log_line("this executable has taken over");
    let runs = std::fs::read_link(format!("/proc/{}/exe", gateway.id())).unwrap();
    assert_eq!(runs.file_name().unwrap(), "linux-coregateway-v0.1.1");
}

#[test]
fn it_stops_as_ever_after_a_takeover_and_leaves_nothing_open() {
    let (folder, upstream) = (tempfile::tempdir().unwrap(), Upstream::saying("x"));
    let mut gateway = gateway(folder.path(), &upstream, "");
    let open = |gateway: &Process| std::fs::read_dir(format!("/proc/{}/fd", gateway.id())).unwrap().count();
    // A count may find threads still opening theirs, or a connection not yet closed: what tells is that takeovers do not
    // add up, hence the most that is open in six of them beside the most in the next six.
    let takeovers = 6;
    let mut most_open = || {
        let counts = (0..takeovers).map(|_| {
            take_over(&mut gateway);
            assert_eq!(ask(gateway.address(), "GET /healthcheck", "").status, 200);
            open(&gateway)
        });
        counts.max().unwrap()
    };
    let (before, after) = (most_open(), most_open());
    assert!(after < before + takeovers, "{takeovers} takeovers have made {after} descriptors of {before}");
    gateway.terminate();
    let (status, log) = gateway.wait();
    assert_eq!(status.code(), Some(0));
    assert!(log.last().unwrap().contains("\"stopped\""), "{log:?}");
}

#[test]
fn a_stop_while_it_waits_for_a_long_request_is_a_stop() {
    let (upstream, has_come, may_go) = Upstream::gated();
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = gateway(folder.path(), &upstream, "");
    let mut waiting = Client::connect(gateway.address());
    waiting.send("GET /api/v1/coretelemetry/x", &operators());
    has_come.recv().unwrap();
    gateway.take_over();
    gateway.log_line("it has passed its self-check");
    gateway.terminate();
    may_go.send(()).unwrap();
    assert_eq!(gateway.wait().0.code(), Some(0));
}
