//! TLS to clients, and to upstreams.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, Stream, StreamOwned,
    SupportedProtocolVersion,
};

use crate::support::admin::administered;
use crate::support::certificates::Authority;
use crate::support::client::{Client, ask};
use crate::support::gateway::open_route;
use crate::support::process::{Process, command};
use crate::support::upstream::Upstream;

/// A certificate for `localhost` in this folder, and the lines of the configuration that name it.
fn certificate(folder: &Path) -> (CertifiedKey<KeyPair>, &'static str) {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("gateway.crt"), certified.cert.pem()).unwrap();
    std::fs::write(folder.join("gateway.key"), certified.signing_key.serialize_pem()).unwrap();
    (certified, "tls: { certificate: gateway.crt, private_key: gateway.key }\n")
}

fn trusting(certified: &CertifiedKey<KeyPair>, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    Arc::new(config.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots).with_no_client_auth())
}

fn ask_by_tls(address: SocketAddr, path: &str, config: Arc<ClientConfig>) -> std::io::Result<String> {
    let mut connection = ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    let mut stream = Stream::new(&mut connection, &mut tcp);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn clients_are_served_over_tls_1_3_and_1_2_only_by_choice() {
    let folder = tempfile::tempdir().unwrap();
    let (certified, tls) = certificate(folder.path());
    let gateway = Process::start(folder.path(), tls);
    assert!(
        ask_by_tls(gateway.address(), "/healthcheck", trusting(&certified, &TLS13))
            .unwrap()
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
    assert!(ask_by_tls(gateway.address(), "/healthcheck", trusting(&certified, &TLS12)).is_err());
    drop(gateway);

    let both = tls.replace(" }", ", minimum: \"1.2\" }");
    let gateway = Process::start(folder.path(), &both);
    assert!(ask_by_tls(gateway.address(), "/healthcheck", trusting(&certified, &TLS12)).is_ok());
}

/// What the gateway says when it does not start with this configuration.
fn refusal(folder: &Path, configuration: &str) -> Output {
    let file = folder.join("refused.yaml");
    std::fs::write(&file, format!("version: 1\nlisten: 127.0.0.1:0\n{configuration}")).unwrap();
    command().arg("--config-name").arg(&file).output().unwrap()
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let (_, tls) = certificate(folder.path());
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = certificate(elsewhere.path());
    std::fs::write(folder.path().join("other.key"), other.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("empty.crt"), "").unwrap();
    for (wrong, expected) in [
        (tls.replace("gateway.key", "missing.key"), "missing.key"),
        (tls.replace("gateway.crt", "empty.crt"), "empty.crt"),
        (tls.replace("gateway.key", "other.key"), "other.key"),
    ] {
        let output = refusal(folder.path(), &wrong);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_certificate_whose_time_is_over_or_has_not_come_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = "tls: { certificate: main.crt, private_key: main.key }\n";
    for (years, told) in [((2020, 2021), "the certificate has expired, "), ((2098, 2099), "is not valid yet, only in ")]
    {
        authority.issue_for("localhost", years).write(folder.path(), "main");
        let output = refusal(folder.path(), tls);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("refused.yaml:3:6: ") && message.contains(told), "{message}");
    }
}

/// A TLS upstream for `localhost` that answers every connection once.
fn tls_upstream(certified: &CertifiedKey<KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_protocol_versions(&[&TLS13]).unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certified.cert.der().clone()], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((tcp, _)) = listener.accept() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), tcp);
            let mut request = [0; 4096];
            // A client that does not trust the certificate never sends its request.
            if stream.read(&mut request).is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret");
            }
        }
    });
    address
}

#[test]
fn an_https_upstream_is_believed_only_with_a_certificate_that_the_machine_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let (certified, _) = certificate(folder.path());
    let upstream = tls_upstream(&certified);
    let services = format!("services: {{ coreauth: \"https://localhost:{}\" }}\n", upstream.port());
    let trusted =
        Process::start_with(folder.path(), &services, &[("SSL_CERT_FILE", &folder.path().join("gateway.crt"))]);
    assert_eq!(ask(trusted.address(), "GET /auth/x", "").text(), "secret");
    drop(trusted);

    // Another certificate of the same name takes its place among those that are trusted.
    certificate(folder.path());
    let other = Process::start_with(folder.path(), &services, &[("SSL_CERT_FILE", &folder.path().join("gateway.crt"))]);
    assert_eq!(ask(other.address(), "GET /auth/x", "").status, 502);
}

#[test]
fn plain_http_to_a_tls_listener_is_not_answered_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (certified, tls) = certificate(folder.path());
    let gateway = Process::start(folder.path(), tls);
    let mut plain = TcpStream::connect(gateway.address()).unwrap();
    plain.write_all(b"GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // The alert that comes back is no HTTP.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    assert!(ask_by_tls(gateway.address(), "/healthcheck", trusting(&certified, &TLS13)).is_ok());
}

#[test]
fn operators_are_served_over_tls_where_the_admin_listener_has_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (certified, _) = certificate(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let tls =
        format!(", tls: {{ certificate: \"{}\", private_key: \"{}\" }}", file("gateway.crt"), file("gateway.key"));
    let gateway = administered(&open_route(Upstream::down(), ""), &tls);
    let answer = ask_by_tls(gateway.admin(), "/ready", trusting(&certified, &TLS13)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(ask_by_tls(gateway.admin(), "/ready", trusting(&certified, &TLS12)).is_err());
    let mut plain = Client::connect(gateway.admin());
    let told = plain.send("GET /ready", "").rest();
    assert!(!told.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&told));
}
