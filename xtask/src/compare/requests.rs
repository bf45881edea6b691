//! Small answers over 64 connections, as many as there can be: the job of every day.

use super::bench::{Bench, STATUS};
use super::figures::{mebibytes, medians};
use super::peer::Peer;
use super::table::Table;
use super::usage::peak_memory;
use super::wrk::{Load, Visit, visit};
use crate::failure::Failure;

/// How many connections bring requests.
pub(crate) const CONNECTIONS: u16 = 64;

impl Bench {
    /// The load that most scenarios begin with: small answers, one token.
    pub(crate) fn small_answers(&self) -> Load<'_> {
        Load {
            path: STATUS,
            token: &self.credentials.token,
            script: None,
            connections: CONNECTIONS,
            seconds: self.seconds,
            tls: false,
            cpus: self.cpus.load(),
        }
    }
}

/// Every peer in turn.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let peers = bench.start_all(&[Peer::Nginx, Peer::HaproxyForwarding, Peer::HaproxyWholeJob, Peer::Ours])?;
    let load = bench.small_answers();
    for peer in &peers {
        visit(peer, &Load { seconds: 1, ..load })?;
    }
    let found = bench.rounds(&peers, |peer| visit(peer, &load))?;
    let peaks =
        peers.iter().map(|peer| Ok(mebibytes(peak_memory(peer.process.id())?))).collect::<Result<Vec<_>, Failure>>()?;
    let cpu = medians(&found, Visit::cpu_each);
    Ok(Table::new(format!("requests: small answers, {CONNECTIONS} connections"), peers.iter().map(|peer| peer.peer.name()))
        .column("CPU µs/request", 1, &cpu)
        .ratios_to(Peer::Nginx.name(), &cpu)
        .ratios_to(Peer::HaproxyWholeJob.name(), &cpu)
        .column("requests/s", 0, &medians(&found, |visit| visit.seen.rate))
        .column("p50 ms", 2, &medians(&found, |visit| visit.seen.p50))
        .column("p99 ms", 2, &medians(&found, |visit| visit.seen.p99))
        .column("peak MiB", 1, &peaks)
        .note("nginx and `HAProxy, forwarding` look at no token; `HAProxy` and CoreGateway do the whole job: signature (RS256), expiry, issuer, audience, role, limit."))
}
