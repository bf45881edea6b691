//! A gate for tokens, and a token that it has seen before.

use std::hint::black_box;
use std::rc::Rc;

use gateway::auth::{Principal, TokenCache, Verifier};
use gateway::clock::UnixSeconds;
use gateway_table::{List, Role, RoleSet, Table, Trie};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use stand_ins::{Issuer, KeyKind, unix_now};

use crate::trust;

/// A gate that believes `issuer`.
pub(crate) fn gate(issuer: &Issuer) -> Verifier {
    let role = Role { name: "Admin".into(), claim: "admin".into(), grants: RoleSet::single(0) };
    let table = Box::leak(Box::new(Table {
        digest: "".into(),
        roles: [role].into_iter().collect(),
        services: List::default(),
        routes: List::default(),
        trie: Trie::new([]),
    }));
    let verifier = Verifier::new(Some(&trust::settings()), table);
    verifier.install(trust::keys(issuer));
    verifier
}

/// What a client with this token says of itself.
pub(crate) fn bearing(token: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a field value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// A token that the gate has seen before.
pub(crate) struct KnownToken {
    gate: Verifier,
    cache: TokenCache,
    headers: HeaderMap,
    now: UnixSeconds,
}

impl KnownToken {
    pub(crate) fn new() -> Self {
        let issuer = Issuer::new(KeyKind::Rsa, "k1");
        let headers = bearing(&issuer.token("olga", &["admin"]));
        let (gate, cache, now) = (gate(&issuer), TokenCache::default(), UnixSeconds(unix_now()));
        let mut known = Self { gate, cache, headers, now };
        known.authenticate();
        known
    }

    /// Looks at it once more.
    pub(crate) fn authenticate(&mut self) -> Rc<Principal> {
        self.gate.authenticate(&mut self.cache, black_box(&self.headers), self.now).expect("a good token")
    }
}
