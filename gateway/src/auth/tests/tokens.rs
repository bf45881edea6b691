//! Which tokens are believed, and which are not and why.

use std::time::Duration;

use gateway_table::RoleSet;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use proptest::prelude::{prop_assert, proptest};
use serde_json::{Value, json};

use super::support::{Gate, NOW, Signer, base64, claims, jwks, settings, table};
use crate::auth::{KeySet, TokenCache, TokenFault, Verifier};
use crate::clock::UnixSeconds;
use crate::settings::{Algorithm, AuthSettings, InlineKeys, KeySource};

/// The claims with one of them replaced; removed where `value` is null.
fn claims_with(name: &str, value: Value) -> String {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.into(), value);
    }
    claims.to_string()
}

#[test]
fn a_good_token_tells_who_is_asking() {
    let signer = Signer::p256();
    let principal = Gate::with_keys(&[signer.jwk("k1")]).admit(&signer.token("k1")).unwrap();
    assert_eq!(principal.subject.as_deref(), Some("pump-operator"));
    assert_eq!(principal.token_id.as_deref(), Some("t-1"));
    assert_eq!(principal.key_id.as_deref(), Some("k1"));
    assert_eq!(principal.roles, RoleSet::single(1));
    assert_eq!(principal.expires_at, UnixSeconds(NOW.0 + 900));
}

#[test]
fn every_algorithm_is_believed_with_its_own_signature_and_no_other() {
    let signers = [Signer::Rsa, Signer::p256(), Signer::p384(), Signer::ed25519()];
    let mut gate = Gate::with_keys(&signers.each_ref().map(|signer| signer.jwk(signer.algorithm())));
    for algorithm in Algorithm::ALL {
        let signer = signers.iter().find(|signer| signer.fits(algorithm)).unwrap();
        let header = json!({ "alg": algorithm.name(), "kid": signer.algorithm() }).to_string();
        assert!(gate.admit(&signer.sign_as(algorithm, &header, &claims().to_string())).is_ok(), "{}", algorithm.name());
        // What was signed with one algorithm of a key's is nothing with another.
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm && signer.fits(*other)) {
            let forged = signer.sign_as(other, &header, &claims().to_string());
            assert_eq!(gate.refusal(&forged), Some(TokenFault::BadSignature), "{}", algorithm.name());
        }
    }
}

