//! TLS as curl and openssl see it.

use std::process::{Command, Output, Stdio};

use crate::support::certificates::Authority;
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

/// A gateway over TLS that wants a certificate of its clients, and the files of all of them.
struct Served {
    gateway: Running,
    folder: tempfile::TempDir,
}

impl Served {
    fn start(further: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        authority.issue("localhost").write(folder.path(), "main");
        authority.issue("gateway.plant").write(folder.path(), "plant");
        authority.issue("pump-7").write(folder.path(), "client");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let directory = folder.path().to_str().unwrap();
        let tls = "certificate: DIR/main.crt, private_key: DIR/main.key".to_owned() + further;
        let tls = tls.replace("DIR", directory);
        let routes = route_file(&open_route(Upstream::saying("hello").address(), ""));
        let gateway = Running::start(&routes, &format!("tls: {{ {tls} }}\n"));
        Self { gateway, folder }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let port = self.gateway.address().port().to_string();
        Command::new(program)
            .args(arguments.iter().map(|argument| argument.replace("PORT", &port)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The version of HTTP and the status that curl gets with these further arguments.
    fn curl(&self, arguments: &[&str]) -> String {
        let shared = ["-s", "--cacert", "ca.pem", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"];
        let arguments = [&shared[..], arguments, &["https://localhost:PORT/open"]].concat();
        String::from_utf8(self.run("curl", &arguments).stdout).unwrap()
    }

    /// What openssl says of a connection with these further arguments.
    fn openssl(&self, arguments: &[&str]) -> String {
        let shared = ["s_client", "-connect", "localhost:PORT", "-CAfile", "ca.pem", "-verify_return_error"];
        let output = self.run("openssl", &[&shared[..], arguments].concat());
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }
}

#[test]
#[ignore = "needs curl and openssl"]
fn curl_gets_http_2_and_http_1_1_over_tls_1_3_alone() {
    let served = Served::start("");
    assert_eq!(served.curl(&["--http2"]), "2 200");
    assert_eq!(served.curl(&["--http1.1"]), "1.1 200");
    assert_eq!(served.curl(&["--tls-max", "1.2"]), "0 000");
    let both = Served::start(", minimum: \"1.2\"");
    assert_eq!(both.curl(&["--tls-max", "1.2"]), "2 200");
    assert_eq!(both.curl(&["--tls-max", "1.1"]), "0 000");
}

#[test]
#[ignore = "needs curl and openssl"]
fn openssl_settles_on_a_protocol_and_finds_nothing_old() {
    let served = Served::start(", minimum: \"1.2\"");
    let told = served.openssl(&["-alpn", "h2,http/1.1", "-servername", "localhost"]);
    assert!(told.contains("ALPN protocol: h2") && told.contains("TLSv1.3"), "{told}");
    assert!(told.contains("Verify return code: 0 (ok)"), "{told}");
    let told = served.openssl(&["-alpn", "http/1.1", "-tls1_2"]);
    assert!(told.contains("ALPN protocol: http/1.1") && told.contains("TLSv1.2"), "{told}");
    assert!(told.contains("Secure Renegotiation IS supported"), "{told}");
    for old in [&["-tls1_1"][..], &["-tls1"], &["-tls1_2", "-cipher", "AES128-SHA"]] {
        let told = served.openssl(old);
        assert!(told.contains("Cipher is (NONE)") || told.contains("no protocols available"), "{told}");
    }
}

#[test]
#[ignore = "needs curl and openssl"]
fn a_name_that_is_asked_for_chooses_the_certificate() {
    let served = Served::start(", by_name: [ { certificate: DIR/plant.crt, private_key: DIR/plant.key } ]");
    for (name, shown) in [("localhost", "CN = localhost"), ("gateway.plant", "CN = gateway.plant")] {
        let told = served.openssl(&["-servername", name, "-verify_hostname", name]);
        assert!(told.contains(shown) && told.contains("Verify return code: 0 (ok)"), "{told}");
    }
    let told = served.openssl(&["-noservername"]);
    assert!(told.contains("CN = localhost"), "{told}");
}

#[test]
#[ignore = "needs curl and openssl"]
fn clients_show_their_certificates() {
    let served = Served::start(", clients: { issuers: DIR/ca.pem }");
    assert_eq!(served.curl(&["--cert", "client.crt", "--key", "client.key"]), "2 200");
    assert_eq!(served.curl(&[]), "0 000");
    let log = served.gateway.stop();
    assert!(log.iter().any(|line| line["client_certificate"] == "pump-7"), "{log:?}");
}
