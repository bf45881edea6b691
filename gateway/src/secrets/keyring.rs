//! The identities that a gateway has, and what they open.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::cipher::Opener;
use super::fault::{IdentityFault, IdentityReason, SecretFault};
use super::secret::Secret;
use super::{IdentitySource, process};

/// The environment variable that names an identity file.
pub const IDENTITY_FILE_VARIABLE: &str = "COREGATEWAY_IDENTITY_FILE";

/// The environment variable that holds an identity.
pub const IDENTITY_VARIABLE: &str = "COREGATEWAY_IDENTITY";

/// The environment variable that holds a passphrase.
pub const PASSPHRASE_VARIABLE: &str = "COREGATEWAY_PASSPHRASE";

/// Opens encrypted values and files; shown as where it comes from, never as what it is.
#[derive(Clone, Default)]
pub struct Keyring(Option<Arc<Keys>>);

struct Keys {
    opener: Opener,
    sources: Vec<IdentitySource>,
    public: Vec<String>,
}

/// Where what opens secrets is to be looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySources {
    /// Of the identity.
    pub identity: Option<IdentitySource>,
    /// Of the passphrase.
    pub passphrase: Option<IdentitySource>,
}

/// Why a file that may be encrypted cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The file system says why.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is longer than such a file can sensibly be.
    #[error("the file is longer than {0} bytes")]
    TooLarge(usize),
    /// It is encrypted and cannot be opened.
    #[error("{0}")]
    Secret(#[from] SecretFault),
}

impl IdentitySources {
    /// These, and where they say nothing what the environment says.
    #[must_use]
    pub fn or_environment(self, variables: &dyn Fn(&str) -> Option<String>) -> Self {
        let identity = || match variables(IDENTITY_FILE_VARIABLE) {
            Some(path) => Some(IdentitySource::File(path.into())),
            None => variables(IDENTITY_VARIABLE).map(|_| IdentitySource::Variable(IDENTITY_VARIABLE.to_owned())),
        };
        let passphrase =
            || variables(PASSPHRASE_VARIABLE).map(|_| IdentitySource::Variable(PASSPHRASE_VARIABLE.to_owned()));
        Self { identity: self.identity.or_else(identity), passphrase: self.passphrase.or_else(passphrase) }
    }
}

impl Keyring {
    /// Reads what there is to open secrets with; opens nothing if there is nothing. From then on the process leaves no
    /// core dump behind.
    ///
    /// # Errors
    ///
    /// Says what cannot be used, and why.
    pub fn read(sources: &IdentitySources, variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, IdentityFault> {
        let mut opener = Opener::default();
        let mut read = Vec::new();
        if let Some(source) = &sources.passphrase {
            process::leave_no_image();
            let passphrase = source.read(variables).and_then(|passphrase| opener.add_passphrase(&passphrase));
            passphrase.map_err(fault("the passphrase", source))?;
            read.push(source.clone());
        }
        if let Some(source) = &sources.identity {
            process::leave_no_image();
            let identity = source.read(variables).and_then(|identity| opener.add_identities(&identity));
            identity.map_err(fault("the identity", source))?;
            read.push(source.clone());
        }
        let public = opener.public_keys().collect();
        Ok(Self((!read.is_empty()).then(|| Arc::new(Keys { opener, sources: read, public }))))
    }

    /// What a command or an encrypted configuration is opened with: the identity in this file, or what the environment names.
    ///
    /// # Errors
    ///
    /// Says what cannot be used, and why.
    pub fn given(identity: Option<&Path>, variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, IdentityFault> {
        let identity = identity.map(|path| IdentitySource::File(path.to_owned()));
        let sources = IdentitySources { identity, passphrase: None };
        Self::read(&sources.or_environment(variables), variables)
    }

    /// What was encrypted, if it is no longer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// See [`SecretFault`]. Of what was changed or cut off, nothing is given.
    pub fn open(&self, sealed: &[u8], limit: usize) -> Result<Secret, SecretFault> {
        let keys = self.0.as_ref().ok_or(if cfg!(feature = "secrets") {
            SecretFault::NoIdentity
        } else {
            SecretFault::NotBuilt
        })?;
        keys.opener.open(sealed, limit)
    }

    /// The content of a file, decrypted if its name ends in `.age`, if it is no longer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// See [`FileFault`].
    pub fn read_file(&self, path: &Path, limit: usize) -> Result<Secret, FileFault> {
        if !is_encrypted(path) {
            return read_bounded(path, limit);
        }
        Ok(self.open(read_sealed(path, limit)?.expose(), limit)?)
    }

    /// The public keys of the identities: whatever is encrypted to one of them can be opened.
    pub fn public_keys(&self) -> &[String] {
        self.0.as_ref().map_or(&[], |keys| &keys.public)
    }

    /// Files of identities that everybody on the machine can read.
    pub fn open_to_all(&self) -> impl Iterator<Item = &IdentitySource> {
        let sources = self.0.iter().flat_map(|keys| &keys.sources);
        sources.filter(|source| source.is_open_to_all())
    }
}

/// Whether the file's name says that it is encrypted.
pub(crate) fn is_encrypted(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "age")
}

/// An encrypted file as it is, if it can hold no more than `limit` bytes: armor makes it longer by a good third.
pub(super) fn read_sealed(path: &Path, limit: usize) -> Result<Secret, FileFault> {
    read_bounded(path, limit + limit / 2 + (64 << 10))
}

fn read_bounded(path: &Path, limit: usize) -> Result<Secret, FileFault> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    Secret::read_from(file, length, limit)?.ok_or(FileFault::TooLarge(limit))
}

fn fault(what: &'static str, source: &IdentitySource) -> impl FnOnce(IdentityReason) -> IdentityFault {
    let from = source.clone();
    move |reason| IdentityFault { what, from, reason }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.0.as_ref().map(|keys| &keys.sources)).finish()
    }
}

/// Two are equal if they come from the same places and hold the same identities.
impl PartialEq for Keyring {
    fn eq(&self, other: &Self) -> bool {
        let told = |ring: &Self| ring.0.as_ref().map(|keys| (keys.sources.clone(), keys.public.clone()));
        told(self) == told(other)
    }
}

impl Eq for Keyring {}
