//! Where an identity or a passphrase is, and how it is read from there.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::fault::IdentityReason;
use super::secret::Secret;

/// The longest identity file that is read, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// What pipes gave: they do so once, and a configuration is read again while the gateway runs.
static FROM_PIPES: Mutex<BTreeMap<u32, Secret>> = Mutex::new(BTreeMap::new());

/// Where an identity or a passphrase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A file descriptor that the gateway is started with.
    Descriptor(u32),
}

impl IdentitySource {
    /// What is there; `variables` are the environment's.
    pub(super) fn read(&self, variables: &dyn Fn(&str) -> Option<String>) -> Result<Secret, IdentityReason> {
        match self {
            Self::File(path) => read_file(path),
            Self::Variable(name) => variables(name).map(Secret::from).ok_or(IdentityReason::Unset),
            Self::Descriptor(number) => read_descriptor(*number),
        }
    }

    /// Whether everybody on the machine can read it.
    pub(super) fn is_open_to_all(&self) -> bool {
        match self {
            Self::File(path) => mode(path).is_some_and(|mode| mode & 0o004 != 0),
            Self::Variable(_) | Self::Descriptor(_) => false,
        }
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|metadata| metadata.mode())
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

fn read_file(path: &Path) -> Result<Secret, IdentityReason> {
    Secret::read_from(File::open(path)?, MAX_BYTES, MAX_BYTES)?.ok_or(IdentityReason::TooLarge)
}

fn read_descriptor(number: u32) -> Result<Secret, IdentityReason> {
    if !cfg!(unix) {
        return Err(io::Error::from(io::ErrorKind::Unsupported).into());
    }
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    // A file can be read again from its start.
    if std::fs::metadata(&path)?.is_file() {
        return read_file(&path);
    }
    let mut from_pipes = FROM_PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(secret) = from_pipes.get(&number) {
        return Ok(secret.clone());
    }
    let secret = read_file(&path)?;
    from_pipes.insert(number, secret.clone());
    Ok(secret)
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Descriptor(number) => write!(f, "the file descriptor {number}"),
        }
    }
}
