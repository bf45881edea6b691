//! Certificates on the main listener: replaced while it serves, chosen by name, asked of clients; and handshakes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, HandshakeKind};

use crate::support::admin::reload;
use crate::support::certificates::{Authority, Pair, TlsClient};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

const OK: &str = "HTTP/1.1 200 OK";

/// A gateway with this `tls` section, whose files are in the folder, and an admin listener.
fn tls_gateway(folder: &Path, tls: &str) -> Running {
    let upstream = Upstream::down();
    Running::start(&route_file(&open_route(upstream, "")), &tls_configuration(folder, tls))
}

fn tls_configuration(folder: &Path, tls: &str) -> String {
    let tls = tls.replace("DIR", folder.to_str().unwrap());
    format!("admin: {{ listen: \"127.0.0.1:0\" }}\nthreads: 2\ntls: {{ {tls} }}\n")
}

const MAIN: &str = "certificate: DIR/main.crt, private_key: DIR/main.key";

#[test]
fn a_certificate_is_replaced_by_a_reload_and_connections_stay() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (first, second) = (authority.issue("localhost"), authority.issue("localhost"));
    first.write(folder.path(), "main");
    let gateway = tls_gateway(folder.path(), MAIN);
    let client = authority.client(None);
    let mut open = TlsClient::connect(gateway.address(), "localhost", &client);
    assert_eq!((open.health().unwrap().as_str(), open.shown()), (OK, first.certificate));

    second.write(folder.path(), "main");
    assert_eq!(reload(&gateway).status, 200);
    assert_eq!(open.health().unwrap(), OK, "an open connection stays");
    let mut new = TlsClient::connect(gateway.address(), "localhost", &authority.client(None));
    assert_eq!((new.health().unwrap().as_str(), new.shown()), (OK, second.certificate.clone()));

    for (broken, told) in [("expired", "has expired"), ("foreign", "are not a certificate and its private key")] {
        let years = if broken == "expired" { (2020, 2021) } else { (2020, 2099) };
        authority.issue_for("localhost", years).write(folder.path(), "main");
        if broken == "foreign" {
            std::fs::write(folder.path().join("main.key"), first.key.serialize_pem()).unwrap();
        }
        let refused = reload(&gateway);
        assert!(refused.status == 422 && refused.text().contains(told), "{}", refused.text());
        let mut new = TlsClient::connect(gateway.address(), "localhost", &authority.client(None));
        assert_eq!((new.health().unwrap().as_str(), new.shown()), (OK, second.certificate.clone()), "{broken}");
    }
}

#[test]
fn a_certificate_is_replaced_when_its_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path(), "main");
    let gateway = tls_gateway(folder.path(), MAIN);
    let mut open = TlsClient::connect(gateway.address(), "localhost", &authority.client(None));
    assert_eq!(open.health().unwrap(), OK);
    let second = authority.issue("localhost");
    second.write(folder.path(), "main");
    let shown = || {
        let mut new = TlsClient::connect(gateway.address(), "localhost", &authority.client(None));
        assert_eq!(new.health().unwrap(), OK, "at no moment is nobody served");
        new.shown()
    };
    while shown() != second.certificate {}
    assert_eq!(open.health().unwrap(), OK);
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["message"] == "the certificates have been replaced"));
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_required_and_who_has_one_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, others) = (Authority::new(), Authority::new());
    authority.issue("localhost").write(folder.path(), "main");
    std::fs::write(folder.path().join("clients.pem"), authority.pem()).unwrap();
    let (own, foreign) = (authority.issue("pump-7"), others.issue("pump-8"));
    let old = authority.issue_for("pump-9", (2020, 2021));
    let served = |gateway: &Running, own: Option<&Pair>| {
        TlsClient::connect(gateway.address(), "localhost", &authority.client(own)).health().is_ok()
    };
    let required = tls_gateway(folder.path(), &format!("{MAIN}, clients: {{ issuers: DIR/clients.pem }}"));
    let pairs = [Some(&own), None, Some(&foreign), Some(&old)];
    assert_eq!(pairs.map(|own| served(&required, own)), [true, false, false, false]);
    let log = required.stop();
    let named: Vec<_> = log.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!((named.len(), &named[0]["client_certificate"]), (1, &"pump-7".into()));

    let optional = format!("{MAIN}, clients: {{ issuers: DIR/clients.pem, required: false }}");
    let optional = tls_gateway(folder.path(), &optional);
    assert_eq!(pairs.map(|own| served(&optional, own)), [true, true, false, false]);
}

