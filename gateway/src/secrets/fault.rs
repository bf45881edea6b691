//! Why something that is encrypted cannot be opened, and why an identity cannot be used.

use std::io;

use super::IdentitySource;

/// The most work that a passphrase may ask for, as a power of two: what `age` asks for, about a second and 256 MiB.
pub(super) const MOST_WORK: u8 = 18;

/// Why something that is encrypted cannot be opened; displayed as a sentence of its own.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// Nothing was given to open it with.
    #[error("it is encrypted, and there is no identity to open it with")]
    NoIdentity,
    /// Every identity was tried in vain; what was tried.
    #[error("it is encrypted to somebody else: tried {0}")]
    NoMatch(String),
    /// It was encrypted with a passphrase, and none was given.
    #[error("a passphrase opens it, and none is given")]
    NoPassphrase,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// Its passphrase takes too much work to try.
    #[error("to try the passphrase takes 2^{0} steps, and 2^{MOST_WORK} are allowed")]
    TooMuchWork(u8),
    /// It is not what age makes.
    #[error("it is no age file: {0}")]
    NotAge(&'static str),
    /// It was changed or cut off since it was encrypted.
    #[error("it was changed or cut off since it was encrypted")]
    Damaged,
    /// There is more in it than there may be.
    #[error("there is more in it than {0} bytes")]
    TooLarge(usize),
    /// What is in it must be text.
    #[error("what is in it is not UTF-8 text")]
    NotText,
    /// The build lacks the feature `secrets`.
    #[error("this build cannot decrypt")]
    NotBuilt,
}

impl SecretFault {
    /// How to mend it where the configuration itself is encrypted, so that it cannot say where the identity is.
    pub(crate) const fn help_for_configuration(&self) -> &'static str {
        match self {
            Self::NoIdentity => {
                "name it by `--identity FILE`, or in the environment variable COREGATEWAY_IDENTITY_FILE or \
                 COREGATEWAY_IDENTITY: an encrypted configuration cannot say it itself"
            }
            Self::NoPassphrase => "put it into the environment variable COREGATEWAY_PASSPHRASE",
            _ => self.help(),
        }
    }

    /// How to mend it.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::NoIdentity => {
                "name it by `--identity FILE`, by `secrets.identity`, or in the environment variable \
                 COREGATEWAY_IDENTITY_FILE or COREGATEWAY_IDENTITY"
            }
            Self::NoMatch(_) => "give the identity that it was encrypted to, or encrypt it to the public key above",
            Self::NoPassphrase => {
                "name it by `secrets.passphrase`, or in the environment variable COREGATEWAY_PASSPHRASE"
            }
            Self::WrongPassphrase => "give the passphrase that it was encrypted with, or encrypt it again",
            Self::TooMuchWork(_) | Self::NotAge(_) | Self::Damaged => {
                "make it again with `coregateway secrets encrypt`, `age` or `rage`"
            }
            Self::TooLarge(_) => "it cannot be meant: look at what it was made from",
            Self::NotText => "put what is not text into a file of its own, whose name ends in `.age`",
            Self::NotBuilt => "build with the feature `secrets`",
        }
    }
}

/// Why an identity or a passphrase cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{what} from {from} cannot be used: {reason}")]
pub struct IdentityFault {
    /// `the identity` or `the passphrase`.
    pub(super) what: &'static str,
    /// Where it was to come from.
    pub(super) from: IdentitySource,
    /// Why not.
    #[source]
    pub(super) reason: IdentityReason,
}

/// What is wrong with an identity or a passphrase.
#[derive(Debug, thiserror::Error)]
pub enum IdentityReason {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// The environment variable is not set.
    #[error("it is not set")]
    Unset,
    /// It is longer than any identity.
    #[error("it is longer than 64 KiB")]
    TooLarge,
    /// There is nothing in it.
    #[error("there is none in it")]
    Empty,
    /// A line of it is no identity.
    #[error("line {0} is no identity `AGE-SECRET-KEY-1...`")]
    NotAnIdentity(usize),
    /// It is encrypted itself, and cannot be opened.
    #[error("{0}")]
    Sealed(#[from] SecretFault),
}
