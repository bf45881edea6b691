//! What a token costs: known, new, forged; and beside it the bare signature check, which nobody can go below.
//!
//! `cargo bench -p gateway --bench token`

#[path = "warm/known_token.rs"]
mod known_token;
#[path = "warm/trust.rs"]
mod trust;

use criterion::{Criterion, criterion_group, criterion_main};
use gateway::auth::{TokenCache, TokenFault};
use gateway::clock::UnixSeconds;
use http::HeaderMap;
use serde_json::json;
use stand_ins::{Issuer, KeyKind, unix_now};

use crate::known_token::{KnownToken, bearing, gate};

mod bare {
    //! The signature check alone, with a key that has been parsed before.

    use aws_lc_rs::rsa::PublicKeyComponents;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    /// A key, and what it is to prove.
    pub(crate) struct Check {
        key: ParsedPublicKey,
        signed: Vec<u8>,
        signature: Vec<u8>,
    }

    impl Check {
        pub(crate) fn new(jwk: &Value, token: &str) -> Self {
            let (signed, signature) = token.rsplit_once('.').expect("a token");
            Self { key: key(jwk), signed: signed.into(), signature: decode(signature) }
        }

        pub(crate) fn run(&self) {
            self.key.verify_sig(&self.signed, &self.signature).expect("a good signature");
        }
    }

    fn key(jwk: &Value) -> ParsedPublicKey {
        let member = |name: &str| decode(jwk[name].as_str().expect("a member"));
        if jwk["kty"] == "RSA" {
            let components = PublicKeyComponents { n: member("n"), e: member("e") };
            return components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).expect("a key");
        }
        let point = [vec![4], member("x"), member("y")].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).expect("a key")
    }

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }
}

fn known(criterion: &mut Criterion) {
    let mut known = KnownToken::new();
    criterion.bench_function("known", |bencher| bencher.iter(|| known.authenticate()));
}

/// Many tokens in turn, and a cache with room for one of them, so that every one is new when its turn comes again.
fn new(criterion: &mut Criterion) {
    for (kind, name) in [(KeyKind::Rsa, "RS256"), (KeyKind::P256, "ES256")] {
        let issuer = Issuer::new(kind, "k1");
        let token = |number: u32| {
            let claims = json!({ "jti": format!("3f0c6b1e-5d0e-4f5e-9d3c-0a9d{number:08}") });
            issuer.token_with("olga", &["admin"], &claims)
        };
        let tokens: Vec<String> = (0..512).map(token).collect();
        let checks: Vec<bare::Check> = tokens.iter().map(|token| bare::Check::new(&issuer.jwk(), token)).collect();
        let mut next = checks.iter().cycle();
        criterion.bench_function(&format!("bare {name}"), |bencher| {
            bencher.iter(|| next.next().map(bare::Check::run));
        });
        let (gate, now, mut cache) = (gate(&issuer), UnixSeconds(unix_now()), TokenCache::new(1 << 10));
        let requests: Vec<HeaderMap> = tokens.iter().map(|token| bearing(token)).collect();
        let mut next = requests.iter().cycle();
        criterion.bench_function(&format!("new {name}"), |bencher| {
            bencher
                .iter(|| next.next().map(|headers| gate.authenticate(&mut cache, headers, now).expect("a good token")));
        });
    }
}

fn forged(criterion: &mut Criterion) {
    for (kind, name) in [(KeyKind::Rsa, "RS256"), (KeyKind::P256, "ES256")] {
        // Another key of the same name.
        let (issuer, forger) = (Issuer::new(kind, "k1"), Issuer::new(kind, "k1"));
        let (gate, headers) = (gate(&issuer), bearing(&forger.token("olga", &["admin"])));
        let (mut cache, now) = (TokenCache::default(), UnixSeconds(unix_now()));
        criterion.bench_function(&format!("forged {name}"), |bencher| {
            let refused = Err(TokenFault::BadSignature);
            bencher.iter(|| assert_eq!(gate.authenticate(&mut cache, &headers, now), refused));
        });
    }
}

/// What a stranger can have read before any signature is looked at: the longest header that fits.
fn unreadable(criterion: &mut Criterion) {
    use base64::Engine as _;
    let gate = gate(&Issuer::new(KeyKind::P256, "k1"));
    let encode = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let members: Vec<String> = (0..550).map(|number| format!(r#""{number}":[],"#)).collect();
    let members = members.concat();
    for (name, header) in [
        ("unknown key", r#"{"alg":"ES256","kid":"k2"}"#.to_owned()),
        ("longest header", format!(r#"{{{members}"alg":"ES256","kid":"k2"}}"#)),
    ] {
        let headers = bearing(&format!("{}.e30.e30", encode(header)));
        let (mut cache, now) = (TokenCache::default(), UnixSeconds(unix_now()));
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| gate.authenticate(&mut cache, &headers, now).expect_err("a bad token"));
        });
    }
}

criterion_group!(token, known, new, forged, unreadable);
criterion_main!(token);
