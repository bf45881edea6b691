//! What can keep a figure from being taken.

use std::io;
use std::net::SocketAddr;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoFigure {
    #[error("`{program}` is not installed\nhelp: apt-get install {package}")]
    Missing { program: &'static str, package: &'static str },
    #[error("one core is not enough: the gateway has one, what loads it another")]
    OneCore,
    #[error("{peer} gives no answer\n{told}")]
    NoStart { peer: String, told: String },
    #[error("a gateway did not end by itself when it was told to\n{told}")]
    NoEnd { told: String },
    #[error("{address} answered {failed} of {answers} requests otherwise than 200, or not at all")]
    BadAnswers { address: SocketAddr, failed: u64, answers: u64 },
    #[error("{address} said nothing for {} s", waited.as_secs())]
    Silent { address: SocketAddr, waited: std::time::Duration },
    #[error("{address}: {source}")]
    Connection { address: SocketAddr, source: io::Error },
    #[error("what `{program}` said cannot be read:\n{told}")]
    Unreadable { program: &'static str, told: String },
    #[error("/proc: {what} cannot be read")]
    Proc { what: &'static str },
    #[error("the system says: {0}")]
    System(#[from] rustix::io::Errno),
    #[error("no port is free between {from} and {to}")]
    NoPort { from: u16, to: u16 },
    #[error("no certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("{address} took up an earlier session, or speaks another version than TLS 1.3")]
    OtherHandshake { address: SocketAddr },
}

impl NoFigure {
    /// For `map_err`: that a connection to this address failed.
    pub(crate) fn connection(address: SocketAddr) -> impl FnOnce(io::Error) -> NoFigure {
        move |source| NoFigure::Connection { address, source }
    }
}
