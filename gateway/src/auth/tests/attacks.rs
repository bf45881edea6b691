//! Attacks by the signature and by the form of a token; those by header and claims are beside the rules that they attack.

use serde_json::json;

use super::support::{Gate, Signer, base64, claims};
use crate::auth::TokenFault;
use crate::settings::Algorithm;

/// A token's parts, the signature decoded.
fn parts(token: &str) -> (String, Vec<u8>) {
    use base64::Engine as _;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    (signed.to_owned(), base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// Both numbers of an ECDSA signature as DER has them, which JWS does not (RFC 7518 §3.4).
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let (r, s) = signature.split_at(32);
    [vec![0x30, 70], integer(r), integer(s)].concat()
}

#[test]
fn every_attack_by_a_signature_on_a_curve_fails() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let (message, good) = parts(&signer.token("k1"));
    let (_, of_another) = parts(&signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, "{}"));
    for (attack, signature) in [
        ("none", vec![]),
        ("zeros", vec![0; 64]),
        ("ones", [vec![0; 31], vec![1], vec![0; 31], vec![1]].concat()),
        ("the largest numbers", vec![255; 64]),
        ("as DER", der(&good)),
        ("the first half", good[..32].to_vec()),
        ("one byte less", good[..63].to_vec()),
        ("one byte more", [&good[..], &[0]].concat()),
        ("twice", [&good[..], &good[..]].concat()),
        ("halves exchanged", [&good[32..], &good[..32]].concat()),
        ("another token's", of_another),
    ] {
        let token = format!("{message}.{}", base64(&signature));
        assert_eq!(gate.refusal(&token), Some(TokenFault::BadSignature), "{attack}");
    }
    assert!(gate.cache.is_empty(), "no refused token is kept");
}

#[test]
fn every_attack_by_an_rsa_signature_fails() {
    let jwk = Signer::Rsa.jwk("k1");
    let mut gate = Gate::with_keys(std::slice::from_ref(&jwk));
    let (message, good) = parts(&Signer::Rsa.token("k1"));
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "k1" }).to_string();
    let signed_as = |algorithm| parts(&Signer::Rsa.sign_as(algorithm, &header, &claims().to_string()));
    let ((same, pss), (_, long)) = (signed_as(Algorithm::PS256), signed_as(Algorithm::RS512));
    assert_eq!(same, message);
    for (attack, signature) in [
        ("none", vec![]),
        ("zeros", vec![0; 256]),
        ("one, which is its own power", [vec![0; 255], vec![1]].concat()),
        ("more than the modulus", vec![255; 256]),
        ("a zero before it", [&[0], &good[..]].concat()),
        ("one byte less", good[..255].to_vec()),
        ("of the other padding", pss),
        ("of another digest", long),
    ] {
        let token = format!("{message}.{}", base64(&signature));
        assert_eq!(gate.refusal(&token), Some(TokenFault::BadSignature), "{attack}");
    }
    assert!(gate.admit(&format!("{message}.{}", base64(&good))).is_ok());
}

#[test]
fn every_attack_by_the_form_fails() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let good = signer.token("k1");
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let deep = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &format!(r#"{{"x":{}"#, "[".repeat(2_000)));
    for (attack, token) in [
        ("an encrypted token has five parts", format!("{good}.{payload}.{signature}")),
        ("a detached payload", format!("{header}..{signature}")),
        ("padding in a part", format!("{header}=.{payload}.{signature}")),
        ("the other alphabet", format!("{header}.{payload}.{}", signature.replacen(|_| true, "+", 1))),
        ("JSON serialisation", json!({ "payload": payload, "signatures": [] }).to_string()),
        ("nested without end", deep),
        ("two tokens", format!("{good},{good}")),
        ("a space inside", format!("{header}. {payload}.{signature}")),
        ("a byte more than base64 has room for", format!("{header}.{payload}.{signature}A")),
    ] {
        assert!(gate.refusal(&token).is_some(), "{attack}");
    }
    assert!(gate.cache.is_empty(), "no refused token is kept");
    assert!(gate.admit(&good).is_ok());
}
