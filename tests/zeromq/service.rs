//! A service in Python, and a gateway in front of it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::support::gateway::{Running, route_file};

/// What the gateway is told to say of itself.
pub(crate) const ADMIN: &str = "admin: { listen: \"127.0.0.1:0\" }\n";

/// A service that runs until it is dropped.
pub(crate) struct Service {
    process: Child,
}

/// An address that is free now.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zeromq/service.py")
}

impl Service {
    /// Starts `service.py` there and waits until it listens.
    pub(crate) fn start(address: SocketAddr, kind: &str) -> Self {
        Self::run(&script(), address, kind)
    }

    /// Starts this script there and waits until it listens.
    pub(crate) fn run(script: &Path, address: SocketAddr, kind: &str) -> Self {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/zeromq-venv/bin/python");
        let mut command = Command::new(python);
        command.arg(script).arg(format!("tcp://{address}")).arg(kind);
        let mut process = command.spawn().expect(".ci/zeromq-tests has made it");
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "{} has ended", script.display());
            assert!(started.elapsed() < Duration::from_mins(1), "{} does not listen", script.display());
        }
        Self { process }
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Sends it this signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

/// A public route from `/io` to a service there, with these further fields.
pub(crate) fn route(address: SocketAddr, fields: &str) -> String {
    format!(
        "Route(path_prefix: \"/io\", service: \"io\", target: \"tcp://{address}/base\", \
         required_role: Everyone(reason: \"test\"), rate_limit: Unlimited(reason: \"test\"), {fields}),"
    )
}

/// A gateway in front of a service there.
pub(crate) fn gateway(address: SocketAddr, fields: &str, configuration: &str) -> Running {
    Running::start(&route_file(&route(address, fields)), &format!("{ADMIN}{configuration}"))
}
