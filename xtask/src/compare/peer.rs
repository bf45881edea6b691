//! Who is measured.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::credentials::Credentials;
use super::running::Running;
use super::tools::Tool;
use super::{haproxy, nginx, ours};
use crate::failure::Failure;

/// Who does the job, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Nginx,
    /// nginx with buffers that long answers are passed on by with less effort.
    NginxLargeBuffers,
    HaproxyForwarding,
    HaproxyWholeJob,
    Ours,
}

/// Where a peer is, and what it has there.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) listen: SocketAddr,
    /// Our admin listener.
    pub(crate) admin: SocketAddr,
    pub(crate) origin: SocketAddr,
    /// For its files.
    pub(crate) folder: &'a Path,
    pub(crate) credentials: &'a Credentials,
    /// How many connections it may have.
    pub(crate) connections: u64,
    /// Our threads; the others have one.
    pub(crate) threads: u8,
    /// Whether clients speak TLS.
    pub(crate) tls: bool,
}

/// A peer that runs and answers.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) peer: Peer,
    pub(crate) address: SocketAddr,
    pub(crate) process: Running,
}

impl Peer {
    /// As tables name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::NginxLargeBuffers => "nginx, buffers of 64 KiB",
            Self::HaproxyForwarding => "HAProxy, forwarding",
            Self::HaproxyWholeJob => "HAProxy",
            Self::Ours => "CoreGateway",
        }
    }

    /// What starts it there.
    pub(crate) fn command(self, place: &Place<'_>, executable: &Path) -> Result<Command, Failure> {
        match self {
            Self::Nginx => nginx::forwarding(place, ""),
            Self::NginxLargeBuffers => nginx::forwarding(place, nginx::LARGE_BUFFERS),
            Self::HaproxyForwarding => haproxy::forwarding(place),
            Self::HaproxyWholeJob => haproxy::whole_job(place),
            Self::Ours => ours::gateway(place, executable),
        }
    }
}

/// Those of these peers that are installed; the others are told of.
pub(crate) fn installed(peers: &[Peer]) -> Vec<Peer> {
    let is_haproxy = |peer: &Peer| matches!(peer, Peer::HaproxyForwarding | Peer::HaproxyWholeJob);
    let missing = Tool::Haproxy.path().err();
    if let Some(missing) = missing.as_ref().filter(|_| peers.iter().any(is_haproxy)) {
        crate::say(&format!("HAProxy is left out: {missing}"));
    }
    peers.iter().copied().filter(|peer| missing.is_none() || !is_haproxy(peer)).collect()
}
