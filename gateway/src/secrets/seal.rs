//! Making what a [`Keyring`](super::Keyring) opens: identities, and what is encrypted to their public keys.

use std::io::{self, Write};

use age::armor::{ArmoredWriter, Format};
use age::secrecy::ExposeSecret;
use age::{Encryptor, Recipient, x25519};

use super::secret::Secret;

/// How what is encrypted is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text, as values in a configuration must be.
    Armored,
    /// Bytes.
    Binary,
}

/// Whose identities open what is encrypted.
#[derive(Debug, Clone, Default)]
pub struct Recipients(Vec<x25519::Recipient>);

/// Text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no public key `age1...`{}", if *.is_identity { ", but an identity, which is to be kept secret" } else { "" })]
pub struct RecipientFault {
    line: usize,
    is_identity: bool,
}

impl Recipients {
    /// Adds public keys, one a line; empty lines and those that start with `#` say nothing.
    ///
    /// # Errors
    ///
    /// Names the first line that is none.
    pub fn add(&mut self, text: &str) -> Result<(), RecipientFault> {
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_identity = line.starts_with("AGE-SECRET-KEY-");
            self.0.push(line.parse().map_err(|_| RecipientFault { line: index + 1, is_identity })?);
        }
        Ok(())
    }

    /// Whether nobody could open what is encrypted to them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A new identity, as `age-keygen` writes it, and its public key.
pub fn generate() -> (Secret, String) {
    let identity = x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let text = format!("# public key: {public}\n{}\n", identity.to_string().expose_secret());
    (text.into(), public)
}

/// `plain`, encrypted to `recipients`.
///
/// # Errors
///
/// There are no recipients.
pub fn seal(plain: &Secret, recipients: &Recipients, form: Form) -> io::Result<Vec<u8>> {
    let recipients = recipients.0.iter().map(|recipient| recipient as &dyn Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let format = match form {
        Form::Armored => Format::AsciiArmor,
        Form::Binary => Format::Binary,
    };
    let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(Vec::new(), format)?)?;
    writer.write_all(plain.expose())?;
    writer.finish()?.finish()
}

/// Armored text as a value of a configuration, to stand behind its key.
pub fn yaml_value(armored: &str) -> String {
    let lines = armored.lines().map(|line| format!("  {line}\n"));
    std::iter::once("!age |\n".to_owned()).chain(lines).collect()
}
