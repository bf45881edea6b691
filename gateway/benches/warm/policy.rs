//! A request that every stage lets pass, as it has let others like it before.

use std::num::NonZeroU32;
use std::time::Duration;

use gateway::settings::LogLevel;
use gateway::{Settings, WarmPath};
use gateway_table::{
    Access, MethodSet, Policy, RateLimit, RateUnit, Rewrite, Role, RoleSet, Route, Scheme, Service, Table, Timeouts,
    Trie, Upgrade, Written,
};
use http::{HeaderMap, HeaderValue, Request, header::AUTHORIZATION};
use stand_ins::{Issuer, KeyKind};

use crate::trust;

/// How many routes there are.
const ROUTES: usize = 100;

/// A limit that nobody reaches.
static POLICY: Policy = Policy {
    rate_limit: Some(RateLimit { count: PLENTY, unit: RateUnit::Second, burst: PLENTY }),
    timeout: Duration::from_secs(2),
    timeouts: Timeouts { connect: None, first_byte: None, idle: None },
    retry: None,
    breaker: None,
    max_concurrent: NonZeroU32::MIN,
    upgrade: Upgrade::Off,
    debounce: None,
    max_body: 1024,
};
const PLENTY: NonZeroU32 = NonZeroU32::new(1_000_000_000).expect("more than none");

/// The request on its way, with its route, role, limit and token.
pub(crate) fn warm_path() -> WarmPath {
    let issuer = Issuer::new(KeyKind::Rsa, "k1");
    let mut settings = Settings { auth: Some(trust::settings()), ..Settings::default() };
    // The line of its log is no part of this.
    settings.log.level = LogLevel::Error;
    let mut request = Request::get("/api/v1/area7/pump-7/status?since=1700000000").body(()).expect("a request");
    *request.headers_mut() = fields(&issuer.token("olga", &["operations"]));
    let path = WarmPath::new(&settings, table(), trust::keys(&issuer), request).expect("settings that fit the table");
    assert!(path.admit().is_success(), "the request passes");
    path
}

fn fields(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "gateway.local:8001"),
        ("user-agent", "coreui/4.2 (linux; x86_64)"),
        ("accept", "application/json, text/plain;q=0.5"),
        ("x-correlation-id", "0190b3c0-5f0c-7b5e-a9bb-04a3a8d0c3f1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).expect("a field value"));
    headers
}

fn table() -> &'static Table {
    let prefixes: Vec<&str> = (0..ROUTES).map(|number| &*format!("/api/v1/area{number}/{{id}}").leak()).collect();
    let role = |(index, claim): (usize, &'static str)| Role {
        name: claim.into(),
        claim: claim.into(),
        grants: RoleSet::single(index),
    };
    Box::leak(Box::new(Table {
        digest: "".into(),
        roles: ["admin", "operations", "service"].into_iter().enumerate().map(role).collect(),
        services: [Service { name: "corerl".into(), scheme: Scheme::Http, authority: "127.0.0.1:9000".into() }]
            .into_iter()
            .collect(),
        routes: prefixes.iter().map(|prefix| route(prefix)).collect(),
        trie: Trie::new(prefixes),
    }))
}

fn route(path_prefix: &'static str) -> Route {
    let written = Written {
        path_prefix,
        methods: MethodSet::ALL.bits(),
        service: 0,
        target_path: "/api",
        rewrite: &Rewrite::Strip,
        access: Access::AnyOf(RoleSet::single(1)),
        policy: &POLICY,
        summary: "",
    };
    written.route()
}
