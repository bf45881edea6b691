//! The configuration read again while the gateway serves: all of it or nothing, and no request notices.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stand_ins::{CoreTelemetry, Issuer, KeyKind};

use crate::support::admin::{metric, reload};
use crate::support::client::{Answer, Client, ask, status};
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::process::Process;
use crate::support::upstream::Upstream;
use crate::support::{auth_section, auth_section_with, bearer};

const ADMIN: &str = "admin: { listen: \"127.0.0.1:0\" }\n";

/// The keys that a reload has changed.
fn changed(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["changed"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn open_gateway(upstream: SocketAddr, configuration: &str) -> Running {
    Running::start(&route_file(&open_route(upstream, "")), &format!("{ADMIN}{configuration}"))
}

#[test]
fn no_request_fails_by_fifty_reloads() {
    let upstreams = [Upstream::saying("first"), Upstream::saying("second")];
    let gateway = open_gateway(upstreams[0].address(), "threads: 2\n");
    let (address, stop) = (gateway.address(), Arc::new(AtomicBool::new(false)));
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.send("GET /open", "").answer().expect("the connection stays");
                    assert_eq!(answer.status, 200);
                    assert_eq!(status(address, "GET /open", ""), 200, "new connections are taken");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 0..50 {
        let upstream = upstreams[round % 2].address();
        gateway.configure(&format!(
            "{ADMIN}threads: 2\nservices: {{ open: \"http://{upstream}\" }}\nlimits: {{ header_fields: {} }}\n",
            50 + round
        ));
        assert_eq!(changed(&reload(&gateway)), ["services.open", "limits.header_fields"]);
        let before = answered.load(Ordering::Relaxed);
        while answered.load(Ordering::Relaxed) < before + 4 && clients.iter().all(|client| !client.is_finished()) {
            std::thread::yield_now();
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().expect("no request has failed");
    }
    assert!(upstreams.iter().all(|upstream| upstream.requests().len() > 50), "both services were asked");
}

#[test]
fn a_request_ends_under_the_settings_under_which_it_began() {
    let (upstream, has_come, go) = Upstream::gated();
    let routes = route_file(&open_route(upstream.address(), "timeout: \"1h\""));
    let gateway = Running::start(&routes, &format!("{ADMIN}response_headers: {{ server_timing: true }}\n"));
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "");
    has_come.recv().unwrap();
    gateway.configure(&format!("{ADMIN}response_headers: {{ server_timing: false }}\n"));
    assert_eq!(changed(&reload(&gateway)), ["response_headers.server_timing"]);
    go.send(()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!((answer.text().as_str(), answer.header("server-timing").is_some()), ("late", true));
    client.send("GET /open", "");
    has_come.recv().unwrap();
    go.send(()).unwrap();
    assert_eq!(client.answer().unwrap().header("server-timing"), None, "the next one has the new ones");
}

#[test]
fn a_wrong_file_changes_nothing_and_the_answer_and_the_log_say_why() {
    let upstream = Upstream::saying("x");
    let gateway = open_gateway(upstream.address(), "");
    for (wrong, told) in [
        ("bogus: 1\n", "unknown key `bogus`"),
        ("tls: { certificate: no.crt, private_key: no.key }\n", "no.crt"),
        ("services: { opne: \"http://127.0.0.1:1\" }\n", "did you mean `open`?"),
        ("identity: { token: { private_key: no.pem } }\n", "no.pem"),
        ("auth: { issuer: i, audience: a, jwks: { file: no.json } }\n", "the key set cannot be used"),
        ("auth: { issuer: i, audience: a, jwks: { url: \"http://127.0.0.1:1/keys\" } }\n", "the connection failed"),
    ] {
        gateway.configure(&format!("{ADMIN}response_headers: {{ server_timing: true }}\n{wrong}"));
        let refused = reload(&gateway);
        assert_eq!((refused.status, refused.header("content-type")), (422, Some("application/problem+json")));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        let places = format!("{}:", gateway.file().display());
        assert!(detail.contains(told) && detail.starts_with(&places), "{wrong}: {detail}");
        let answer = ask(gateway.address(), "GET /open", "");
        assert_eq!((answer.status, answer.header("server-timing")), (200, None), "{wrong}");
        assert_eq!(metric(&gateway, "gateway_configuration_refused"), Some(1.0));
    }
    gateway.configure(ADMIN);
    assert!(changed(&reload(&gateway)).is_empty());
    assert_eq!(metric(&gateway, "gateway_configuration_refused"), Some(0.0));
    let log = gateway.stop();
    let refusals = log.iter().filter(|line| line["message"].as_str().unwrap().contains("refused: nothing has changed"));
    assert!(refusals.clone().all(|line| line["level"] == "ERROR" && line["reason"].is_string()));
    assert_eq!(refusals.count(), 6);
}

#[test]
fn what_was_bound_at_the_start_is_refused_by_name_and_the_rest_with_it() {
    let upstream = Upstream::saying("x");
    let gateway = open_gateway(upstream.address(), "threads: 1\n");
    gateway.configure(&format!("{ADMIN}threads: 2\nresponse_headers: {{ server_timing: true }}\n"));
    let refused = reload(&gateway);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    let told = "`threads` cannot change while the gateway serves: it is `1`, the file says `2`\n  \
                help: restart the gateway, or put the value back";
    assert!(detail.ends_with(told) && refused.status == 422, "{detail}");
    assert_eq!(ask(gateway.address(), "GET /open", "").header("server-timing"), None);
    gateway.configure("threads: 1\n");
    let detail = reload(&gateway).json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`admin.listen` cannot change"), "{detail}");
}

#[test]
fn a_breaker_stays_open_where_the_address_stays_and_is_forgotten_where_it_does_not() {
    let down = Upstream::down();
    let route = open_route(down, "breaker: Breaker(failures: 1, within: \"10s\", open_for: \"1h\")");
    let gateway = Running::start(&route_file(&route), ADMIN);
    assert_eq!([(), ()].map(|()| status(gateway.address(), "GET /open", "")), [502, 503]);
    gateway.configure(&format!("{ADMIN}response_headers: {{ server_timing: true }}\n"));
    assert_eq!(changed(&reload(&gateway)), ["response_headers.server_timing"]);
    assert_eq!(status(gateway.address(), "GET /open", ""), 503);
    let upstream = Upstream::saying("well");
    gateway.configure(&format!("{ADMIN}services: {{ open: \"http://{}\" }}\n", upstream.address()));
    changed(&reload(&gateway));
    assert_eq!(ask(gateway.address(), "GET /open", "").text(), "well");
}

#[test]
fn limits_count_on_across_a_reload() {
    let upstream = Upstream::saying("x");
    let route =
        open_route(upstream.address(), "").replace("Unlimited(reason: \"test\")", "RateLimit(count: 2, unit: Hour)");
    let gateway = Running::start(&route_file(&route), ADMIN);
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    gateway.configure(&format!("{ADMIN}response_headers: {{ server_timing: true }}\n"));
    changed(&reload(&gateway));
    assert_eq!([(), ()].map(|()| status(gateway.address(), "GET /open", "")), [200, 429]);
}

#[test]
fn other_keys_another_issuer_and_nobodys_are_taken_over() {
    let upstream = Upstream::saying("x");
    let routes = route_file(&closed_route(upstream.address(), ""));
    let gateway = Running::start(&routes, &format!("{ADMIN}{}", auth_section()));
    let token = bearer(&["operations"]);
    let asked = |token: &str| status(gateway.address(), "GET /closed", token);
    assert_eq!(asked(&token), 200);
    // The same token, believed a moment ago, is not for this gateway any more.
    gateway.configure(&format!("{ADMIN}{}", auth_section().replace(Issuer::AUDIENCE, "another")));
    assert_eq!(changed(&reload(&gateway)), ["auth.audience"]);
    assert_eq!(asked(&token), 401);
    let issuer = Issuer::new(KeyKind::P256, "next");
    let inline = format!("{{ inline: {}, grace: 0s }}", issuer.jwk_set());
    gateway.configure(&format!("{ADMIN}{}", auth_section_with(&inline)));
    assert_eq!(changed(&reload(&gateway)), ["auth.audience", "auth.jwks.inline", "auth.jwks.grace"]);
    let next = format!("Authorization: Bearer {}\r\n", issuer.token("tester", &["operations"]));
    assert_eq!((asked(&next), asked(&token)), (200, 401));
    gateway.configure(ADMIN);
    changed(&reload(&gateway));
    assert_eq!(asked(&next), 401);
    let shown = gateway.stop().iter().map(ToString::to_string).collect::<String>();
    let key = issuer.jwk_set()["keys"][0]["x"].as_str().unwrap().to_owned();
    assert!(!shown.contains(&key), "no value of what is secret is logged");
}

#[test]
fn a_key_file_is_read_again_at_once() {
    let upstream = Upstream::saying("x");
    let routes = route_file(&closed_route(upstream.address(), ""));
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    let (old, new) = (Issuer::new(KeyKind::P256, "old"), Issuer::new(KeyKind::P256, "new"));
    fs::write(&keys, old.jwk_set().to_string()).unwrap();
    let auth = auth_section_with(&format!("{{ file: {}, refresh: 24h }}", keys.display()));
    let gateway = Running::start(&routes, &format!("{ADMIN}{auth}"));
    fs::write(&keys, new.jwk_set().to_string()).unwrap();
    assert!(changed(&reload(&gateway)).is_empty());
    let field = format!("Authorization: Bearer {}\r\n", new.token("tester", &["operations"]));
    while status(gateway.address(), "GET /closed", &field) != 200 {}
}

#[test]
fn telemetry_and_the_log_level_follow_the_file() {
    let telemetry = CoreTelemetry::start().unwrap();
    let upstream = Upstream::saying("x");
    let gateway = open_gateway(upstream.address(), "");
    gateway.configure(&format!(
        "{ADMIN}telemetry: {{ url: \"{}\", interval: 50ms }}\nlog: {{ file: gateway.log, level: error }}\n",
        telemetry.url()
    ));
    assert!(changed(&reload(&gateway)).contains(&"telemetry.url".to_owned()));
    assert_eq!(status(gateway.address(), "GET /open/unseen", ""), 200);
    assert!(telemetry.wait_until(|telemetry| !telemetry.series("gateway_request_total").is_empty()));
    let log = gateway.stop();
    assert!(!log.iter().any(|line| line["path"] == "/open/unseen"));
}

#[test]
fn trust_in_a_proxy_ends_on_connections_that_are_open() {
    let upstream = Upstream::saying("x");
    let gateway = open_gateway(upstream.address(), "trusted_proxies: [127.0.0.1]\n");
    let mut client = Client::connect(gateway.address());
    let mut forwarded = || {
        client.send("GET /open", "X-Forwarded-For: 192.0.2.7\r\n").answer().unwrap();
        upstream.requests().last().unwrap().contains("192.0.2.7")
    };
    assert!(forwarded());
    gateway.configure(ADMIN);
    assert_eq!(changed(&reload(&gateway)), ["trusted_proxies"]);
    assert!(!forwarded());
}

#[test]
fn sighup_reads_the_configuration_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(folder.path(), "");
    let file = folder.path().join("coregateway.yaml");
    let cors = "cors: { origins: [\"http://coreui.local\"] }\n";
    fs::write(&file, format!("version: 1\nlisten: 127.0.0.1:0\n{cors}")).unwrap();
    gateway.hang_up();
    let line = gateway.log_line("the configuration was read again");
    assert!(line["changed"].as_str().unwrap().starts_with("cors.origins"), "{line}");
    let answer = ask(gateway.address(), "GET /healthcheck", "Origin: http://coreui.local\r\n");
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://coreui.local"));
    fs::write(&file, "version: 2\n").unwrap();
    gateway.hang_up();
    let line = gateway.log_line("refused");
    let told = "unknown version 2 of the configuration format\n  help: this gateway reads version 1";
    assert!(line["reason"].as_str().unwrap().ends_with(told), "{line}");
    fs::remove_file(&file).unwrap();
    gateway.hang_up();
    let line = gateway.log_line("refused");
    assert!(line["reason"].as_str().unwrap().contains("cannot be read"), "{line}");
    assert_eq!(ask(gateway.address(), "GET /healthcheck", "").status, 200);
}
