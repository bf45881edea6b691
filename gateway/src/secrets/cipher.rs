//! age itself: opening what was encrypted, all of it or nothing.

use std::io::Read;

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Identity, scrypt, x25519};

use super::fault::{IdentityReason, MOST_WORK, SecretFault};
use super::secret::Secret;

const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const HEADER: &[u8] = b"age-encryption.org/";

/// What opens encrypted values and files.
#[derive(Default)]
pub(super) struct Opener {
    identities: Vec<x25519::Identity>,
    passphrase: Option<scrypt::Identity>,
}

impl Opener {
    pub(super) fn add_passphrase(&mut self, passphrase: &Secret) -> Result<(), IdentityReason> {
        let text = passphrase.expose_text().map(|text| text.trim_end_matches(['\r', '\n']));
        let text = text.filter(|text| !text.is_empty()).ok_or(IdentityReason::Empty)?;
        let mut identity = scrypt::Identity::new(SecretString::from(text));
        identity.set_max_work_factor(MOST_WORK);
        self.passphrase = Some(identity);
        Ok(())
    }

    /// Adds the identities in `text`, one a line as `age-keygen` writes them; the whole may be encrypted with the passphrase.
    pub(super) fn add_identities(&mut self, text: &Secret) -> Result<(), IdentityReason> {
        let opened;
        let text = if is_sealed(text.expose()) {
            opened = self.open(text.expose(), text.expose().len())?;
            &opened
        } else {
            text
        };
        for (index, line) in text.expose().split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let identity = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
            self.identities.push(identity.ok_or(IdentityReason::NotAnIdentity(index + 1))?);
        }
        if self.identities.is_empty() { Err(IdentityReason::Empty) } else { Ok(()) }
    }

    /// The public keys of the identities: what must be encrypted to, so that they open it.
    pub(super) fn public_keys(&self) -> impl Iterator<Item = String> {
        self.identities.iter().map(|identity| identity.to_public().to_string())
    }

    /// What was encrypted, if it is no longer than `limit` bytes.
    pub(super) fn open(&self, sealed: &[u8], limit: usize) -> Result<Secret, SecretFault> {
        let sealed = sealed.trim_ascii_start();
        if !is_sealed(sealed) {
            return Err(SecretFault::NotAge("it does not start as one"));
        }
        // Armor that is broken, or that ends too early, shows when it is read.
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(sealed)).map_err(|error| self.fault(&error))?;
        if decryptor.is_scrypt() && self.passphrase.is_none() {
            return Err(SecretFault::NoPassphrase);
        }
        let is_scrypt = decryptor.is_scrypt();
        let opened = decryptor.decrypt(self.all()).map_err(|error| match error {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed if is_scrypt => {
                SecretFault::WrongPassphrase
            }
            error => self.fault(&error),
        })?;
        read_all(opened, sealed.len(), limit)
    }

    fn all(&self) -> impl Iterator<Item = &dyn Identity> {
        let passphrase = self.passphrase.iter().map(|identity| identity as &dyn Identity);
        self.identities.iter().map(|identity| identity as &dyn Identity).chain(passphrase)
    }

    fn tried(&self) -> String {
        let passphrase = self.passphrase.iter().map(|_| "a passphrase".to_owned());
        self.public_keys().chain(passphrase).collect::<Vec<_>>().join(", ")
    }

    fn fault(&self, error: &DecryptError) -> SecretFault {
        match error {
            DecryptError::NoMatchingKeys => SecretFault::NoMatch(self.tried()),
            DecryptError::ExcessiveWork { required, .. } => SecretFault::TooMuchWork(*required),
            DecryptError::UnknownFormat => SecretFault::NotAge("its version is not known"),
            _ => SecretFault::Damaged,
        }
    }
}

/// Nothing of what was read leaves if any of it turns out to be wrong.
fn read_all(opened: impl Read, length: usize, limit: usize) -> Result<Secret, SecretFault> {
    let read = Secret::read_from(opened, length, limit).map_err(|_| SecretFault::Damaged)?;
    read.ok_or(SecretFault::TooLarge(limit))
}

/// Whether this is what age makes, armored or not.
pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    is_armored(bytes) || bytes.starts_with(HEADER)
}

/// Whether this is armored: text, as values in a configuration must be.
pub(super) fn is_armored(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(ARMOR)
}
