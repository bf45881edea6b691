//! What stands in for age in a build without it: it tells what is encrypted, and opens nothing.

#![expect(clippy::unused_self, reason = "it has the same face as what it stands in for")]

use super::fault::{IdentityReason, SecretFault};
use super::secret::Secret;

/// Opens nothing.
#[derive(Default)]
pub(super) struct Opener {}

impl Opener {
    pub(super) fn add_passphrase(&mut self, _: &Secret) -> Result<(), IdentityReason> {
        Err(SecretFault::NotBuilt.into())
    }

    pub(super) fn add_identities(&mut self, _: &Secret) -> Result<(), IdentityReason> {
        Err(SecretFault::NotBuilt.into())
    }

    pub(super) fn public_keys(&self) -> impl Iterator<Item = String> {
        std::iter::empty()
    }

    pub(super) fn open(&self, _: &[u8], _: usize) -> Result<Secret, SecretFault> {
        Err(SecretFault::NotBuilt)
    }
}
