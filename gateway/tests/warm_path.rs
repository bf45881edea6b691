//! What every request costs without a forward: once its like has been seen, it costs no allocation.

#[path = "../benches/warm/policy.rs"]
mod policy;
#[path = "../benches/warm/trust.rs"]
mod trust;

use std::time::Duration;

use gateway::auth::{RevocationList, TokenCache, Verifier};
use gateway::clock::UnixSeconds;
use gateway::settings::AuthSettings;
use gateway_table::{CanonicalPath, List, Table, Trie};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::json;
use stand_ins::{Counting, Issuer, KeyKind};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

fn table() -> &'static Table {
    Box::leak(Box::new(Table {
        digest: "".into(),
        roles: List::default(),
        services: List::default(),
        routes: List::default(),
        trie: Trie::new([]),
    }))
}

/// A verifier that no revocation concerns, and the fields of a request whose token it believes.
fn verifier_and_fields() -> (Verifier, HeaderMap) {
    let issuer = Issuer::new(KeyKind::P256, "k");
    let claims = json!({ "iss": Issuer::NAME, "aud": Issuer::AUDIENCE, "sub": "s", "exp": NOW.0 + 900 });
    let field = HeaderValue::from_str(&format!("Bearer {}", issuer.sign(&claims))).expect("a field value");
    let settings = AuthSettings { leeway: Duration::ZERO, ..trust::settings() };
    let verifier = Verifier::new(Some(&settings), table());
    verifier.install(trust::keys(&issuer));
    verifier.install_revocations(RevocationList::parse(br#"{"tokens":["t"],"subjects":{"x":null}}"#).expect("a list"));
    (verifier, HeaderMap::from_iter([(AUTHORIZATION, field)]))
}

#[test]
fn a_token_that_was_seen_before_costs_no_allocation() {
    let (verifier, headers) = verifier_and_fields();
    let mut cache = TokenCache::default();
    let cold = Counting::allocations();
    let first = verifier.authenticate(&mut cache, &headers, NOW).expect("a good token");
    assert!(Counting::allocations() > cold, "the count counts");

    let before = Counting::allocations();
    for _ in 0..1000 {
        let again = verifier.authenticate(&mut cache, &headers, NOW).expect("a good token");
        assert!(std::rc::Rc::ptr_eq(&first, &again));
    }
    assert_eq!(Counting::allocations(), before);
}

#[test]
fn finding_the_owner_of_a_canonical_path_costs_no_allocation() {
    let trie = Trie::new(["/", "/a", "/a/{x}/c", "/a/b/d", "/a/long-segment-of-its-own", "/api/v1/agent"]);
    let paths = ["/", "/a/b/c", "/a/1/c/d", "/a/long-segment-of-its-own/x", "/api/v1/agent/pump-7/status", "/nowhere"];
    let before = Counting::allocations();
    for path in paths {
        let canonical = CanonicalPath::new(path).expect("a canonical path");
        assert!(trie.find(&canonical).is_some(), "{path}");
    }
    assert_eq!(Counting::allocations(), before);
}

#[test]
fn path_route_token_role_limit_and_metrics_together_cost_no_allocation() {
    let path = policy::warm_path();
    let before = Counting::allocations();
    for _ in 0..1000 {
        assert!(path.admit().is_success());
    }
    assert_eq!(Counting::allocations(), before);
}
