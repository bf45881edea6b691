//! Secrets at rest: values and files that are encrypted with age, and the identity that opens them.
//!
//! In: what somebody encrypted with any age tool, and where the identity is. Out: a [`Secret`], which is never shown, and
//! wiped when it is dropped; all of it, or nothing and why.

#[cfg(feature = "secrets")]
mod cipher;
#[cfg(not(feature = "secrets"))]
#[path = "secrets/no_cipher.rs"]
mod cipher;
mod fault;
mod keyring;
mod process;
#[cfg(feature = "secrets")]
mod rotate;
#[cfg(feature = "secrets")]
mod seal;
mod secret;
mod source;
#[cfg(test)]
mod tests;

pub use fault::{IdentityFault, IdentityReason, SecretFault};
pub(crate) use keyring::is_encrypted;
pub use keyring::{
    FileFault, IDENTITY_FILE_VARIABLE, IDENTITY_VARIABLE, IdentitySources, Keyring, PASSPHRASE_VARIABLE,
};
#[cfg(feature = "secrets")]
pub use rotate::{RotateError, Rotated, rotate};
#[cfg(feature = "secrets")]
pub use seal::{Form, RecipientFault, Recipients, generate, seal, yaml_value};
pub use secret::Secret;
pub use source::IdentitySource;
