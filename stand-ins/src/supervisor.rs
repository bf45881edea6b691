//! Coredinator as the gateway sees it: it finds the newest executable, starts it, asks for its health, and stops it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a health question may take, and how long a stop may.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two questions.
    pub interval: Duration,
    /// For an answer.
    pub answer: Duration,
    /// Without a good answer, until it starts the service again.
    pub unhealthy: Duration,
    /// From SIGTERM to SIGKILL.
    pub stop: Duration,
}

impl Patience {
    /// What coredinator has.
    pub const REAL: Self = Self {
        interval: Duration::from_secs(5),
        answer: Duration::from_secs(3),
        unhealthy: Duration::from_secs(30),
        stop: Duration::from_secs(5),
    };
}

/// A service that the supervisor has started. It is killed when it is dropped.
#[derive(Debug)]
pub struct Supervised {
    child: Child,
    patience: Patience,
}

/// How a service ended.
#[derive(Debug)]
pub struct Stopped {
    /// Its exit status.
    pub status: ExitStatus,
    /// How long it took from SIGTERM.
    pub took: Duration,
    /// Whether it had to be killed.
    pub killed: bool,
}

/// The newest stable executable of the gateway for this system in `folder`.
pub fn newest(folder: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names.filter_map(|name| Some((version_of(&name)?, name))).max()?;
    Some(folder.join(newest.1))
}

/// The version in an executable's name; none for development builds, and for those of other systems.
fn version_of(name: &str) -> Option<[u32; 3]> {
    let mut numbers = name.strip_prefix("linux-coregateway-v")?.split('.').map(|number| number.parse().ok());
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(version)
}

impl Supervised {
    /// Starts `executable --config-name NAME` in `directory`, in a session of its own, with all streams on the null device.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(executable: &Path, config_name: &str, directory: &Path, patience: Patience) -> io::Result<Self> {
        // `setsid` becomes the executable, and keeps its process id.
        let mut command = Command::new("setsid");
        command.arg(executable).args(["--config-name", config_name]).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: command.spawn()?, patience })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether a health question at `address` is answered 200 in time.
    pub fn is_healthy(&self, address: SocketAddr) -> bool {
        ask(address, self.patience.answer).is_ok_and(|status| status == 200)
    }

    /// Asks again and again until it is healthy; `None` if it is not within the time after which it is started again, or has ended.
    pub fn wait_until_healthy(&mut self, address: SocketAddr) -> Option<Duration> {
        let start = Instant::now();
        while start.elapsed() < self.patience.unhealthy {
            if self.is_healthy(address) {
                return Some(start.elapsed());
            }
            if self.has_ended().is_some() {
                return None;
            }
            std::thread::sleep(self.patience.interval);
        }
        None
    }

    /// Its exit status, if it has ended.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// The system says so.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Sends this signal.
    ///
    /// # Errors
    ///
    /// The process is not there any more.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// SIGTERM; SIGKILL if that is not heeded in time.
    ///
    /// # Errors
    ///
    /// The process is not there any more.
    pub fn stop(mut self) -> io::Result<Stopped> {
        let start = Instant::now();
        self.signal(Signal::TERM)?;
        while start.elapsed() < self.patience.stop {
            if let Some(status) = self.has_ended() {
                return Ok(Stopped { status, took: start.elapsed(), killed: false });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.signal(Signal::KILL)?;
        Ok(Stopped { status: self.child.wait()?, took: start.elapsed(), killed: true })
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of the answer to one health question.
fn ask(address: SocketAddr, limit: Duration) -> io::Result<u16> {
    let deadline = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.write_all(
        format!("GET /api/healthcheck HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => break,
            length => answer.extend_from_slice(&part[..length]),
        }
    }
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stable_builds_for_this_system_count_and_versions_are_numbers() {
        let folder = std::env::temp_dir().join(format!("supervisor-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in [
            "linux-coregateway-v0.9.12",
            "linux-coregateway-v0.10.2",
            "linux-coregateway-dev3-v9.0.0",
            "linux-coregateway-v8.0",
            "linux-coregateway-v7.0.0.sha256",
            "windows-coregateway-v6.0.0.exe",
            "linux-corerl-v5.0.0",
        ] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let found = newest(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, Some(folder.join("linux-coregateway-v0.10.2")));
    }
}
