//! An issuer with real keys, and a verifier that believes it.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway_table::{List, Role, RoleSet, Table, Trie};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::auth::{KeySet, Principal, TokenCache, TokenFault, Verifier};
use crate::clock::UnixSeconds;
use crate::settings::{Algorithm, AuthSettings, InlineKeys, JwksSettings, KeySource};

/// The time at which the tests take place.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// Made once, since it takes long.
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// A key of the issuer's.
pub(super) enum Signer {
    Rsa,
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(super) fn p384() -> Self {
        Self::P384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap())
    }

    pub(super) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa => "RS256",
            Self::P256(_) => "ES256",
            Self::P384(_) => "ES384",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// Whether it can sign so.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa => algorithm.name().starts_with(['R', 'P']),
            _ => algorithm.name() == self.algorithm(),
        }
    }

    /// The public key as a JWK of this name.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(RSA.public_key());
                json!({ "kty": "RSA", "kid": kid, "n": base64(&public.n), "e": base64(&public.e) })
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "kid": kid, "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
            }
            Self::P384(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "kid": kid, "crv": "P-384", "x": base64(&point[1..49]), "y": base64(&point[49..]) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64(pair.public_key().as_ref()) })
            }
        }
    }

    /// The token of this header and these claims, given as JSON text, signed as the header says if this key can.
    pub(super) fn sign(&self, header: &str, claims: &str) -> String {
        let named = Algorithm::ALL.into_iter().find(|algorithm| header.contains(&format!("\"{}\"", algorithm.name())));
        let own = Algorithm::from_name(self.algorithm()).unwrap();
        self.sign_as(named.filter(|named| self.fits(*named)).unwrap_or(own), header, claims)
    }

    /// As [`Signer::sign`], whatever the header says.
    pub(super) fn sign_as(&self, algorithm: Algorithm, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa => {
                let mut signature = vec![0; RSA.public_modulus_len()];
                RSA.sign(rsa_encoding(algorithm), &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::P256(pair) | Self::P384(pair) => pair.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", base64(&signature))
    }

    /// A token that nothing is wrong with, under this key id.
    pub(super) fn token(&self, kid: &str) -> String {
        let header = json!({ "typ": "JWT", "alg": self.algorithm(), "kid": kid });
        self.sign(&header.to_string(), &claims().to_string())
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => panic!("no algorithm of an RSA key's"),
    }
}

pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims that nothing is wrong with.
pub(super) fn claims() -> Value {
    json!({
        "iss": "https://coreauth.local",
        "aud": "coregateway",
        "sub": "pump-operator",
        "jti": "t-1",
        "exp": NOW.0 + 900,
        "nbf": NOW.0 - 10,
        "iat": NOW.0 - 10,
        "roles": ["operations"],
    })
}

pub(super) fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub(super) fn settings(source: KeySource) -> AuthSettings {
    AuthSettings {
        issuer: "https://coreauth.local".into(),
        audience: "coregateway".into(),
        algorithms: Algorithm::ALL.to_vec(),
        leeway: Duration::from_secs(30),
        types: vec!["JWT".into(), "at+jwt".into()],
        max_age: None,
        max_bytes: 8192,
        roles_claim: vec!["roles".into()],
        jwks: JwksSettings { source, refresh: Duration::from_mins(5), grace: Duration::from_mins(10), cache: None },
        revocations: None,
    }
}

/// The roles `admin` and `operations`, in this order.
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let role = |(index, claim): (usize, &'static str)| Role {
            name: claim.into(),
            claim: claim.into(),
            grants: RoleSet::single(index),
        };
        Table {
            digest: "".into(),
            roles: ["admin", "operations"].into_iter().enumerate().map(role).collect(),
            services: List::default(),
            routes: List::default(),
            trie: Trie::new([]),
        }
    });
    &TABLE
}

/// A verifier and one thread's cache.
pub(super) struct Gate {
    pub(super) verifier: Arc<Verifier>,
    pub(super) cache: TokenCache,
}

impl Gate {
    pub(super) fn new(settings: &AuthSettings) -> Self {
        Self { verifier: Arc::new(Verifier::new(Some(settings), table())), cache: TokenCache::new(1 << 20) }
    }

    /// A gate that knows these keys.
    pub(super) fn with_keys(keys: &[Value]) -> Self {
        let gate = Self::new(&settings(KeySource::Inline(InlineKeys(String::new()))));
        gate.verifier.install(KeySet::parse(jwks(keys).as_bytes()).unwrap());
        gate
    }

    pub(super) fn admit(&mut self, token: &str) -> Result<Rc<Principal>, TokenFault> {
        self.admit_at(token, NOW)
    }

    pub(super) fn admit_at(&mut self, token: &str, now: UnixSeconds) -> Result<Rc<Principal>, TokenFault> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        self.verifier.authenticate(&mut self.cache, &headers, now)
    }

    /// Why the token is refused.
    pub(super) fn refusal(&mut self, token: &str) -> Option<TokenFault> {
        self.admit(token).err()
    }
}
