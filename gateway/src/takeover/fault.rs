//! Why another executable does not take over.

use std::io;
use std::path::PathBuf;

/// Why the new executable does not take over. The gateway goes on as it is.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "no other executable is tried there"))]
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeOverError {
    /// There is no such thing here.
    #[error(
        "only a gateway that has its process to itself can be taken over, and on Linux alone; stop it and start the new one"
    )]
    Unsupported,
    /// The file is not there or cannot be run.
    #[error("{path} cannot be run: {source}")]
    NotRunnable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It says that it could not serve.
    #[error("{path} has failed its self-check: {reason}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it says.
        reason: String,
    },
    /// It says nothing.
    #[error("the self-check of {path} has not ended within 10 s")]
    TooSlow {
        /// The file.
        path: PathBuf,
    },
    /// What is to be handed over cannot be written down.
    #[error("what is to be handed over cannot be written: {0}")]
    Handover(#[source] io::Error),
}
