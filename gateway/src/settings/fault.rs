//! What can be wrong with a run-time configuration, and how it is told: place, reason, remedy.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::identity::ServiceKeyFault;
use crate::secrets::{FileFault, IdentityFault, SecretFault};
use crate::tls::TlsError;

/// Where in the file something stands; both numbers count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// Everything that is wrong with a configuration; displayed as one paragraph for each fault.
#[derive(Debug)]
pub struct SettingsError {
    /// The file, as it was named; `None` where the built-in defaults are at fault.
    pub file: Option<PathBuf>,
    /// The faults, in the order of the file; never empty.
    pub faults: Vec<SettingsFault>,
    /// The log file that it names, if that much of it could be read.
    pub log_file: Option<PathBuf>,
}

/// One thing that is wrong with a configuration.
#[derive(Debug)]
pub struct SettingsFault {
    /// Where it stands; `None` where it concerns the file as a whole.
    pub place: Option<Place>,
    /// What is wrong.
    pub reason: Reason,
    /// How to mend it.
    pub help: Option<Cow<'static, str>>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The name leads to no file.
    #[error("no such configuration file")]
    NotFound,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The file is longer than a configuration can sensibly be.
    #[error("the file is larger than 1 MiB")]
    TooLarge,
    /// The file is not text.
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    /// The file is no YAML; the text is the parser's.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// The format has a version that this program does not know.
    #[error("unknown version {0} of the configuration format")]
    UnknownVersion(String),
    /// A key that means nothing where it stands.
    #[error("unknown key `{0}`")]
    UnknownKey(String),
    /// A key that stands twice in one section.
    #[error("the key `{key}` stands here for the second time, first in line {}", .first.line)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Place,
    },
    /// A key that must be there and is not.
    #[error("`{0}` is missing")]
    MissingKey(String),
    /// A value of another kind than the key takes.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key, with the sections that it is in.
        key: String,
        /// What the key takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A value of the right kind that cannot be.
    #[error("`{key}`: `{value}` {problem}")]
    Invalid {
        /// The key, with the sections that it is in.
        key: String,
        /// The value as it is written, variables not expanded.
        value: String,
        /// What is wrong with it, as the end of a sentence.
        problem: Cow<'static, str>,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// A certificate, or its key, that cannot be served with.
    #[error("{0}")]
    Certificate(#[source] Box<TlsError>),
    /// A private key that cannot be signed with.
    #[error("{0}")]
    ServiceKey(#[source] Box<ServiceKeyFault>),
    /// A document that is named and cannot be used.
    #[error(transparent)]
    Document(Box<dyn std::error::Error + Send + Sync>),
    /// A setting that cannot change while the gateway serves.
    #[error("`{}` cannot change while the gateway serves: it is {}, the file says {}", .0.key, .0.from, .0.to)]
    Fixed(Box<FixedSetting>),
    /// An environment variable that is not set.
    #[error("the environment variable `{0}` is not set")]
    UnsetVariable(String),
    /// A `${` that names no variable.
    #[error("`${{` is not followed by the name of a variable and `}}`")]
    BrokenVariable,
    /// An encrypted value that cannot be opened.
    #[error("`{key}` cannot be decrypted: {fault}")]
    Encrypted {
        /// The key, with the sections that it is in.
        key: String,
        /// Why not.
        fault: SecretFault,
    },
    /// An encrypted file that cannot be read.
    #[error("`{key}`: {} cannot be read: {fault}", .path.display())]
    EncryptedFile {
        /// The key, with the sections that it is in.
        key: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: Box<FileFault>,
    },
    /// The file itself is encrypted and cannot be opened.
    #[error("the file cannot be decrypted: {0}")]
    Sealed(#[source] SecretFault),
    /// An identity or a passphrase that cannot be used.
    #[error("{0}")]
    Identity(#[source] Box<IdentityFault>),
    /// An address of a service that the compiled routes do not know.
    #[error("no route has a service named `{0}`")]
    UnknownService(String),
    /// A service whose address is the gateway's own.
    #[error("the address of the service `{service}`, {address}, is the gateway's own: requests would come back")]
    SelfTarget {
        /// The service.
        service: String,
        /// Its address.
        address: String,
    },
}

/// A setting that the file changes, and that cannot change.
#[derive(Debug)]
pub struct FixedSetting {
    /// The key, with the sections that it is in.
    pub key: String,
    /// The value in force.
    pub from: String,
    /// The value in the file.
    pub to: String,
}

impl SettingsError {
    /// The error that consists of one fault of the file as a whole.
    pub(super) fn of_file(file: &Path, reason: Reason, help: Option<Cow<'static, str>>) -> Self {
        let fault = SettingsFault { place: None, reason, help };
        Self { file: Some(file.to_owned()), faults: vec![fault], log_file: None }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match &self.file {
                Some(file) => write!(f, "{}", file.display())?,
                None => write!(f, "built-in configuration")?,
            }
            if let Some(place) = fault.place {
                write!(f, ":{}:{}", place.line, place.column)?;
            }
            write!(f, ": {}", fault.reason)?;
            if let Some(help) = &fault.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.faults.iter().find_map(|fault| match &fault.reason {
            Reason::Unreadable(source) => Some(source as _),
            _ => None,
        })
    }
}
