//! A gateway, its clients, and its upstreams, for tests.

pub(crate) mod admin;
pub(crate) mod certificates;
pub(crate) mod client;
pub(crate) mod frames;
pub(crate) mod gateway;
pub(crate) mod http2;
pub(crate) mod process;
pub(crate) mod upstream;

use std::sync::LazyLock;

use stand_ins::{Issuer, KeyKind};

/// An RSA issuer for all tests: making such a key takes long.
pub(crate) static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::new(KeyKind::Rsa, "test-1"));

/// The `auth` section of a configuration that trusts [`ISSUER`].
pub(crate) fn auth_section() -> String {
    auth_section_with(&format!("{{ inline: {} }}", ISSUER.jwk_set()))
}

/// An `auth` section with these keys.
pub(crate) fn auth_section_with(jwks: &str) -> String {
    format!("auth:\n  issuer: {}\n  audience: {}\n  jwks: {jwks}\n", Issuer::NAME, Issuer::AUDIENCE)
}

/// An `Authorization` field with a token for these roles.
pub(crate) fn bearer(roles: &[&str]) -> String {
    format!("Authorization: Bearer {}\r\n", ISSUER.token("tester", roles))
}
