//! The whole gateway: instructions of its process for one request, from a client on a kept connection to a service and back.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::thread;

use serde::Deserialize;
use serde_json::Value;

use super::builds::Builds;
use super::callgrind::{callgrind, tell, total};
use super::neighbours::{Client, service};
use crate::failure::Failure;
use crate::program::{output, program, run};
use crate::workspace::write;

/// How many requests come before any is counted.
const WARM_UP: u32 = 500;

/// How many are counted at a time, and how often: the middle one of the figures is taken, as the threads that look after the
/// clock, the log and the operators add a little to each.
const REQUESTS: u32 = 1_000;
const ROUNDS: usize = 5;

/// Counts them.
pub(super) fn count(builds: &Builds) -> Result<f64, Failure> {
    let identity = Identity::make(builds)?;
    let configuration = configure(builds, &identity)?;
    let profile = builds.folder.join("request.callgrind");
    let mut gateway = Gateway::start(builds, &profile, &configuration)?;
    let mut figures = gateway.rounds(&identity.token, &profile)?;
    gateway.stop()?;
    figures.sort_by(f64::total_cmp);
    Ok(figures[ROUNDS / 2])
}

/// Who issues tokens, and one of them.
#[derive(Deserialize)]
struct Identity {
    issuer: String,
    audience: String,
    keys: Value,
    token: String,
}

impl Identity {
    fn make(builds: &Builds) -> Result<Self, Failure> {
        let told = output(program(&builds.counts).arg("identity"))?;
        serde_json::from_str(&told).map_err(|source| Failure::Json { program: "counts", source })
    }
}

/// Writes a configuration that says no more than it must.
fn configure(builds: &Builds, identity: &Identity) -> Result<PathBuf, Failure> {
    let keys = builds.folder.join("keys.json");
    write(&keys, identity.keys.to_string())?;
    let service = service().map_err(Failure::request("the service"))?;
    let configuration = format!(
        "version: 1\nlisten: 127.0.0.1:0\nthreads: 1\nservices: {{ corerl: http://{service} }}\n\
         auth:\n  issuer: {}\n  audience: {}\n  jwks: {{ file: {} }}\n",
        identity.issuer,
        identity.audience,
        keys.display()
    );
    let path = builds.folder.join("coregateway.yaml");
    write(&path, configuration)?;
    Ok(path)
}

/// A gateway that runs under Callgrind, until it is dropped.
struct Gateway {
    process: Child,
    address: SocketAddr,
}

impl Gateway {
    fn start(builds: &Builds, profile: &Path, configuration: &Path) -> Result<Self, Failure> {
        let mut command = callgrind(profile, &["--instr-atstart=no"], &builds.gateway);
        command.arg("--config-name").arg(configuration).stdin(Stdio::null()).stdout(Stdio::piped());
        let started = command.spawn();
        let mut process = started.map_err(|source| Failure::Start { program: "valgrind".to_owned(), source })?;
        let log = process.stdout.take().expect("it is piped");
        match listening(log) {
            Some(address) => Ok(Self { process, address }),
            None => {
                let status = process.wait().map_err(Failure::request("the gateway"))?;
                Err(Failure::Ended { program: "coregateway".to_owned(), status, told: String::new() })
            }
        }
    }

    /// Instructions for a request, of each round.
    fn rounds(&self, token: &str, profile: &Path) -> Result<Vec<f64>, Failure> {
        let id = self.process.id();
        let mut client = Client::connect(self.address, token).map_err(Failure::request("the client"))?;
        let mut ask = |times| client.ask(times).map_err(Failure::request("the client"));
        ask(WARM_UP)?;
        tell(id, &["instrumentation", "on"])?;
        ask(WARM_UP)?;
        // What was counted so far is the first profile, and each has what came since the one before.
        tell(id, &["dump"])?;
        (0..ROUNDS)
            .map(|round| {
                ask(REQUESTS)?;
                tell(id, &["dump"])?;
                let written = format!("{}.{}", profile.display(), round + 2);
                Ok(total(Path::new(&written))? / f64::from(REQUESTS))
            })
            .collect()
    }

    fn stop(&mut self) -> Result<(), Failure> {
        run(program("kill").arg(self.process.id().to_string()))?;
        let status = self.process.wait().map_err(Failure::request("the gateway"))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Ended { program: "coregateway".to_owned(), status, told: String::new() })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It has ended already, unless something has failed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a gateway's log up to where it listens, and goes on reading for as long as there is something.
fn listening(log: ChildStdout) -> Option<SocketAddr> {
    let mut lines = BufReader::new(log).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    address
}

/// The address in the line that tells it.
fn address_in(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    if line["message"] != "listening" {
        return None;
    }
    line["address"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_that_of_the_line_that_says_listening() {
        let line = r#"{"level":"INFO","message":"listening","address":"127.0.0.1:8001","routes":2}"#;
        assert_eq!(address_in(line), Some(SocketAddr::from(([127, 0, 0, 1], 8001))));
        assert_eq!(address_in(r#"{"message":"operators may connect","address":"127.0.0.1:8002"}"#), None);
    }
}
