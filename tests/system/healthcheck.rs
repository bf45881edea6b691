//! `coregateway healthcheck`: what a script or a container asks instead of the supervisor.

use std::net::{SocketAddr, TcpListener};
use std::process::Output;
use std::time::{Duration, Instant};

use crate::support::process::{Process, command, output};
use crate::support::upstream::Upstream;

fn checked(listen: &str) -> Output {
    output(&["healthcheck", "--listen", listen])
}

/// That it is not healthy, for this reason.
fn assert_ill(output: &Output, reason: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), told.contains(reason)), (Some(1), true), "{told}");
}

#[test]
fn a_running_gateway_is_healthy_also_by_the_address_that_stands_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), "");
    assert_eq!(checked(&gateway.address().to_string()).status.code(), Some(0));
    assert_eq!(checked(&format!("0.0.0.0:{}", gateway.address().port())).status.code(), Some(0));
}

#[test]
fn the_configuration_says_where_it_is_asked_and_whether_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("gateway.crt"), certified.cert.pem()).unwrap();
    std::fs::write(folder.path().join("gateway.key"), certified.signing_key.serialize_pem()).unwrap();
    let tls = "tls: { certificate: gateway.crt, private_key: gateway.key }\n";
    let gateway = Process::start(folder.path(), tls);
    let configuration = format!("version: 1\nlisten: {}\n{tls}", gateway.address());
    std::fs::write(folder.path().join("asked.yaml"), configuration).unwrap();
    let healthy =
        command().current_dir(folder.path()).args(["healthcheck", "--config-name", "asked"]).output().unwrap();
    assert_eq!(healthy.status.code(), Some(0), "{}", String::from_utf8_lossy(&healthy.stderr));
    // What comes without TLS is an alert of TLS, no answer.
    assert_ill(&checked(&gateway.address().to_string()), " answer");
}

#[test]
fn whoever_else_answers_or_nobody_is_not_healthy() {
    assert_ill(&checked(&Upstream::down().to_string()), "cannot be connected to");
    let busy = Upstream::answering("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    assert_ill(&checked(&busy.address().to_string()), "answers `HTTP/1.1 503 Service Unavailable`");
    let closing = Upstream::scripted(|peer| drop(peer.request()));
    assert_ill(&checked(&closing.address().to_string()), "does not answer");
}

#[test]
fn it_gives_up_as_soon_as_the_supervisor_does() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = silent.local_addr().unwrap();
    let start = Instant::now();
    assert_ill(&checked(&address.to_string()), "timed out");
    assert!(start.elapsed() >= Duration::from_secs(3));
}

#[test]
fn a_wrong_configuration_is_no_ill_gateway() {
    assert_eq!(output(&["healthcheck", "--config-name", "no-such-file.yaml"]).status.code(), Some(2));
    assert_eq!(checked("127.0.0.1:0").status.code(), Some(2));
}
