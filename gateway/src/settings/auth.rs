//! The `auth` section: whose tokens are believed, and where the keys are that prove them.

mod read;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::HttpUrl;

#[cfg(test)]
pub(super) use read::json_of;
pub(super) use read::{read, read_algorithm};

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// `auth.issuer`: the one `iss` that is believed; required.
    pub issuer: String,
    /// `auth.audience`: what must be among a token's `aud`; required.
    pub audience: String,
    /// `auth.algorithms`: the signature algorithms that are believed. Default `[RS256, ES256]`.
    pub algorithms: Vec<Algorithm>,
    /// `auth.leeway`: how far clocks may differ; 0s to 5m, default 30s.
    pub leeway: Duration,
    /// `auth.types`: what a token's `typ` may be, where it has one; media types, `application/` left out, in any case.
    /// Default `[JWT, at+jwt]`.
    pub types: Vec<String>,
    /// `auth.max_age`: how long after `iat` a token is believed, whatever its `exp` says; 1m to 24h. Default: as long as
    /// `exp` says.
    pub max_age: Option<Duration>,
    /// `auth.max_bytes`: how long an `Authorization` field may be; 1KiB to 64KiB, default 8KiB.
    pub max_bytes: usize,
    /// `auth.roles_claim`: the members that lead to the roles, outermost first; dotted in the file. Default `roles`.
    pub roles_claim: Vec<String>,
    /// `auth.jwks`: the issuer's keys; required.
    pub jwks: JwksSettings,
    /// `auth.revocations`: which tokens are not believed any more. Default: all are.
    pub revocations: Option<RevocationSettings>,
}

/// Where an issuer's keys are, and how they are kept fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksSettings {
    /// `auth.jwks.url`, `auth.jwks.file` or `auth.jwks.inline`: exactly one.
    pub source: KeySource,
    /// `auth.jwks.refresh`: how often the keys are read again; 100ms to 24h, default 5m. The `max-age` of an answer can
    /// make it more often, down to every 10 seconds.
    pub refresh: Duration,
    /// `auth.jwks.grace`: how long a key is believed that the set does not hold any more; 0s to 24h, default 10m.
    pub grace: Duration,
    /// `auth.jwks.cache`: the file that keeps the last good answer of `url` across a restart. Default: none.
    pub cache: Option<PathBuf>,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JWK set that an HTTP server gives out.
    Url(HttpUrl),
    /// A file with a JWK set.
    File(PathBuf),
    /// A JWK set in the configuration itself.
    Inline(InlineKeys),
}

/// The JSON text of a JWK set that stands in the configuration; never shown, since it may hold more than it should.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineKeys(pub String);

impl fmt::Debug for InlineKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InlineKeys(..)")
    }
}

/// Which tokens are not believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationSettings {
    /// `auth.revocations.url` or `auth.revocations.file`: exactly one.
    pub source: RevocationSource,
    /// `auth.revocations.refresh`: how often the list is read again; 100ms to 24h, default 10s.
    pub refresh: Duration,
    /// `auth.revocations.cache`: the file that keeps the last good answer of `url` across a restart. Default: none.
    pub cache: Option<PathBuf>,
}

/// Where a revocation list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationSource {
    /// An HTTP server gives it out.
    Url(HttpUrl),
    /// It is a file.
    File(PathBuf),
}

/// A signature algorithm (RFC 7518, RFC 8037) that can prove a token to someone who holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512
    RS512,
    /// RSASSA-PSS with SHA-256
    PS256,
    /// RSASSA-PSS with SHA-384
    PS384,
    /// RSASSA-PSS with SHA-512
    PS512,
    /// ECDSA on P-256 with SHA-256
    ES256,
    /// ECDSA on P-384 with SHA-384
    ES384,
    /// Ed25519
    EdDSA,
}

impl Algorithm {
    /// Every algorithm, in the order in which they are listed to people.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The algorithm of this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name as it stands in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}
