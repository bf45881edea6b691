//! wrk: as many requests as its connections carry.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rustix::thread::CpuSet;

use super::cpus;
use super::figures::microseconds_each;
use super::no_figure::NoFigure;
use super::peer::Live;
use super::tools::Tool;
use super::usage::cpu_time;
use crate::failure::Failure;
use crate::program::{output, program};

/// What it sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) path: &'a str,
    pub(crate) token: &'a str,
    /// A script of wrk's that makes requests.
    pub(crate) script: Option<&'a Path>,
    pub(crate) connections: u16,
    pub(crate) seconds: u8,
    pub(crate) tls: bool,
    pub(crate) cpus: CpuSet,
}

/// What it has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    pub(crate) answers: u64,
    pub(crate) failed: u64,
    /// Answers a second.
    pub(crate) rate: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// What it has seen of a peer, and what that took of the peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) seen: Seen,
    pub(crate) cpu: Duration,
}

impl Visit {
    /// The peer's processor time for each answer, in microseconds.
    pub(crate) fn cpu_each(&self) -> f64 {
        microseconds_each(self.cpu, self.seen.answers)
    }
}

/// Loads a peer, and looks what that takes of it.
pub(crate) fn visit(live: &Live, load: &Load<'_>) -> Result<Visit, Failure> {
    let before = cpu_time(live.process.id())?;
    let seen = run(live.address, load)?;
    Ok(Visit { seen, cpu: cpu_time(live.process.id())?.saturating_sub(before) })
}

/// Loads whoever listens at this address.
pub(crate) fn run(address: SocketAddr, load: &Load<'_>) -> Result<Seen, Failure> {
    let mut command = program(Tool::Wrk.path()?);
    // More threads than one processor can run would only take turns.
    command.arg(format!("-t{}", load.cpus.count().min(u32::from(load.connections))));
    command.arg(format!("-c{}", load.connections)).arg(format!("-d{}s", load.seconds)).arg("--latency");
    command.arg("-H").arg(format!("Authorization: Bearer {}", load.token));
    if let Some(script) = load.script {
        command.arg("-s").arg(script);
    }
    command.arg(format!("{}://{address}{}", if load.tls { "https" } else { "http" }, load.path));
    let told = cpus::on(&load.cpus, || output(&mut command))??;
    let seen = read(&told).ok_or(NoFigure::Unreadable { program: "wrk", told })?;
    if seen.failed > 0 || seen.answers == 0 {
        return Err(NoFigure::BadAnswers { address, failed: seen.failed, answers: seen.answers }.into());
    }
    Ok(seen)
}

fn read(told: &str) -> Option<Seen> {
    let behind = |name: &str| told.lines().find_map(|line| line.trim_start().strip_prefix(name)).map(str::trim);
    let (answers, _) = told.lines().find_map(|line| line.split_once(" requests in "))?;
    let bad: u64 = behind("Non-2xx or 3xx responses:").map_or(Some(0), |count| count.parse().ok())?;
    let errors: u64 = behind("Socket errors:").map_or(Some(0), |counts| counts.split(", ").map(last_number).sum())?;
    Some(Seen {
        answers: answers.trim().parse().ok()?,
        failed: bad + errors,
        rate: behind("Requests/sec:")?.parse().ok()?,
        p50: milliseconds(behind("50%")?)?,
        p99: milliseconds(behind("99%")?)?,
    })
}

fn last_number(words: &str) -> Option<u64> {
    words.rsplit(' ').next()?.parse().ok()
}

fn milliseconds(time: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)];
    units.iter().find_map(|(unit, factor)| Some(time.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Running 2s test @ http://127.0.0.1:9000/a
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.50ms  120.00us   9.00ms   97.50%
    Req/Sec    42.00k     1.10k   43.00k    90.00%
  Latency Distribution
     50%  900.00us
     75%    1.10ms
     90%    1.30ms
     99%    1.02s
  84021 requests in 2.00s, 20.00MB read
";
    const RATES: &str = "Requests/sec:  42010.50\nTransfer/sec:     10.00MB\n";

    #[test]
    fn what_wrk_tells_is_read_with_its_units() {
        let seen = read(&format!("{GOOD}{RATES}")).unwrap();
        assert_eq!(seen, Seen { answers: 84_021, failed: 0, rate: 42_010.5, p50: 0.9, p99: 1020.0 });
    }

    #[test]
    fn answers_that_are_no_good_and_broken_connections_are_counted() {
        let failures = "  Socket errors: connect 0, read 2, write 0, timeout 5\n  Non-2xx or 3xx responses: 30\n";
        assert_eq!(read(&format!("{GOOD}{failures}{RATES}")).unwrap().failed, 37);
        assert_eq!(read("unable to connect"), None);
    }
}
