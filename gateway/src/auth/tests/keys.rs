//! Which keys of a set are used, and which key a token is checked with.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Gate, NOW, Signer, base64, claims, jwks};
use crate::auth::jwk::KeyFault;
use crate::auth::key_set::ReadKeys;
use crate::auth::{KeySet, KeySetFault, TokenFault};
use crate::clock::UnixSeconds;

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk.as_object_mut().unwrap().insert(name.into(), value);
    jwk
}

/// Why the only key of a set is not used.
fn skipped(jwk: Value) -> Option<KeyFault> {
    match ReadKeys::parse(jwks(&[jwk]).as_bytes()) {
        Ok(_) => None,
        Err(KeySetFault::NoUsableKey(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_key_that_cannot_be_used_is_skipped_for_a_reason() {
    let (rsa, ec, ed) = (Signer::Rsa.jwk("a"), Signer::p256().jwk("b"), Signer::ed25519().jwk("c"));
    let cases = [
        (json!(7), KeyFault::Unreadable),
        (json!({ "kid": "a" }), KeyFault::Unreadable),
        (json!({ "kty": "oct", "k": "c2VjcmV0" }), KeyFault::Symmetric),
        (json!({ "kty": "AKP" }), KeyFault::UnknownType),
        (with(rsa.clone(), "use", json!("enc")), KeyFault::NotForSignatures),
        (with(rsa.clone(), "key_ops", json!(["sign"])), KeyFault::NotForVerifying),
        (with(rsa.clone(), "key_ops", json!([])), KeyFault::NotForVerifying),
        (with(rsa.clone(), "alg", json!("ES256")), KeyFault::WrongAlgorithm),
        (with(rsa.clone(), "alg", json!("RSA-OAEP")), KeyFault::WrongAlgorithm),
        (with(rsa.clone(), "alg", json!("HS256")), KeyFault::WrongAlgorithm),
        (with(rsa.clone(), "n", json!(base64(&[255; 255]))), KeyFault::WrongSize),
        (with(rsa.clone(), "n", json!(base64(&[vec![0], vec![127; 256]].concat()))), KeyFault::WrongSize),
        (with(rsa.clone(), "n", json!(base64(&[255; 1025]))), KeyFault::WrongSize),
        (with(rsa.clone(), "e", json!("AQ")), KeyFault::WrongExponent),
        (with(rsa.clone(), "e", json!("AQAA")), KeyFault::WrongExponent),
        (with(rsa.clone(), "e", json!(base64(&[1, 0, 0, 0, 0, 0, 0, 0, 1]))), KeyFault::WrongExponent),
        (with(rsa.clone(), "e", json!("")), KeyFault::WrongExponent),
        (with(rsa, "n", json!("not base64!")), KeyFault::BadMembers),
        (with(ec.clone(), "crv", json!("P-521")), KeyFault::UnknownCurve),
        (with(ec.clone(), "crv", json!("secp256k1")), KeyFault::UnknownCurve),
        (with(ec.clone(), "crv", json!("P-384")), KeyFault::BadMembers),
        (with(ec.clone(), "alg", json!("ES384")), KeyFault::WrongAlgorithm),
        (with(ec, "y", json!(base64(&[1; 32]))), KeyFault::BadMembers),
        (with(ed.clone(), "crv", json!("Ed448")), KeyFault::UnknownCurve),
        (with(ed, "x", json!("AAAA")), KeyFault::BadMembers),
    ];
    for (jwk, fault) in cases {
        assert_eq!(skipped(jwk.clone()), Some(fault), "{jwk}");
    }
}

#[test]
fn members_that_do_no_harm_are_no_reason_to_skip_a_key() {
    let rsa = Signer::Rsa.jwk("a");
    assert_eq!(skipped(with(rsa.clone(), "use", json!("sig"))), None);
    assert_eq!(skipped(with(rsa.clone(), "key_ops", json!(["verify", "x"]))), None);
    assert_eq!(skipped(with(rsa.clone(), "d", json!("private"))), None);
    assert_eq!(skipped(with(rsa, "x5c", json!(7))), None);
}

#[test]
fn one_bad_key_does_no_harm_to_the_others() {
    let read = ReadKeys::parse(jwks(&[json!({ "kty": "oct", "kid": "s" }), Signer::p256().jwk("a")]).as_bytes());
    let read = read.ok().unwrap();
    assert_eq!(read.usable.len(), 1);
    assert_eq!((read.skipped[0].index, read.skipped[0].kid.as_deref()), (0, Some("s")));
}

#[test]
fn a_set_that_cannot_be_used_says_why() {
    let fault = |text: &str| KeySet::parse(text.as_bytes()).err().unwrap();
    for text in ["", "[]", "{}", "{\"keys\":{}}", "<html>"] {
        assert_eq!(fault(text), KeySetFault::NotAKeySet, "{text}");
    }
    assert_eq!(fault("{\"keys\":[]}"), KeySetFault::Empty);
    assert_eq!(fault(&jwks(&vec![json!(1); 101])), KeySetFault::TooMany);
    assert_eq!(fault(&" ".repeat((1 << 20) + 1)), KeySetFault::TooLarge);
}

#[test]
fn the_keys_own_algorithm_binds() {
    let jwk = with(Signer::Rsa.jwk("k1"), "alg", json!("PS256"));
    let mut gate = Gate::with_keys(&[jwk]);
    assert_eq!(gate.refusal(&Signer::Rsa.token("k1")), Some(TokenFault::WrongAlgorithm));
    let pss = Signer::Rsa.sign(r#"{"alg":"PS256","kid":"k1"}"#, &claims().to_string());
    assert!(gate.admit(&pss).is_ok());
}

#[test]
fn a_token_without_a_key_id_is_checked_with_the_one_key_that_fits() {
    let (signer, other) = (Signer::p256(), Signer::p256());
    let token = signer.sign(r#"{"alg":"ES256"}"#, &claims().to_string());
    let of = |keys: &[Value]| Gate::with_keys(keys).refusal(&token);
    assert_eq!(of(&[signer.jwk("a"), Signer::Rsa.jwk("b")]), None);
    assert_eq!(of(&[signer.jwk("a"), other.jwk("b")]), Some(TokenFault::AmbiguousKey));
    assert_eq!(of(&[Signer::Rsa.jwk("b")]), Some(TokenFault::UnknownKey));
    assert_eq!(of(&[other.jwk("b")]), Some(TokenFault::BadSignature));
}

#[test]
fn a_key_that_has_gone_is_believed_for_the_grace_period() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let mut gate = Gate::with_keys(&[old.jwk("k1")]);
    let token = old.token("k1");
    assert!(gate.admit(&token).is_ok());
    let read = ReadKeys::parse(jwks(&[new.jwk("k2")]).as_bytes()).ok().unwrap();
    gate.verifier.install(gate.verifier.keys().replaced(&read.usable, NOW, Duration::from_mins(10)));
    // The one token was seen before, the other was not.
    let unseen = old.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims().to_string().replace("t-1", "t-2"));
    for token in [&token, &unseen] {
        assert!(gate.admit_at(token, UnixSeconds(NOW.0 + 599)).is_ok());
        assert_eq!(gate.admit_at(token, UnixSeconds(NOW.0 + 600)).err(), Some(TokenFault::UnknownKey));
    }
    assert!(gate.admit(&new.token("k2")).is_ok());
}

#[test]
fn a_grace_period_does_not_begin_anew_with_every_set() {
    let (old, new, newer) = (Signer::p256(), Signer::p256(), Signer::p256());
    let read = |signer: &Signer, kid| ReadKeys::parse(jwks(&[signer.jwk(kid)]).as_bytes()).ok().unwrap().usable;
    let grace = Duration::from_mins(10);
    let keys = KeySet::default().replaced(&read(&old, "k1"), NOW, grace);
    let keys = keys.replaced(&read(&new, "k2"), NOW, grace);
    let keys = keys.replaced(&read(&newer, "k3"), UnixSeconds(NOW.0 + 300), grace);
    assert_eq!(keys.counts(), (1, 2));
    let keys = keys.replaced(&read(&newer, "k3"), UnixSeconds(NOW.0 + 600), grace);
    assert_eq!(keys.counts(), (1, 1));
    assert_eq!(keys.replaced(&read(&old, "k1"), UnixSeconds(NOW.0 + 600), Duration::ZERO).counts(), (1, 1));
}

#[test]
fn tokens_without_key_ids_survive_a_rotation_too() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let mut gate = Gate::with_keys(&[old.jwk("")]);
    let read = ReadKeys::parse(jwks(&[new.jwk("")]).as_bytes()).ok().unwrap();
    gate.verifier.install(gate.verifier.keys().replaced(&read.usable, NOW, Duration::from_mins(10)));
    for signer in [&old, &new] {
        let token = signer.sign(r#"{"alg":"ES256"}"#, &claims().to_string());
        assert!(gate.admit(&token).is_ok());
    }
}
