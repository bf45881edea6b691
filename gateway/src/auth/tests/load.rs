//! What holds when much comes at once: forged tokens, and keys that change meanwhile.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use proptest::prelude::{any, proptest};
use serde_json::json;

use super::support::{Gate, NOW, Signer, claims, jwks};
use crate::auth::key_set::ReadKeys;
use crate::auth::{KeySet, RevocationList, TokenFault};

/// Good tokens, each of another user.
fn tokens(signer: &Signer, count: usize) -> Vec<String> {
    let token = |number: usize| {
        let mut claims = claims();
        claims["sub"] = json!(format!("user-{number}"));
        signer.sign(r#"{"alg":"EdDSA","kid":"k1"}"#, &claims.to_string())
    };
    (0..count).map(token).collect()
}

#[test]
fn a_flood_of_forged_tokens_pushes_no_honest_one_out() {
    let (signer, forger) = (Signer::ed25519(), Signer::ed25519());
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let honest = tokens(&signer, 100);
    let known: Vec<_> = honest.iter().map(|token| gate.admit(token).unwrap()).collect();
    for forged in tokens(&forger, 5_000) {
        assert_eq!(gate.refusal(&forged), Some(TokenFault::BadSignature));
    }
    assert_eq!(gate.cache.len(), 100);
    for (token, known) in honest.iter().zip(&known) {
        assert!(Rc::ptr_eq(&gate.admit(token).unwrap(), known));
    }
}

#[test]
fn the_cache_takes_no_more_than_its_bytes() {
    let signer = Signer::ed25519();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    gate.cache = crate::auth::TokenCache::new(64 << 10);
    for token in tokens(&signer, 1_000) {
        assert!(gate.admit(&token).is_ok());
    }
    assert!((20..200).contains(&gate.cache.len()), "{}", gate.cache.len());
}

#[test]
fn keys_are_rotated_under_load_without_one_wrong_answer() {
    let signers: Vec<Signer> = (0..3).map(|_| Signer::p256()).collect();
    let token = |index: usize| signers[index].token(&format!("k{index}"));
    let tokens: Vec<String> = (0..3).map(token).collect();
    let gate = Gate::with_keys(&[0, 1, 2].map(|index: usize| signers[index].jwk(&format!("k{index}"))));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let check = || {
            let mut gate = Gate { verifier: gate.verifier.clone(), cache: crate::auth::TokenCache::default() };
            let mut answers = 0;
            while !is_over.load(Ordering::Relaxed) || answers < 1_000 {
                assert_eq!(gate.refusal(&tokens[answers % 3]), None);
                answers += 1;
            }
        };
        scope.spawn(check);
        scope.spawn(check);
        for round in 0..500 {
            // Each time another of the keys is gone from the issuer's set, and in its grace period.
            let kept = [round % 3, (round + 1) % 3].map(|index| signers[index].jwk(&format!("k{index}")));
            let read = ReadKeys::parse(jwks(&kept).as_bytes()).ok().unwrap();
            let keys = gate.verifier.keys().replaced(&read.usable, NOW, Duration::from_mins(1));
            gate.verifier.install(keys);
            gate.verifier.install_revocations(RevocationList::default());
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

proptest! {
    #[test]
    fn no_document_makes_a_reader_panic(
        document in any::<Vec<u8>>(),
        list in "\\{(\"(tokens|subjects|keys|issued_before)\":(\\[(\"[a-z]{0,3}\",?){0,3}\\]|\\{(\"[a-z]\":[0-9]{0,20},?){0,2}\\}|-?[0-9]{1,25}|null),?){0,4}\\}",
        jwk in "\\{(\"(kty|crv|n|e|x|y|alg|use|kid)\":\"(RSA|EC|OKP|P-256|Ed25519|AQAB|[A-Za-z0-9_-]{0,60})\",?){0,9}\\}",
    ) {
        for text in [&document[..], list.as_bytes()] {
            drop(RevocationList::parse(text));
            drop(KeySet::parse(text));
        }
        drop(KeySet::parse(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()));
    }
}
