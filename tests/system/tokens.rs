//! Who gets in.

use serde_json::{Value, json};
use stand_ins::{Issuer, KeyKind, Server, unix_now};

use crate::support::client::{Answer, ask};
use crate::support::gateway::{Running, closed_route, route_file};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, auth_section_with, bearer};

struct Closed {
    upstream: Upstream,
    gateway: Running,
}

impl Closed {
    fn new() -> Self {
        let upstream = Upstream::saying("in");
        let gateway = Running::with_routes(&closed_route(upstream.address(), ""));
        Self { upstream, gateway }
    }

    fn ask(&self, fields: &str) -> Answer {
        ask(self.gateway.address(), "GET /closed", fields)
    }

    fn ask_with_claims(&self, claims: &Value) -> Answer {
        let token = ISSUER.token_with("tester", &["operations"], claims);
        self.ask(&format!("Authorization: Bearer {token}\r\n"))
    }
}

#[test]
fn a_good_token_with_the_role_gets_in() {
    let closed = Closed::new();
    assert_eq!(closed.ask(&bearer(&["operations"])).text(), "in");
    assert_eq!(closed.ask(&bearer(&["unknown", "operations"])).text(), "in");
}

#[test]
fn no_credentials_are_answered_without_an_error_code() {
    let closed = Closed::new();
    for fields in ["", "Authorization: Basic eDp5\r\n"] {
        let answer = closed.ask(fields);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"coregateway\""));
    }
    assert!(closed.upstream.requests().is_empty());
}

#[test]
fn a_token_that_is_not_valid_is_told_so_and_nothing_more() {
    let closed = Closed::new();
    let now = unix_now();
    let mut answers: Vec<Answer> = [
        json!({ "exp": now - 60 }),
        json!({ "exp": null }),
        json!({ "nbf": now + 120 }),
        json!({ "iat": now + 120 }),
        json!({ "iss": "https://evil.local" }),
        json!({ "iss": null }),
        json!({ "aud": "another" }),
        json!({ "aud": null }),
    ]
    .iter()
    .map(|claims| closed.ask_with_claims(claims))
    .collect();
    let stranger = Issuer::new(KeyKind::P256, "test-1");
    for token in ["", "x", "a.b.c", &stranger.token("mallory", &["operations"])] {
        answers.push(closed.ask(&format!("Authorization: Bearer {token}\r\n")));
    }
    answers.push(closed.ask(&bearer(&["operations"]).repeat(2)));
    for answer in answers {
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert_eq!(answer.json()["detail"], "The access token is not valid.");
    }
    assert!(closed.upstream.requests().is_empty());
}

#[test]
fn a_token_without_the_role_is_told_which_would_do() {
    let closed = Closed::new();
    for roles in [&["admin"][..], &[], &["OPERATIONS"], &["Operations"], &["unknown"]] {
        let answer = closed.ask(&bearer(roles));
        assert_eq!(answer.status, 403, "{roles:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.ends_with("error=\"insufficient_scope\", scope=\"operations\""), "{challenge}");
    }
    assert!(closed.upstream.requests().is_empty());
}

#[test]
fn a_role_implies_another_only_where_the_route_file_says_so() {
    let upstream = Upstream::saying("in");
    let routes = route_file(&closed_route(upstream.address(), ""));
    let implying = routes.replace("Admin: \"admin\"", "Admin: Role(claim: \"admin\", implies: [Operations])");
    let gateway = Running::start(&implying, &crate::support::auth_section());
    assert_eq!(ask(gateway.address(), "GET /closed", &bearer(&["admin"])).status, 200);
}

#[test]
fn the_credentials_stay_at_the_gateway_that_checks_them() {
    let closed = Closed::new();
    closed.ask(&bearer(&["operations"]));
    assert!(!closed.upstream.request().to_lowercase().contains("authorization"));
}

#[test]
fn without_keys_protected_routes_answer_401_and_the_gateway_is_healthy() {
    let upstream = Upstream::saying("in");
    let gateway = Running::start(&route_file(&closed_route(upstream.address(), "")), "");
    assert_eq!(ask(gateway.address(), "GET /closed", &bearer(&["operations"])).status, 401);
    assert_eq!(ask(gateway.address(), "GET /healthcheck", "").status, 200);
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["message"] != "request" && line.to_string().contains("401")), "{log:?}");
}

#[test]
fn keys_come_from_a_file_or_a_url_and_may_be_elliptic() {
    let issuer = Issuer::new(KeyKind::P256, "ec-1");
    let keys = issuer.jwk_set().to_string();
    let field = format!("Authorization: bearer {}\r\n", issuer.token("tester", &["operations"]));
    let upstream = Upstream::saying("in");
    let routes = route_file(&closed_route(upstream.address(), ""));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    std::fs::write(&file, &keys).unwrap();
    let gateway = Running::start(&routes, &auth_section_with(&format!("{{ file: {} }}", file.display())));
    assert_eq!(ask(gateway.address(), "GET /closed", &field).status, 200);

    let core_auth = key_server(move || keys.clone());
    let gateway = Running::start(&routes, &auth_section_with(&format!("{{ url: {}/jwks }}", core_auth.url())));
    assert_eq!(ask(gateway.address(), "GET /closed", &field).status, 200);
}

#[test]
fn a_token_with_a_key_that_has_just_been_rotated_in_is_accepted_at_once() {
    use std::sync::{Arc, Mutex};
    let (old, new) = (Issuer::new(KeyKind::P256, "old"), Issuer::new(KeyKind::P256, "new"));
    let published = Arc::new(Mutex::new(old.jwk_set().to_string()));
    let keys = Arc::clone(&published);
    let core_auth = key_server(move || keys.lock().unwrap().clone());
    let upstream = Upstream::saying("in");
    let gateway = Running::start(
        &route_file(&closed_route(upstream.address(), "")),
        &auth_section_with(&format!("{{ url: {}/jwks }}", core_auth.url())),
    );
    let ask_with = |issuer: &Issuer| {
        let field = format!("Authorization: Bearer {}\r\n", issuer.token("tester", &["operations"]));
        ask(gateway.address(), "GET /closed", &field).status
    };
    assert_eq!(ask_with(&old), 200);
    *published.lock().unwrap() = json!({ "keys": [new.jwk()] }).to_string();
    assert_eq!(ask_with(&new), 200);
    assert_eq!(ask_with(&old), 200, "a key that has vanished keeps its grace period");
}

fn key_server(keys: impl Fn() -> String + Send + 'static) -> Server {
    Server::start(move |_| stand_ins::text_response(keys())).unwrap()
}
