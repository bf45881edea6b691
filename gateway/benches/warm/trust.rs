//! Whose tokens are believed, in whatever is measured.

use std::time::Duration;

use gateway::auth::KeySet;
use gateway::settings::{Algorithm, AuthSettings, InlineKeys, JwksSettings, KeySource};
use stand_ins::Issuer;

/// Whose tokens are believed: those of an [`Issuer`].
pub(crate) fn settings() -> AuthSettings {
    AuthSettings {
        issuer: Issuer::NAME.into(),
        audience: Issuer::AUDIENCE.into(),
        algorithms: vec![Algorithm::RS256, Algorithm::ES256],
        leeway: Duration::from_secs(30),
        types: vec!["JWT".into(), "at+jwt".into()],
        max_age: None,
        max_bytes: 8192,
        roles_claim: vec!["roles".into()],
        jwks: JwksSettings {
            source: KeySource::Inline(InlineKeys(String::new())),
            refresh: Duration::from_mins(5),
            grace: Duration::ZERO,
            cache: None,
        },
        revocations: None,
    }
}

/// The keys of an issuer.
pub(crate) fn keys(issuer: &Issuer) -> KeySet {
    KeySet::parse(issuer.jwk_set().to_string().as_bytes()).expect("a key set")
}
