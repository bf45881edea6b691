//! The real binary with the real routes, in front of stand-ins for the whole platform.

use std::sync::Arc;

use serde_json::{Value, json};
use stand_ins::{Issuer, KeyKind, core_auth, core_io, echo};

use crate::support::client::{Client, ask};
use crate::support::process::Process;

#[test]
fn every_route_of_the_platform_reaches_its_service_for_whoever_has_the_role() {
    let issuer = Arc::new(Issuer::new(KeyKind::P256, "platform"));
    let auth = core_auth(Arc::clone(&issuer)).unwrap();
    let services =
        ["corerl", "coreconfig", "coredinator", "coretelemetry"].map(|name| (name, echo(name, |_| {}).unwrap()));
    let addresses: Vec<String> =
        services.iter().map(|(name, server)| format!("  {name}: {}\n", server.url())).collect();
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(
        folder.path(),
        &format!(
            "auth:\n  issuer: {}\n  audience: {}\n  jwks: {{ url: {url}/.well-known/jwks.json }}\n\
             services:\n  coreauth: {url}\n  coreio: {}\n{}",
            Issuer::NAME,
            Issuer::AUDIENCE,
            core_io(|_| {}).unwrap().url(),
            addresses.concat(),
            url = auth.url(),
        ),
    );
    for (role, path, service, target) in [
        ("operations", "/api/v1/agent/pump-7", "corerl", "/api/agent/pump-7"),
        ("admin", "/api/v1/config/plant?full", "coreconfig", "/api/config/plant?full"),
        ("service", "/api/v1/coredinator/agent-1", "coredinator", "/api/agents/agent-1"),
        ("operations", "/api/v1/coretelemetry/v1/logs", "coretelemetry", "/v1/logs"),
    ] {
        let field = format!("Authorization: Bearer {}\r\n", issuer.token("sam", &[role]));
        let seen = ask(gateway.address(), &format!("GET {path}"), &field).json();
        assert_eq!((&seen["service"], &seen["target"]), (&Value::from(service), &Value::from(target)));
        let field = format!("Authorization: Bearer {}\r\n", issuer.token("sam", &["visitor"]));
        assert_eq!(ask(gateway.address(), &format!("GET {path}"), &field).status, 403);
        assert_eq!(ask(gateway.address(), &format!("GET {path}"), "").status, 401);
    }
    let field = format!("Authorization: Bearer {}\r\n", issuer.token("sam", &["service"]));
    let seen = ask(gateway.address(), "GET /api/v1/io/valves/7", &field).json();
    let sam = json!({ "service": "coreio", "method": "GET", "path": "/valves/7", "bytes": 0,
        "principal": { "subject": "sam", "roles": ["service"] } });
    assert_eq!(seen, sam);
    for path in ["/auth/token", "/api/v1/auth/token"] {
        let body = r#"{"subject": "olga", "roles": ["operations"]}"#;
        let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let token = Client::connect(gateway.address()).write(request).answer().unwrap().json();
        let field = format!("Authorization: Bearer {}\r\n", token["access_token"].as_str().unwrap());
        assert_eq!(ask(gateway.address(), "GET /api/v1/agent/x", &field).status, 200);
    }
}
