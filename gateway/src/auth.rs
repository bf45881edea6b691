//! Who is asking: the bearer token of a request, checked with the issuer's public keys.
//!
//! In: a request's header fields. Out: a [`Principal`], or the [`TokenFault`]. No request waits for the issuer, but one
//! whose key is unknown, once.

mod bearer;
mod cache;
mod fault;
pub(crate) mod fetch;
mod json;
mod jwk;
mod key_set;
pub(crate) mod refresh;
mod revocation;
mod source;
mod token;
mod trust;
mod verifier;

#[cfg(test)]
mod tests;

use gateway_table::RoleSet;

pub use cache::TokenCache;
pub use fault::{Remedy, TokenFault};
pub use jwk::KeyFault;
pub use key_set::{KeySet, KeySetFault};
pub use revocation::{RevocationFault, RevocationList};
pub(crate) use verifier::TrustRecord;
pub use verifier::Verifier;

use crate::clock::UnixSeconds;

/// Who is asking, as a token proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `sub`: whom the token is about.
    pub subject: Option<Box<str>>,
    /// `jti`: the token's own name.
    pub token_id: Option<Box<str>>,
    /// `kid`: the key that proves it, as the issuer calls it.
    pub key_id: Option<Box<str>>,
    /// What it is good for.
    pub roles: RoleSet,
    /// `exp`: when it ends, leeway not counted.
    pub expires_at: UnixSeconds,
    /// `nbf`: when it begins, leeway not counted.
    pub not_before: Option<UnixSeconds>,
    /// `iat`: when it was made.
    pub issued_at: Option<UnixSeconds>,
}
