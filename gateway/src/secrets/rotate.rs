//! Encrypting anew whatever a configuration has encrypted: its values, the files that it names, and itself. All of it or
//! nothing.
//!
//! Everything is opened, encrypted and read back before the first file is replaced. What is opened never gets to a disk.

mod replace;
mod values;

use std::env;
use std::path::{Path, PathBuf};

use super::fault::IdentityFault;
use super::keyring::{FileFault, Keyring, is_encrypted, read_sealed};
use super::seal::{Form, Recipients, seal};
use super::{Secret, cipher};
use crate::settings::{Settings, SettingsError};

use self::replace::Drafts;

/// The longest file that is encrypted anew, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// What was encrypted anew.
#[derive(Debug)]
pub struct Rotated {
    /// The keys of the values.
    pub values: Vec<String>,
    /// The files, the configuration itself among them if it is one.
    pub files: Vec<PathBuf>,
}

/// Why nothing was encrypted anew.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The configuration is wrong, or something in it cannot be opened.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What opens the configuration cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// A file cannot be read or opened.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: FileFault,
    },
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An encrypted value is written in a way that this program cannot replace.
    #[error("the value of `{0}` is not written as `!age |` and armored lines below it: write it so")]
    Shape(String),
}

/// Encrypts to `recipients` whatever is encrypted in the configuration of this name. `identity` is the file of the identity
/// that opens it now, if neither the configuration nor the environment says.
///
/// # Errors
///
/// See [`RotateError`]; every file is as it was.
pub fn rotate(config_name: &str, identity: Option<&Path>, recipients: &Recipients) -> Result<Rotated, RotateError> {
    let settings = Settings::load_with_identity(Some(config_name), identity)?;
    let opened_by = Keyring::given(identity, &|name| env::var(name).ok())?;
    let mut drafts = Drafts::default();
    let mut files: Vec<PathBuf> = settings.secrets.files.iter().map(|file| file.path.clone()).collect();
    files.sort();
    files.dedup();
    for path in &files {
        drafts.add(path, &anew(path, &settings.secrets.keyring, recipients)?)?;
    }
    if let Some(path) = &settings.file
        && let Some(content) = configuration_anew(path, &settings, &opened_by, recipients)?
    {
        drafts.add(path, &content)?;
        files.extend(is_encrypted(path).then(|| path.clone()));
    }
    drafts.put_in_place()?;
    Ok(Rotated { values: settings.secrets.values.into_iter().map(|value| value.key).collect(), files })
}

/// The content of an encrypted file, encrypted anew in the same form.
fn anew(path: &Path, keyring: &Keyring, recipients: &Recipients) -> Result<Vec<u8>, RotateError> {
    let failed = |fault| RotateError::File { path: path.to_owned(), fault };
    let sealed = read_sealed(path, MAX_BYTES).map_err(failed)?;
    let plain = keyring.open(sealed.expose(), MAX_BYTES).map_err(|fault| failed(fault.into()))?;
    seal_as(&sealed, &plain, recipients).map_err(failed)
}

/// The configuration with its values encrypted anew, and itself if it is encrypted; `None` if nothing of it is.
fn configuration_anew(
    path: &Path,
    settings: &Settings,
    opened_by: &Keyring,
    recipients: &Recipients,
) -> Result<Option<Vec<u8>>, RotateError> {
    let failed = |fault| RotateError::File { path: path.to_owned(), fault };
    let plain = opened_by.read_file(path, MAX_BYTES).map_err(failed)?;
    let text = values::anew(&plain, &settings.secrets, recipients)?;
    if is_encrypted(path) {
        let sealed = read_sealed(path, MAX_BYTES).map_err(failed)?;
        return seal_as(&sealed, &text, recipients).map(Some).map_err(failed);
    }
    Ok((!settings.secrets.values.is_empty()).then(|| text.expose().to_vec()))
}

fn seal_as(before: &Secret, plain: &Secret, recipients: &Recipients) -> Result<Vec<u8>, FileFault> {
    let form = if cipher::is_armored(before.expose()) { Form::Armored } else { Form::Binary };
    Ok(seal(plain, recipients, form)?)
}
