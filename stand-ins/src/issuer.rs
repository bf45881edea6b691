//! Keys and tokens: what CoreAuth makes.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// What kind of key an issuer signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with 2048 bits, for RS256.
    Rsa,
    /// The curve P-256, for ES256.
    P256,
}

/// Signs tokens with a key of its own, and publishes the public half.
#[derive(Debug)]
pub struct Issuer {
    key_id: String,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl Issuer {
    /// The issuer that tokens name.
    pub const NAME: &str = "https://coreauth.local";
    /// The audience that tokens are for.
    pub const AUDIENCE: &str = "coregateway";

    /// An issuer with a new key of this id.
    ///
    /// # Panics
    ///
    /// The system has no randomness to give.
    pub fn new(kind: KeyKind, key_id: &str) -> Self {
        let key = match kind {
            KeyKind::Rsa => Key::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness"))),
            KeyKind::P256 => {
                Key::P256(Box::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("randomness")))
            }
        };
        Self { key_id: key_id.to_owned(), key }
    }

    /// The public key, as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::Rsa(key) => json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id,
                "n": encode(key.public_key().modulus().big_endian_without_leading_zero()),
                "e": encode(key.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Key::P256(key) => {
                // An uncompressed point: a tag, then both coordinates.
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_id,
                    "x": encode(x), "y": encode(y),
                })
            }
        }
    }

    /// The public key, as PEM (RFC 7468).
    ///
    /// # Panics
    ///
    /// The library cannot write down a key that it has made.
    pub fn public_key_pem(&self) -> String {
        let public_key: Result<PublicKeyX509Der<'_>, _> = match &self.key {
            Key::Rsa(key) => key.public_key().as_der(),
            Key::P256(key) => key.public_key().as_der(),
        };
        let text = STANDARD.encode(public_key.expect("a public key is written down").as_ref());
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }

    /// A JWK set with this one key.
    pub fn jwk_set(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// A token for `subject` with these roles, good for a quarter of an hour from now.
    pub fn token(&self, subject: &str, roles: &[&str]) -> String {
        self.token_with(subject, roles, &json!({}))
    }

    /// As [`Issuer::token`], with these claims added or, where they are null, taken away.
    pub fn token_with(&self, subject: &str, roles: &[&str], claims: &Value) -> String {
        let now = unix_now();
        let mut payload = json!({
            "iss": Self::NAME, "aud": Self::AUDIENCE, "sub": subject, "iat": now, "exp": now + 900, "roles": roles,
        });
        if let (Value::Object(payload), Value::Object(claims)) = (&mut payload, claims) {
            payload.extend(claims.clone());
            payload.retain(|_, claim| !claim.is_null());
        }
        self.sign(&payload)
    }

    /// A signed token with these claims (RFC 7515, compact serialisation).
    pub fn sign(&self, payload: &Value) -> String {
        let header = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.key_id });
        let message = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", encode(signature))
    }

    const fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "RS256",
            Key::P256(_) => "ES256",
        }
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("an RSA key of 2048 bits signs");
                signature
            }
            Key::P256(key) => key.sign(&random, message).expect("a P-256 key signs").as_ref().to_vec(),
        }
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the stand-ins have a clock of their own")]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
