//! What every request costs without a forward: a token that was seen before, and a route, cost no allocation.

#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use gateway::auth::{KeySet, RevocationList, TokenCache, Verifier};
use gateway::clock::UnixSeconds;
use gateway::settings::{Algorithm, AuthSettings, InlineKeys, JwksSettings, KeySource};
use gateway_table::{CanonicalPath, List, Table, Trie};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::json;
use stand_ins::{Issuer, KeyKind};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed on to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; whatever is freed here was allocated there.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

fn settings() -> AuthSettings {
    AuthSettings {
        issuer: "i".into(),
        audience: "a".into(),
        algorithms: vec![Algorithm::ES256],
        leeway: Duration::ZERO,
        types: vec!["JWT".into(), "at+jwt".into()],
        max_age: None,
        max_bytes: 8192,
        roles_claim: vec!["roles".into()],
        jwks: JwksSettings {
            source: KeySource::Inline(InlineKeys(String::new())),
            refresh: Duration::from_mins(5),
            grace: Duration::ZERO,
            cache: None,
        },
        revocations: None,
    }
}

fn table() -> &'static Table {
    Box::leak(Box::new(Table {
        digest: "".into(),
        roles: List::default(),
        services: List::default(),
        routes: List::default(),
        trie: Trie::new([]),
    }))
}

/// A key set with one key, and a good token that it proves.
fn keys_and_token() -> (KeySet, String) {
    let issuer = Issuer::new(KeyKind::P256, "k");
    let token = issuer.sign(&json!({ "iss": "i", "aud": "a", "sub": "s", "exp": NOW.0 + 900 }));
    (KeySet::parse(issuer.jwk_set().to_string().as_bytes()).expect("a key set"), token)
}

#[test]
fn a_token_that_was_seen_before_costs_no_allocation() {
    let (keys, token) = keys_and_token();
    let verifier = Verifier::new(Some(&settings()), table());
    verifier.install(keys);
    verifier.install_revocations(RevocationList::parse(br#"{"tokens":["t"],"subjects":{"x":null}}"#).expect("a list"));
    let mut cache = TokenCache::default();
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).expect("a field value"));
    let cold = ALLOCATIONS.get();
    let first = verifier.authenticate(&mut cache, &headers, NOW).expect("a good token");
    assert!(ALLOCATIONS.get() > cold, "the count counts");

    let before = ALLOCATIONS.get();
    for _ in 0..1000 {
        let again = verifier.authenticate(&mut cache, &headers, NOW).expect("a good token");
        assert!(std::rc::Rc::ptr_eq(&first, &again));
    }
    assert_eq!(ALLOCATIONS.get(), before);
}

#[test]
fn finding_the_owner_of_a_canonical_path_costs_no_allocation() {
    let trie = Trie::new(["/", "/a", "/a/{x}/c", "/a/b/d", "/a/long-segment-of-its-own", "/api/v1/agent"]);
    let paths = ["/", "/a/b/c", "/a/1/c/d", "/a/long-segment-of-its-own/x", "/api/v1/agent/pump-7/status", "/nowhere"];
    let before = ALLOCATIONS.get();
    for path in paths {
        let canonical = CanonicalPath::new(path).expect("a canonical path");
        assert!(trie.find(&canonical).is_some(), "{path}");
    }
    assert_eq!(ALLOCATIONS.get(), before);
}

/// Run with `--ignored --nocapture` in a release build.
#[test]
#[ignore = "a measurement, not a check"]
fn what_a_token_that_was_seen_before_costs() {
    let (keys, token) = keys_and_token();
    let verifier = Verifier::new(Some(&settings()), table());
    verifier.install(keys);
    let mut cache = TokenCache::default();
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).expect("a field value"));
    let calls = 1_000_000;
    let start = std::time::Instant::now();
    for _ in 0..calls {
        assert!(verifier.authenticate(&mut cache, std::hint::black_box(&headers), NOW).is_ok());
    }
    println!("{} ns", start.elapsed().as_nanos() / calls);
}
