//! The gateway's own signed word: a short-lived token for one service, in which the gateway says who is asking.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use gateway_table::Table;
use http::HeaderValue;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;

use super::cache::Asker;
use crate::clock::UnixSeconds;
use crate::secrets::{FileFault, Keyring};
use crate::settings::{Algorithm, ServiceTokenSettings};

/// The longest file of a private key, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// The `typ` of these tokens, so that none is taken for an access token (RFC 8725 §3.11).
const TYPE: &str = "service-auth+jwt";

/// Signs tokens for services.
pub struct ServiceSigner {
    key: EncodingKey,
    header: Header,
    jwk_set: String,
    settings: ServiceTokenSettings,
}

/// Why the gateway's private key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the private key {path} cannot be used: {reason}")]
pub struct ServiceKeyFault {
    /// The key's file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub reason: ServiceKeyReason,
}

/// What is wrong with a private key.
#[derive(Debug, thiserror::Error)]
pub enum ServiceKeyReason {
    /// Its file cannot be read.
    #[error("{0}")]
    File(#[from] FileFault),
    /// It is no private key that signs with the configured algorithm.
    #[error("it is no PEM file with a PKCS#8 private key for {}", .0.name())]
    Key(Algorithm),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    roles: Vec<&'a str>,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

impl ServiceSigner {
    /// Reads the private key, and signs with it for a trial.
    ///
    /// # Errors
    ///
    /// Says why the key cannot be used.
    pub fn load(settings: &ServiceTokenSettings, keyring: &Keyring) -> Result<Self, ServiceKeyFault> {
        let fault = |reason| ServiceKeyFault { path: settings.private_key.clone(), reason };
        let pem = keyring.read_file(&settings.private_key, MAX_BYTES).map_err(|error| fault(error.into()))?;
        Self::new(pem.expose(), settings).map_err(|_| fault(ServiceKeyReason::Key(settings.algorithm)))
    }

    fn new(pem: &[u8], settings: &ServiceTokenSettings) -> jsonwebtoken::errors::Result<Self> {
        let key = match settings.algorithm {
            Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem)?,
            Algorithm::EdDSA => without_public_half(&EncodingKey::from_ed_pem(pem)?)?,
            _ => EncodingKey::from_rsa_pem(pem)?,
        };
        let algorithm = library_name(settings.algorithm);
        let mut jwk = Jwk::from_encoding_key(&key, algorithm)?;
        let key_id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = Some(key_id.clone());
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key_id), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, &(), &key)?;
        let jwk_set = serde_json::to_string(&JwkSet { keys: vec![jwk] })?;
        Ok(Self { key, header, jwk_set, settings: settings.clone() })
    }

    /// The JWK set (RFC 7517) with which services check these tokens.
    pub fn jwk_set(&self) -> &str {
        &self.jwk_set
    }

    /// How long its tokens are good for.
    pub(super) const fn lifetime(&self) -> Duration {
        self.settings.lifetime
    }

    /// Whether its tokens name the request that they are for.
    pub(super) const fn binds_correlation_id(&self) -> bool {
        self.settings.correlation_id
    }

    /// A token for `asker`'s service.
    pub(super) fn sign(
        &self,
        asker: &Asker<'_>,
        table: &'static Table,
        correlation_id: Option<&str>,
        now: UnixSeconds,
    ) -> HeaderValue {
        let claims = Claims {
            iss: &self.settings.issuer,
            aud: table.services.get(asker.service as usize).map_or("", |service| &*service.name),
            sub: asker.subject,
            roles: asker.role_claims(table),
            iat: now.0,
            exp: now.plus(self.settings.lifetime).0,
            correlation_id,
        };
        let token =
            jsonwebtoken::encode(&self.header, &claims, &self.key).expect("the key has signed when it was read");
        let mut value = HeaderValue::try_from(token).expect("a token is made of base64url and dots");
        value.set_sensitive(true);
        value
    }
}

/// The library knows Ed25519 keys of PKCS#8 version 1 only; version 2 has the public key with it.
fn without_public_half(key: &EncodingKey) -> jsonwebtoken::errors::Result<EncodingKey> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes());
    let plain = pair.ok().and_then(|pair| pair.to_pkcs8v1().ok()).ok_or(ErrorKind::InvalidEddsaKey)?;
    Ok(EncodingKey::from_ed_der(plain.as_ref()))
}

const fn library_name(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::RS384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::RS512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::PS256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::PS384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::PS512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::ES384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
    }
}