#[test]
fn every_attack_by_the_header_fails() {
    let (signer, other) = (Signer::p256(), Signer::p256());
    let own = other.jwk("k1");
    let mut gate = Gate::with_keys(&[signer.jwk("k1"), Signer::Rsa.jwk("rsa")]);
    let header = |extra: &str| format!(r#"{{"alg":"ES256","kid":"k1"{extra}}}"#);
    let cases = [
        (r#"{"alg":"none","kid":"k1"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"NONE"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"HS256","kid":"k1"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"es256","kid":"k1"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"ES384","kid":"k1"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"RS256","kid":"k1"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":"ES256","kid":"rsa"}"#.to_owned(), TokenFault::WrongAlgorithm),
        (r#"{"alg":["ES256"],"kid":"k1"}"#.to_owned(), TokenFault::Malformed),
        (r#"{"kid":"k1"}"#.to_owned(), TokenFault::Malformed),
        (r#"{"alg":"ES256","kid":1}"#.to_owned(), TokenFault::Malformed),
        (r#"{"alg":"ES256","kid":"k2"}"#.to_owned(), TokenFault::UnknownKey),
        (r#"{"alg":"ES256","kid":""}"#.to_owned(), TokenFault::UnknownKey),
        (r#"{"alg":"ES256","kid":"../k1"}"#.to_owned(), TokenFault::UnknownKey),
        (header(r#","kid":"k1""#), TokenFault::DuplicateMember),
        (header(r#","\u0061lg":"ES256""#), TokenFault::DuplicateMember),
        (header(r#","crit":["exp"]"#), TokenFault::UnsupportedHeader),
        (header(r#","crit":[]"#), TokenFault::UnsupportedHeader),
        (header(r#","b64":false"#), TokenFault::UnsupportedHeader),
        (header(r#","b64":null"#), TokenFault::UnsupportedHeader),
        (header(r#","typ":"logout+jwt""#), TokenFault::WrongType),
        (header(r#","typ":"application/dpop+jwt""#), TokenFault::WrongType),
        (header(r#","typ":"""#), TokenFault::WrongType),
        (header(r#","typ":1"#), TokenFault::WrongType),
        (header(&format!(r#","x":[{}0]"#, "0,".repeat(64))), TokenFault::Malformed),
        ("[]".to_owned(), TokenFault::Malformed),
        ("{}x".to_owned(), TokenFault::Malformed),
        (String::new(), TokenFault::Malformed),
    ];
    for (header, fault) in cases {
        assert_eq!(gate.refusal(&signer.sign(&header, &claims().to_string())), Some(fault), "{header}");
    }
    let embedded =
        [format!(r#","jwk":{own}"#), r#","jku":"http://evil/k""#.into(), r#","x5u":"http://evil","x5c":[]"#.into()];
    for extra in embedded {
        let forged = other.sign(&header(&extra), &claims().to_string());
        assert_eq!(gate.refusal(&forged), Some(TokenFault::BadSignature), "{extra}");
    }
    assert!(gate.cache.is_empty(), "no refused token is kept");
}

#[test]
fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    let jwk = Signer::Rsa.jwk("k1");
    let signed = format!("{}.{}", base64(br#"{"alg":"HS256","kid":"k1"}"#), base64(claims().to_string().as_bytes()));
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, jwk["n"].as_str().unwrap().as_bytes());
    let tag = aws_lc_rs::hmac::sign(&secret, signed.as_bytes());
    let forged = format!("{signed}.{}", base64(tag.as_ref()));
    assert_eq!(Gate::with_keys(&[jwk]).refusal(&forged), Some(TokenFault::WrongAlgorithm));
}

#[test]
fn the_usual_types_are_believed() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
        let header = json!({ "alg": "ES256", "kid": "k1", "typ": typ, "b64": true });
        assert!(gate.admit(&signer.sign(&header.to_string(), &claims().to_string())).is_ok(), "{typ}");
    }
}

/// A gate of these settings that knows this key.
fn gate_of(signer: &Signer, change: impl FnOnce(&mut AuthSettings)) -> Gate {
    let mut settings = settings(KeySource::Inline(InlineKeys(String::new())));
    change(&mut settings);
    let gate = Gate::new(&settings);
    gate.verifier.install(KeySet::parse(jwks(&[signer.jwk("k1")]).as_bytes()).unwrap());
    gate
}

#[test]
fn only_configured_types_are_believed() {
    let signer = Signer::p256();
    let mut gate = gate_of(&signer, |settings| settings.types = vec!["at+jwt".into()]);
    let typed =
        |typ: &str| signer.sign(&format!(r#"{{"alg":"ES256","kid":"k1","typ":"{typ}"}}"#), &claims().to_string());
    assert_eq!(gate.refusal(&typed("JWT")), Some(TokenFault::WrongType));
    assert!(gate.admit(&typed("AT+JWT")).is_ok());
    assert!(gate.admit(&signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims().to_string())).is_ok());
}

#[test]
fn a_token_of_more_than_the_greatest_age_is_refused_also_when_it_is_known() {
    let signer = Signer::p256();
    let mut gate = gate_of(&signer, |settings| settings.max_age = Some(Duration::from_mins(5)));
    let token = signer.token("k1");
    assert!(gate.admit(&token).is_ok());
    // Issued 10 s ago; 30 s of leeway.
    assert!(gate.admit_at(&token, UnixSeconds(NOW.0 + 319)).is_ok());
    assert_eq!(gate.admit_at(&token, UnixSeconds(NOW.0 + 320)).err(), Some(TokenFault::TooOld));
    let ageless = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims_with("iat", Value::Null));
    assert_eq!(gate.refusal(&ageless), Some(TokenFault::TooOld));
}

#[test]
fn a_field_longer_than_configured_is_not_looked_at() {
    let signer = Signer::p256();
    let long = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims_with("x", json!("y".repeat(2000))));
    assert!(gate_of(&signer, |_| ()).admit(&long).is_ok());
    let mut gate = gate_of(&signer, |settings| settings.max_bytes = 1024);
    assert_eq!(gate.refusal(&long), Some(TokenFault::TooLarge));
}

#[test]
fn every_attack_by_the_claims_fails() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let cases = [
        (claims_with("iss", Value::Null), TokenFault::WrongIssuer),
        (claims_with("iss", json!("https://coreauth.local/")), TokenFault::WrongIssuer),
        (claims_with("iss", json!("HTTPS://coreauth.local")), TokenFault::WrongIssuer),
        (claims_with("iss", json!(["https://coreauth.local"])), TokenFault::WrongIssuer),
        (claims_with("aud", Value::Null), TokenFault::WrongAudience),
        (claims_with("aud", json!("coregateway2")), TokenFault::WrongAudience),
        (claims_with("aud", json!([])), TokenFault::WrongAudience),
        (claims_with("aud", json!(["a", ["coregateway"]])), TokenFault::WrongAudience),
        (claims_with("aud", json!({ "coregateway": true })), TokenFault::WrongAudience),
        (claims_with("exp", Value::Null), TokenFault::NoExpiry),
        (claims_with("exp", json!("1900000000")), TokenFault::Malformed),
        (claims_with("exp", json!(-1)), TokenFault::Malformed),
        (claims_with("exp", json!(NOW.0 - 30)), TokenFault::Expired),
        (claims_with("exp", json!(0)), TokenFault::Expired),
        (claims_with("nbf", json!(NOW.0 + 31)), TokenFault::NotYetValid),
        (claims_with("nbf", json!("soon")), TokenFault::Malformed),
        (claims_with("iat", json!(NOW.0 + 31)), TokenFault::IssuedInFuture),
        (claims_with("iat", json!(1e300)), TokenFault::IssuedInFuture),
        (claims_with("sub", json!(7)), TokenFault::Malformed),
        (claims().to_string().replacen('{', r#"{"aud":"x","#, 1), TokenFault::DuplicateMember),
        (claims().to_string().replacen('{', r#"{"a":{"b":1,"b":2},"#, 1), TokenFault::DuplicateMember),
        ("[]".to_owned(), TokenFault::Malformed),
        ("not json".to_owned(), TokenFault::Malformed),
    ];
    for (claims, fault) in cases {
        assert_eq!(gate.refusal(&signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims)), Some(fault), "{claims}");
    }
    assert!(gate.cache.is_empty(), "no refused token is kept");
}

#[test]
fn clocks_may_differ_by_the_leeway_and_no_more() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    for (name, value) in [
        ("exp", json!(NOW.0 - 29)),
        ("nbf", json!(NOW.0 + 30)),
        ("iat", json!(NOW.0 + 30)),
        ("exp", json!(1_900_000_000.5)),
        ("exp", json!(1e300)),
        ("nbf", Value::Null),
        ("iat", Value::Null),
        ("sub", Value::Null),
        ("aud", json!(["other", "coregateway"])),
    ] {
        let shown = format!("{name} {value}");
        let token = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims_with(name, value));
        assert!(gate.admit(&token).is_ok(), "{shown}");
    }
}

#[test]
fn roles_are_words_or_a_list_of_strings_and_nothing_else() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let both = RoleSet::from_bits(3);
    for (roles, granted) in [
        (json!("operations admin"), both),
        (json!("operations,admin"), RoleSet::EMPTY),
        (json!("  admin  "), RoleSet::single(0)),
        (json!(["admin", "operations", "unknown"]), both),
        (json!(["admin", 1]), RoleSet::EMPTY),
        (json!(["admin operations"]), RoleSet::EMPTY),
        (json!("Admin"), RoleSet::EMPTY),
        (json!({ "admin": true }), RoleSet::EMPTY),
        (json!(true), RoleSet::EMPTY),
        (Value::Null, RoleSet::EMPTY),
    ] {
        let token = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims_with("roles", roles.clone()));
        assert_eq!(gate.admit(&token).unwrap().roles, granted, "{roles}");
    }
}

#[test]
fn a_dotted_path_leads_to_the_roles() {
    let signer = Signer::p256();
    let mut settings = settings(KeySource::Inline(InlineKeys(String::new())));
    settings.roles_claim = vec!["realm_access".into(), "roles".into()];
    let mut gate = Gate::new(&settings);
    gate.verifier.install(KeySet::parse(jwks(&[signer.jwk("k1")]).as_bytes()).unwrap());
    for (value, granted) in [
        (json!({ "roles": ["admin"] }), RoleSet::single(0)),
        (json!({ "roles": { "roles": "admin" } }), RoleSet::EMPTY),
        (json!(["admin"]), RoleSet::EMPTY),
    ] {
        let token = signer.sign(r#"{"alg":"ES256","kid":"k1"}"#, &claims_with("realm_access", value.clone()));
        assert_eq!(gate.admit(&token).unwrap().roles, granted, "{value}");
    }
}

#[test]
fn a_token_that_is_changed_anywhere_is_refused() {
    let signer = Signer::p256();
    let token = signer.token("k1");
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        assert!(gate.admit(str::from_utf8(&changed).unwrap()).is_err(), "byte {index}");
    }
    for text in [format!("{token}."), format!("{token}="), format!("{token}.e30"), token.replacen('.', "..", 1)] {
        assert_eq!(gate.refusal(&text), Some(TokenFault::Malformed), "{text}");
    }
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    assert_eq!(gate.refusal(&format!("{unsigned}.")), Some(TokenFault::BadSignature));
    assert_eq!(gate.refusal(unsigned), Some(TokenFault::Malformed));
    assert_eq!(gate.refusal("."), Some(TokenFault::Malformed));
}

#[test]
fn only_configured_algorithms_are_believed() {
    let signer = Signer::p256();
    let mut gate = gate_of(&signer, |settings| settings.algorithms = vec![Algorithm::RS256]);
    assert_eq!(gate.refusal(&signer.token("k1")), Some(TokenFault::WrongAlgorithm));
}

#[test]
fn a_token_that_is_known_is_refused_once_it_has_expired() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let token = signer.token("k1");
    assert!(gate.admit(&token).is_ok());
    assert!(gate.admit_at(&token, UnixSeconds(NOW.0 + 929)).is_ok());
    assert_eq!(gate.admit_at(&token, UnixSeconds(NOW.0 + 930)).err(), Some(TokenFault::Expired));
    assert!(gate.cache.is_empty());
}

#[test]
fn a_token_that_is_known_is_refused_once_its_key_is_gone() {
    let (signer, next) = (Signer::p256(), Signer::p256());
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let token = signer.token("k1");
    assert!(gate.admit(&token).is_ok());
    gate.verifier.install(KeySet::parse(jwks(&[next.jwk("k1")]).as_bytes()).unwrap());
    assert_eq!(gate.refusal(&token), Some(TokenFault::BadSignature));
}

#[test]
fn the_same_token_is_checked_once() {
    let signer = Signer::p256();
    let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
    let token = signer.token("k1");
    let first = gate.admit(&token).unwrap();
    assert!(std::rc::Rc::ptr_eq(&first, &gate.admit(&token).unwrap()));
    assert_eq!(gate.cache.len(), 1);
}

#[test]
fn without_keys_no_token_is_believed() {
    let headers = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers
    };
    let verifier = Verifier::new(None, table());
    let mut cache = TokenCache::default();
    let mut refusal = |values: &[&str]| verifier.authenticate(&mut cache, &headers(values), NOW).err();
    assert_eq!(refusal(&[]), Some(TokenFault::Missing));
    assert_eq!(refusal(&["Basic dTpw"]), Some(TokenFault::Missing));
    assert_eq!(refusal(&["Bearer a", "Bearer b"]), Some(TokenFault::Repeated));
    assert_eq!(refusal(&["Bearer a"]), Some(TokenFault::NoKeys));
    let signer = Signer::p256();
    let mut gate = Gate::new(&settings(KeySource::Inline(InlineKeys(String::new()))));
    assert_eq!(gate.refusal(&signer.token("k1")), Some(TokenFault::NoKeys));
}

proptest! {
    #[test]
    fn no_text_is_believed_or_makes_the_gate_panic(token in "[ -~]{0,80}|[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){2}") {
        let mut gate = Gate::with_keys(&[Signer::Rsa.jwk("k1")]);
        prop_assert!(gate.admit(&token).is_err());
    }

    #[test]
    fn no_signed_text_makes_the_gate_panic(
        header in "\\PC*|\\{\"alg\":\"EdDSA\"(,\"[a-z]{3}\":(\"[a-zA-Z]{0,5}\"|[0-9]{1,30}|\\[\\]|\\{\\})){0,3}\\}",
        claims in "\\PC*|\\{(\"(iss|aud|exp|nbf|roles)\":(\"[a-z]{0,5}\"|-?[0-9]{1,30}(e[0-9]{1,3})?),){0,5}\"sub\":\"\"\\}",
    ) {
        let signer = Signer::ed25519();
        let mut gate = Gate::with_keys(&[signer.jwk("k1")]);
        prop_assert!(gate.admit(&signer.sign(&header, &claims)).is_err());
    }
}

#[test]
fn every_fault_has_words_of_its_own() {
    for (index, fault) in TokenFault::ALL.iter().enumerate() {
        for other in &TokenFault::ALL[..index] {
            assert_ne!(fault.label(), other.label());
            assert_ne!(fault.reason(), other.reason());
        }
    }
}
