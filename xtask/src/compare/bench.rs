//! What all measurements share: folder, credentials, executable, the origin, and how peers are started and visited.

#[cfg(test)]
mod tests;

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::CpuSet;

use super::answer::{connect_and_ask, request};
use super::cpus::Cpus;
use super::credentials::Credentials;
use super::no_figure::NoFigure;
use super::peer::{Live, Peer, Place, installed};
use super::running::Running;
use super::tools::Tool;
use super::{Options, nginx, ours, ports};
use crate::failure::Failure;
use crate::workspace::make_empty;

/// What is asked for: a small answer.
pub(crate) const STATUS: &str = "/api/v1/agent/status";
/// The same without a gateway between.
pub(crate) const ORIGIN_STATUS: &str = "/api/agent/status";
/// The path of the long answer.
pub(crate) const LARGE: &str = "/api/v1/agent/large";
/// How many connections a peer may have; HAProxy wants two descriptors for each.
const CONNECTIONS: u64 = 9000;
/// How long a peer may take until it answers.
const START: Duration = Duration::from_secs(20);

/// A machine with an origin on it, ready to measure.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) rounds: u8,
    pub(crate) seconds: u8,
    pub(crate) cpus: Cpus,
    pub(crate) credentials: Credentials,
    pub(crate) executable: PathBuf,
    pub(crate) folder: PathBuf,
    /// Where the origin is.
    pub(crate) origin: SocketAddr,
    /// How many connections every peer is allowed.
    pub(crate) connections: u64,
    /// Kept to run as long as the bench.
    _origin: Running,
}

/// How a peer is started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) threads: u8,
    pub(crate) tls: bool,
    pub(crate) cpus: CpuSet,
}

impl Bench {
    /// Builds what must be built, empties this folder, and starts the origin.
    pub(crate) fn set_up(options: &Options, folder: &Path) -> Result<Self, Failure> {
        let cpus = Cpus::allowed()?;
        Tool::Nginx.path()?;
        let executable = options.executable.clone().map_or_else(ours::build, Ok)?;
        make_empty(folder)?;
        let (credentials, connections) = (Credentials::make(folder)?, connections()?);
        let origin = ports::free()?;
        let mut command = nginx::origin(origin, folder, connections)?;
        let mut running = Running::start(&mut command, &cpus.load(), &folder.join("origin.said"))?;
        wait(&mut running, "the origin", || TcpStream::connect(origin).is_ok())?;
        let folder = folder.to_owned();
        let Options { rounds, seconds, .. } = *options;
        Ok(Self { rounds, seconds, cpus, credentials, executable, folder, origin, connections, _origin: running })
    }

    /// Takes away what the run has written; a run that fails leaves it.
    pub(crate) fn clear(self) -> Result<(), Failure> {
        let folder = self.folder.clone();
        drop(self);
        fs::remove_dir_all(&folder).map_err(Failure::file(&folder))
    }

    /// A request for the small answer.
    pub(crate) fn status_request(&self) -> Vec<u8> {
        request(STATUS, &self.credentials.token)
    }

    /// How peers are started where nothing else is said: one thread on a processor of its own, no TLS.
    pub(crate) fn plain(&self) -> Setup {
        Setup { threads: 1, tls: false, cpus: self.cpus.measured() }
    }

    /// Starts these peers, without those that are not installed, and waits until each has answered.
    pub(crate) fn start_all(&self, peers: &[Peer]) -> Result<Vec<Live>, Failure> {
        let installed = installed(peers);
        installed.into_iter().map(|peer| self.start_warm(peer, self.plain())).collect()
    }

    /// Starts a peer, and waits until it has answered.
    pub(crate) fn start_warm(&self, peer: Peer, setup: Setup) -> Result<Live, Failure> {
        let mut live = self.start(peer, setup)?;
        if setup.tls {
            wait(&mut live.process, peer.name(), || TcpStream::connect(live.address).is_ok())?;
        } else {
            self.wait_for_answer(&mut live)?;
        }
        Ok(live)
    }

    /// Starts a peer, and does not wait.
    pub(crate) fn start(&self, peer: Peer, setup: Setup) -> Result<Live, Failure> {
        let (listen, admin) = (ports::free()?, ports::free()?);
        let place = Place {
            listen,
            admin,
            origin: self.origin,
            folder: &self.folder,
            credentials: &self.credentials,
            connections: self.connections,
            threads: setup.threads,
            tls: setup.tls,
        };
        let mut command = peer.command(&place, &self.executable)?;
        let log = self.folder.join(format!("{}-{}.said", peer.name(), listen.port()));
        Ok(Live { peer, address: listen, process: Running::start(&mut command, &setup.cpus, &log)? })
    }

    /// Asks for the small answer until it comes.
    pub(crate) fn wait_for_answer(&self, live: &mut Live) -> Result<(), Failure> {
        let request = self.status_request();
        let address = live.address;
        wait(&mut live.process, live.peer.name(), || matches!(connect_and_ask(address, &request), Ok((_, true))))
    }

    /// Visits each in every round, so that what drifts on the machine meets all alike; gives what was found, by whom.
    pub(crate) fn rounds<P, T>(
        &self,
        peers: &[P],
        mut visit: impl FnMut(&P) -> Result<T, Failure>,
    ) -> Result<Vec<Vec<T>>, Failure> {
        let mut found: Vec<Vec<T>> = peers.iter().map(|_| Vec::new()).collect();
        for _ in 0..self.rounds {
            for (peer, found) in peers.iter().zip(&mut found) {
                found.push(visit(peer)?);
            }
        }
        Ok(found)
    }
}

/// Allows this process and its children as many descriptors as the system lets it, and gives how many connections that is enough for.
fn connections() -> Result<u64, NoFigure> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    Ok(limit.current.map_or(CONNECTIONS, |files| CONNECTIONS.min(files.saturating_sub(200) / 2)))
}

/// Looks again and again, without a pause, as moments are measured by it.
fn wait(process: &mut Running, name: &str, is_there: impl Fn() -> bool) -> Result<(), Failure> {
    let deadline = Instant::now() + START;
    while !is_there() {
        if Instant::now() > deadline || process.has_ended() {
            return Err(NoFigure::NoStart { peer: name.to_owned(), told: process.told() }.into());
        }
    }
    Ok(())
}