#[test]
fn a_client_gets_the_certificate_of_the_name_that_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (main, other) = (authority.issue("localhost"), authority.issue("*.plant.example"));
    main.write(folder.path(), "main");
    other.write(folder.path(), "other");
    let by_name = "by_name: [ { certificate: DIR/other.crt, private_key: DIR/other.key } ]";
    let gateway = tls_gateway(folder.path(), &format!("{MAIN}, {by_name}"));
    let client = authority.client(None);
    for (name, expected) in [("localhost", &main), ("gateway.plant.example", &other)] {
        let mut connection = TlsClient::connect(gateway.address(), name, &client);
        assert_eq!((connection.health().unwrap().as_str(), &connection.shown()), (OK, &expected.certificate));
    }
    let mut unknown = TlsClient::connect(gateway.address(), "elsewhere.example", &client);
    let refused = unknown.health().unwrap_err().to_string();
    assert!(refused.contains("NotValidForName") || refused.contains("not valid for name"), "{refused}");
}

#[test]
fn a_session_is_resumed_on_whichever_worker_and_not_after_the_terms_have_changed() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path(), "main");
    std::fs::write(folder.path().join("clients.pem"), authority.pem()).unwrap();
    let gateway = tls_gateway(folder.path(), MAIN);
    let client = authority.client(None);
    let kind = || {
        let mut connection = TlsClient::connect(gateway.address(), "localhost", &client);
        assert_eq!(connection.health().unwrap(), OK);
        connection.0.conn.handshake_kind().unwrap()
    };
    assert_eq!(kind(), HandshakeKind::Full);
    for _ in 0..16 {
        assert_eq!(kind(), HandshakeKind::Resumed);
    }
    gateway.configure(&(tls_configuration(folder.path(), MAIN) + "response_headers: { server_timing: true }\n"));
    assert_eq!(reload(&gateway).status, 200);
    assert_eq!(kind(), HandshakeKind::Resumed, "a reload that is not about TLS leaves sessions alone");
    let with_clients = format!("{MAIN}, clients: {{ issuers: DIR/clients.pem }}");
    gateway.configure(&tls_configuration(folder.path(), &with_clients));
    assert_eq!(reload(&gateway).status, 200);
    let mut connection = TlsClient::connect(gateway.address(), "localhost", &client);
    assert!(connection.health().is_err(), "a session from before brings no certificate");
}

#[test]
fn half_a_thousand_handshakes_that_never_end_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue("localhost").write(folder.path(), "main");
    let gateway = tls_gateway(folder.path(), MAIN);
    let client = authority.client(None);
    let mut open = TlsClient::connect(gateway.address(), "localhost", &client);
    assert_eq!(open.health().unwrap(), OK);
    let mut hello = Vec::new();
    let mut unfinished =
        ClientConnection::new(Arc::clone(&client), ServerName::try_from("localhost").unwrap()).unwrap();
    unfinished.write_tls(&mut hello).unwrap();
    let half_open: Vec<TcpStream> = (0..1_200)
        .map(|index| {
            let mut stream = TcpStream::connect(gateway.address()).unwrap();
            // Some say nothing, some half of what they want, some all of it and nothing more.
            stream.write_all(&hello[..[0, hello.len() / 2, hello.len()][index % 3]]).unwrap();
            stream
        })
        .collect();
    assert_eq!(open.health().unwrap(), OK, "who is there is served");
    let mut new = TlsClient::connect(gateway.address(), "localhost", &client);
    assert_eq!(new.health().unwrap(), OK, "who comes is served");
    // More than the workers have places for have come: the first has been given up long before its time.
    let ended = half_open[0].set_read_timeout(Some(std::time::Duration::from_secs(5)));
    assert!(ended.is_ok() && (&half_open[0]).read(&mut [0]).is_ok_and(|length| length == 0));
    let log = gateway.stop();
    let cut = log.iter().any(|line| line["message"].as_str().unwrap().contains("were cut"));
    assert!(!cut, "a stop does not wait for them");
}
