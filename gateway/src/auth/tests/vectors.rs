//! Project Wycheproof's signatures, the good ones and the many that look good, each checked with a key read from a JWK.
//!
//! Its collection has none for JWS as a whole; these are in the very formats that JWS uses.

use serde_json::{Value, json};
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::support::base64;
use crate::auth::jwk::{Jwk, Key};
use crate::settings::Algorithm;

/// How many signatures of a collection were believed, and how many refused, all rightly.
fn judge(algorithm: Algorithm, collection: &str, jwk: fn(&Value) -> Value) -> (usize, usize) {
    let collection: Value = serde_json::from_str(collection).unwrap();
    let (mut believed, mut refused) = (0, 0);
    for group in collection["testGroups"].as_array().unwrap() {
        let jwk: Jwk = serde_json::from_value(jwk(&group["publicKey"])).unwrap();
        let key = Key::new(&jwk);
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (bytes(&test["msg"]), bytes(&test["sig"]));
            let is_good = key.as_ref().is_ok_and(|key| key.has_signed(algorithm, &message, &signature));
            match test["result"].as_str().unwrap() {
                "valid" => assert!(is_good, "{test}"),
                "invalid" => assert!(!is_good, "{test}"),
                // Left open by the standard; refused as well as believed.
                _ => continue,
            }
            if is_good { believed += 1 } else { refused += 1 }
        }
    }
    (believed, refused)
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A coordinate of this many bytes.
fn coordinate(hex: &Value, length: usize) -> String {
    let bytes = bytes(hex);
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    base64(&[vec![0; length - significant.len()], significant.to_vec()].concat())
}

fn rsa(key: &Value) -> Value {
    json!({ "kty": "RSA", "n": base64(&bytes(&key["modulus"])), "e": base64(&bytes(&key["publicExponent"])) })
}

fn p256(key: &Value) -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(&key["wx"], 32), "y": coordinate(&key["wy"], 32) })
}

fn p384(key: &Value) -> Value {
    json!({ "kty": "EC", "crv": "P-384", "x": coordinate(&key["wx"], 48), "y": coordinate(&key["wy"], 48) })
}

fn ed25519(key: &Value) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(&bytes(&key["pk"])) })
}

#[test]
fn rsa_signatures_are_judged_as_wycheproof_does() {
    use rsa_pkcs1_verify::TestName as Pkcs1;
    use rsa_pss_verify::TestName as Pss;
    for (algorithm, collection) in [
        (Algorithm::RS256, Pkcs1::Rsa2048Sha256.json_data()),
        (Algorithm::RS384, Pkcs1::Rsa2048Sha384.json_data()),
        (Algorithm::RS512, Pkcs1::Rsa2048Sha512.json_data()),
        (Algorithm::RS256, Pkcs1::Rsa4096Sha256.json_data()),
        (Algorithm::PS256, Pss::RsaPss2048Sha256Mgf1SaltLen32.json_data()),
        (Algorithm::PS384, Pss::RsaPss2048Sha384Mgf1SaltLen48.json_data()),
        (Algorithm::PS512, Pss::RsaPss4096Sha512Mgf1SaltLen64.json_data()),
    ] {
        let (believed, refused) = judge(algorithm, collection, rsa);
        assert!(believed > 5 && refused > 40, "{}: {believed}, {refused}", algorithm.name());
    }
}

#[test]
fn a_salt_of_another_length_than_the_digest_is_refused() {
    // RFC 7518 §3.5 fixes the length; Wycheproof's judgement of these is for a salt of none.
    let collection = rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen0.json_data();
    let collection: Value = serde_json::from_str(collection).unwrap();
    for group in collection["testGroups"].as_array().unwrap() {
        let key = Key::new(&serde_json::from_value(rsa(&group["publicKey"])).unwrap()).ok().unwrap();
        for test in group["tests"].as_array().unwrap().iter().filter(|test| test["result"] == "valid") {
            assert!(!key.has_signed(Algorithm::PS256, &bytes(&test["msg"]), &bytes(&test["sig"])), "{test}");
        }
    }
}

#[test]
fn signatures_on_curves_are_judged_as_wycheproof_does() {
    use ecdsa::TestName as Ecdsa;
    let es256 = judge(Algorithm::ES256, Ecdsa::EcdsaSecp256r1Sha256P1363.json_data(), p256);
    let es384 = judge(Algorithm::ES384, Ecdsa::EcdsaSecp384r1Sha384P1363.json_data(), p384);
    let eddsa = judge(Algorithm::EdDSA, eddsa::TestName::Ed25519.json_data(), ed25519);
    for (believed, refused) in [es256, es384, eddsa] {
        assert!(believed > 50 && refused > 50, "{believed}, {refused}");
    }
}
