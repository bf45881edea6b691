//! Life under the supervisor: start, health, stop, and clear refusals.

use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, open_route};
use crate::support::process::{Process, command, output};
use crate::support::upstream::Upstream;

#[test]
fn it_is_healthy_at_once_while_every_upstream_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), "");
    for path in ["/healthcheck", "/api/healthcheck"] {
        assert_eq!(ask(gateway.address(), &format!("GET {path}"), "").status, 200);
    }
}

#[test]
fn sigterm_ends_it_with_status_0() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), "");
    let mut idle = Client::connect(gateway.address());
    assert_eq!(idle.send("GET /healthcheck", "").answer().unwrap().status, 200);
    gateway.terminate();
    assert!(idle.is_closed(), "idle connections are closed at once");
    let (status, log) = gateway.wait();
    assert_eq!(status.code(), Some(0));
    assert!(log.last().unwrap().contains("\"stopped\""), "{log:?}");
}

#[test]
fn a_request_in_flight_is_answered_before_the_stop_and_no_new_connection_is_taken() {
    let (upstream, has_come, go) = Upstream::gated();
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"1h\""));
    let address = gateway.address();
    let mut client = Client::connect(address);
    client.send("GET /open", "");
    has_come.recv().unwrap();
    gateway.stopper().stop();
    while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {}
    go.send(()).unwrap();
    assert_eq!(client.answer().unwrap().text(), "late");
    assert!(client.is_closed());
}

#[test]
fn the_grace_period_is_the_longest_that_a_stop_can_take() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.wait_for_close();
    });
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), "timeout: \"1h\""));
    let gateway = Running::start(&routes, "shutdown_grace: 100ms\n");
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "");
    while upstream.requests().is_empty() {
        std::thread::yield_now();
    }
    let log = gateway.stop();
    assert!(client.is_closed());
    assert!(log.iter().any(|line| line["connections"] == 1), "{log:?}");
}

#[test]
fn a_second_gateway_on_the_same_address_is_refused_and_the_first_unharmed() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path(), "");
    let second = output(&["--listen", &first.address().to_string()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("cannot listen on"));
    for _ in 0..20 {
        assert_eq!(ask(first.address(), "GET /healthcheck", "").status, 200);
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.yaml"), "version: 1\nlisten: 127.0.0.1:0\nlisen: x\n").unwrap();
    // By path, and by stem, as older supervisors do.
    for name in [folder.path().join("wrong.yaml").to_str().unwrap(), "wrong"] {
        let output = command().current_dir(folder.path()).args(["--config-name", name]).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("wrong.yaml:3:1") && message.contains("lisen"), "{message}");
    }
    let missing = output(&["--config-name", "no-such-file.yaml"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn a_configuration_that_does_not_fit_the_routes_is_refused_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moved.yaml");
    std::fs::write(&file, "version: 1\nservices: { corerrl: \"http://127.0.0.1:1\" }\n").unwrap();
    let output = command().arg("--config-name").arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("corerl"));
}

#[test]
fn it_needs_no_standard_streams() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quiet.yaml");
    let address = Upstream::down();
    std::fs::write(&file, format!("version: 1\nlisten: {address}\nlog: {{ file: quiet.log }}\n")).unwrap();
    let mut child =
        command().arg("--config-name").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while TcpStream::connect(address).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    assert_eq!(ask(address, "GET /healthcheck", "").status, 200);
    while !std::fs::read_to_string(folder.path().join("quiet.log")).unwrap().contains("\"listening\"") {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_client_that_never_sends_its_request_is_cut_off() {
    let upstream = Upstream::saying("");
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { header_timeout: 300ms, idle_timeout: 300ms }\n");
    let mut silent = Client::connect(gateway.address());
    let mut slow = Client::connect(gateway.address());
    slow.write("GET /open HTTP/1.1\r\nHos");
    let mut idle = Client::connect(gateway.address());
    assert_eq!(idle.send("GET /open", "").answer().unwrap().status, 200);
    assert!(silent.is_closed() && slow.is_closed() && idle.is_closed());
}

#[test]
fn a_supervisor_can_ask_for_the_health_of_a_gateway_whose_connections_are_all_taken() {
    let upstream = Upstream::saying("");
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { connections: 1 }\n");
    let mut kept = Client::connect(gateway.address());
    assert_eq!(kept.send("GET /open", "").answer().unwrap().status, 200);
    assert_eq!(ask(gateway.address(), "GET /api/healthcheck", "").status, 200);
    // Those that do not even ask are bounded, too: beyond a handful there is an answer, and no more.
    let _silent: Vec<Client> = (0..16).map(|_| Client::connect(gateway.address())).collect();
    assert_eq!(Client::connect(gateway.address()).answer().unwrap().status, 503);
}

#[test]
fn connections_over_the_limit_are_refused_honestly() {
    let upstream = Upstream::saying("");
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, "limits: { connections: 2 }\n");
    let mut kept: Vec<Client> = (0..2).map(|_| Client::connect(gateway.address())).collect();
    for client in &mut kept {
        assert_eq!(client.send("GET /open", "").answer().unwrap().status, 200);
    }
    let refused = ask(gateway.address(), "GET /open", "");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    drop(kept);
    while ask(gateway.address(), "GET /open", "").status != 200 {}
}
