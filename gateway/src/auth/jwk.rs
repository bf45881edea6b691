//! One key of a JWK set (RFC 7517): what it may be used for, or why it is not used.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::settings::Algorithm;

/// A public key that tokens can be checked with.
pub(super) struct Key {
    /// What the issuer calls it.
    pub(super) kid: Option<Box<str>>,
    /// The key itself, parsed for each algorithm that fits it: its own `alg` alone, where it has one. To parse it for
    /// each token, as the JWT library does, would cost a quarter of the check itself.
    checks: Vec<(Algorithm, ParsedPublicKey)>,
    /// The members that it was read from.
    pub(super) jwk: Jwk,
    /// A digest of all the above, which is this key's and no other's.
    pub(super) fingerprint: [u8; 32],
}

/// Why a key of a set is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It cannot be read at all.
    #[error("it is no JSON object with members of the right kinds")]
    Unreadable,
    /// Its type is unknown here.
    #[error("its `kty` is not supported")]
    UnknownType,
    /// It is a shared secret.
    #[error("it is symmetric: whoever can check a token with it can also make one")]
    Symmetric,
    /// It is for something else.
    #[error("its `use` is not `sig`")]
    NotForSignatures,
    /// It is not for checking signatures.
    #[error("its `key_ops` lack `verify`")]
    NotForVerifying,
    /// Its algorithm is not one that its type allows.
    #[error("its `alg` is not supported or does not fit its `kty`")]
    WrongAlgorithm,
    /// Its curve is unknown here.
    #[error("its `crv` is not supported")]
    UnknownCurve,
    /// It is too weak, or too large to be checked.
    #[error("its RSA modulus has fewer than 2048 or more than 8192 bits")]
    WrongSize,
    /// It could be forged, or is too large to be checked.
    #[error("its RSA exponent is not an odd number from 3 to 2^33")]
    WrongExponent,
    /// It is no point, no number, or not there.
    #[error("its public members are missing or not valid")]
    BadMembers,
}

/// The members that matter. Private ones (`d`, `p`, `k`, ...) are not even read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Jwk {
    kty: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    public_key_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

/// A public key, parsed for each algorithm that its type allows.
struct Material {
    checks: Vec<(Algorithm, ParsedPublicKey)>,
    /// The bytes that make the key what it is.
    bytes: Vec<u8>,
}

impl Key {
    /// The key that a JWK describes, if it can be used.
    pub(super) fn new(jwk: &Jwk) -> Result<Self, KeyFault> {
        if jwk.public_key_use.as_deref().is_some_and(|purpose| purpose != "sig") {
            return Err(KeyFault::NotForSignatures);
        }
        if jwk.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return Err(KeyFault::NotForVerifying);
        }
        let material = match jwk.kty.as_str() {
            "RSA" => rsa(jwk)?,
            "EC" => elliptic_curve(jwk)?,
            "OKP" => edwards_curve(jwk)?,
            "oct" => return Err(KeyFault::Symmetric),
            _ => return Err(KeyFault::UnknownType),
        };
        let mut checks = material.checks;
        if let Some(name) = &jwk.alg {
            checks.retain(|(algorithm, _)| algorithm.name() == name);
        }
        if checks.is_empty() {
            return Err(KeyFault::WrongAlgorithm);
        }
        let fingerprint = fingerprint(jwk, &material.bytes);
        Ok(Self { kid: jwk.kid.as_deref().map(Into::into), checks, jwk: jwk.clone(), fingerprint })
    }

    /// Whether tokens of this algorithm can be checked with it.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.checks.iter().any(|(fitting, _)| *fitting == algorithm)
    }

    /// Whether this key has signed `message` so, with this algorithm.
    pub(super) fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let check = self.checks.iter().find(|(fitting, _)| *fitting == algorithm);
        check.is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }
}

const RSA_ALGORITHMS: [(Algorithm, &RsaParameters); 6] = [
    (Algorithm::RS256, &RSA_PKCS1_2048_8192_SHA256),
    (Algorithm::RS384, &RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::RS512, &RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::PS256, &RSA_PSS_2048_8192_SHA256),
    (Algorithm::PS384, &RSA_PSS_2048_8192_SHA384),
    (Algorithm::PS512, &RSA_PSS_2048_8192_SHA512),
];

fn rsa(jwk: &Jwk) -> Result<Material, KeyFault> {
    let (n, e) = (unsigned(member(jwk.n.as_deref())?), unsigned(member(jwk.e.as_deref())?));
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(KeyFault::WrongSize);
    }
    // With an exponent of 1 anyone could sign; the upper bound is the library's.
    let exponent = e.iter().take(8).fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    if e.len() > 5 || !(3..1 << 33).contains(&exponent) || exponent.is_multiple_of(2) {
        return Err(KeyFault::WrongExponent);
    }
    let components = PublicKeyComponents { n: &n[..], e: &e[..] };
    let parse = |(algorithm, parameters): (Algorithm, &'static RsaParameters)| {
        Ok((algorithm, components.to_parsed_public_key(parameters).map_err(|_| KeyFault::BadMembers)?))
    };
    let checks = RSA_ALGORITHMS.into_iter().map(parse).collect::<Result<_, KeyFault>>()?;
    Ok(Material { checks, bytes: [n, e].concat() })
}

fn elliptic_curve(jwk: &Jwk) -> Result<Material, KeyFault> {
    let curve: (Algorithm, usize, &'static dyn VerificationAlgorithm) = match jwk.crv.as_deref() {
        Some("P-256") => (Algorithm::ES256, 32, &ECDSA_P256_SHA256_FIXED),
        Some("P-384") => (Algorithm::ES384, 48, &ECDSA_P384_SHA384_FIXED),
        _ => return Err(KeyFault::UnknownCurve),
    };
    let (algorithm, length, verification) = curve;
    let (x, y) = (member(jwk.x.as_deref())?, member(jwk.y.as_deref())?);
    if x.len() != length || y.len() != length {
        return Err(KeyFault::BadMembers);
    }
    // An uncompressed point (SEC 1 §2.3.3).
    let point = [vec![4], x, y].concat();
    Ok(Material { checks: vec![(algorithm, parse(verification, &point)?)], bytes: point })
}

fn edwards_curve(jwk: &Jwk) -> Result<Material, KeyFault> {
    if jwk.crv.as_deref() != Some("Ed25519") {
        return Err(KeyFault::UnknownCurve);
    }
    let x = member(jwk.x.as_deref())?;
    if x.len() != 32 {
        return Err(KeyFault::BadMembers);
    }
    Ok(Material { checks: vec![(Algorithm::EdDSA, parse(&ED25519, &x)?)], bytes: x })
}

/// Refuses what is no point of the curve.
fn parse(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<ParsedPublicKey, KeyFault> {
    ParsedPublicKey::new(algorithm, key).map_err(|_| KeyFault::BadMembers)
}

fn member(text: Option<&str>) -> Result<Vec<u8>, KeyFault> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(KeyFault::BadMembers)
}

/// A number without leading zero bytes, as the library wants it; some issuers add one.
fn unsigned(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

fn fingerprint(jwk: &Jwk, material: &[u8]) -> [u8; 32] {
    let mut text = Vec::new();
    for part in [jwk.kty.as_bytes(), option(jwk.kid.as_deref()), option(jwk.alg.as_deref()), material] {
        text.extend_from_slice(&part.len().to_be_bytes());
        text.extend_from_slice(part);
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, &text).as_ref());
    fingerprint
}

fn option(text: Option<&str>) -> &[u8] {
    text.unwrap_or_default().as_bytes()
}
