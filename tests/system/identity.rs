//! What services learn of who is asking, and how a token is ended before its time.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};

use crate::support::client::{ask, status};
use crate::support::gateway::{Running, closed_route, route_file};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, auth_section, bearer};

/// The value of this field in a request.
fn field<'a>(request: &'a str, name: &str) -> &'a str {
    request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

#[test]
fn a_service_can_check_who_is_asking_by_the_gateways_own_signature() {
    let upstream = Upstream::saying("");
    let key = KeyPair::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.pem");
    std::fs::write(&file, key.serialize_pem()).unwrap();
    let identity = format!("identity: {{ token: {{ private_key: {} }}, headers: true }}\n", file.display());
    let gateway = Running::start(&route_file(&closed_route(upstream.address(), "")), &(auth_section() + &identity));
    let forged = "X-Service-Auth: forged\r\nX-Auth-Subject: mallory\r\nConnection: X-Service-Auth, X-Auth-Subject\r\n";
    assert_eq!(status(gateway.address(), "GET /closed", &(bearer(&["operations"]) + forged)), 200);

    let request = upstream.request();
    assert_eq!((field(&request, "x-auth-subject"), field(&request, "x-auth-roles")), ("tester", "operations"));
    let (message, signature) = field(&request, "x-service-auth").rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.der_bytes()).verify(message.as_bytes(), &signature).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(message.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["roles"]),
        (&json!("tester"), &json!("closed"), &json!(["operations"]))
    );
}

#[test]
fn a_revoked_token_is_refused_within_the_lists_interval_without_a_restart() {
    let upstream = Upstream::saying("");
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("revoked.json");
    std::fs::write(&list, "{}").unwrap();
    let revocations = format!("  revocations: {{ file: {}, refresh: 100ms }}\n", list.display());
    let gateway = Running::start(&route_file(&closed_route(upstream.address(), "")), &(auth_section() + &revocations));
    let token = ISSUER.token_with("olga", &["operations"], &json!({ "jti": "stolen" }));
    let stolen = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(status(gateway.address(), "GET /closed", &stolen), 200);

    std::fs::write(&list, r#"{ "tokens": ["stolen"] }"#).unwrap();
    while status(gateway.address(), "GET /closed", &stolen) == 200 {}
    let answer = ask(gateway.address(), "GET /closed", &stolen);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["detail"], "The access token is not valid.");
    assert_eq!(status(gateway.address(), "GET /closed", &bearer(&["operations"])), 200);
}

#[test]
fn a_revocation_list_that_was_never_read_lets_nobody_in_and_says_so() {
    let upstream = Upstream::saying("");
    let revocations = "  revocations: { file: missing.json }\n";
    let gateway = Running::start(&route_file(&closed_route(upstream.address(), "")), &(auth_section() + revocations));
    assert_eq!(status(gateway.address(), "GET /closed", &bearer(&["operations"])), 503);
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
    assert!(upstream.requests().is_empty());
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["level"] == "ERROR"), "{log:?}");
}
