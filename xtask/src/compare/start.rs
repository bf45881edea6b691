//! From the start of a process to its first answer through to the origin.

use super::bench::Bench;
use super::cpus;
use super::figures::{medians, milliseconds};
use super::peer::{Peer, installed};
use super::table::Table;
use crate::failure::Failure;

/// How often each is started in a round.
const STARTS: usize = 4;

/// Every peer in turn.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let peers = installed(&[Peer::Nginx, Peer::HaproxyForwarding, Peer::HaproxyWholeJob, Peer::Ours]);
    let found =
        bench.rounds(&peers, |peer| (0..STARTS).map(|_| start(bench, *peer)).collect::<Result<Vec<f64>, _>>())?;
    let times = medians(&found.iter().map(|rounds| rounds.concat()).collect::<Vec<_>>(), |time| *time);
    let starts = usize::from(bench.rounds) * STARTS;
    Ok(Table::new(
        format!("start: to the first answer, median of {starts} starts"),
        peers.iter().map(|peer| peer.name()),
    )
    .column("ms", 1, &times)
    .ratios_to(Peer::Nginx.name(), &times)
    .ratios_to(Peer::HaproxyWholeJob.name(), &times))
}

/// Asks again and again, from another processor than the one on which it starts.
fn start(bench: &Bench, peer: Peer) -> Result<f64, Failure> {
    let mut live = bench.start(peer, bench.plain())?;
    cpus::on(&bench.cpus.load(), || bench.wait_for_answer(&mut live))??;
    Ok(milliseconds(live.process.started().elapsed()))
}
