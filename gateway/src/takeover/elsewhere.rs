//! Systems on which no process can go on as another executable: nothing is handed over, and nothing is left.

use std::io;

use super::estate::{Build, Estate};
use super::executable::Executable;
use super::fault::TakeOverError;

impl Estate {
    /// Nothing is ever left.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(crate) fn take() -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Nothing is ever left.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(crate) fn look() -> io::Result<Option<Self>> {
        Ok(None)
    }
}

impl Executable {
    /// It cannot take over.
    pub(crate) fn check_itself(&self, _: Estate) -> Result<Build, TakeOverError> {
        Err(TakeOverError::Unsupported)
    }
}

/// Cannot be done.
pub(crate) fn replace_process(_: &Executable, _: Estate) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

/// Nothing was held back.
#[cfg(unix)]
pub(crate) fn unblock_signals() {}
