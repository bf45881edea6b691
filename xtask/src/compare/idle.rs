//! Memory: of a process without connections, and of one with thousands that have brought a request each and are kept.

use super::answer::connect_and_ask;
use super::bench::Bench;
use super::figures::{mebibytes, medians, number};
use super::no_figure::NoFigure;
use super::peer::{Peer, installed};
use super::table::Table;
use super::usage::{Memory, memory};
use crate::failure::Failure;

/// How many connections are kept, where as many descriptors are allowed.
const KEPT: u64 = 5000;

struct Visit {
    without: Memory,
    with: Memory,
}

/// Each in a new process in every round.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let kept = KEPT.min(bench.connections.saturating_sub(100));
    let peers = installed(&[Peer::Nginx, Peer::HaproxyWholeJob, Peer::Ours]);
    let found = bench.rounds(&peers, |peer| visit(bench, *peer, kept))?;
    let in_mebibytes = |figure: fn(&Visit) -> u64| medians(&found, |visit| mebibytes(figure(visit)));
    let grown = |visit: &Visit| number(visit.with.resident.saturating_sub(visit.without.resident));
    Ok(Table::new(
        format!("idle: memory without connections, and with {kept} kept"),
        peers.iter().map(|peer| peer.name()),
    )
    .column("RSS MiB", 1, &in_mebibytes(|visit| visit.without.resident))
    .column("PSS MiB", 1, &in_mebibytes(|visit| visit.without.proportional))
    .column("RSS MiB, kept", 1, &in_mebibytes(|visit| visit.with.resident))
    .column("PSS MiB, kept", 1, &in_mebibytes(|visit| visit.with.proportional))
    .column("KiB/connection", 2, &medians(&found, |visit| grown(visit) / number(kept))))
}

fn visit(bench: &Bench, peer: Peer, kept: u64) -> Result<Visit, Failure> {
    let live = bench.start_warm(peer, bench.plain())?;
    let without = memory(live.process.id())?;
    let request = bench.status_request();
    let ask = |_| connect_and_ask(live.address, &request);
    let connections = (0..kept).map(ask).collect::<Result<Vec<_>, _>>().map_err(NoFigure::connection(live.address))?;
    let failed = connections.iter().filter(|(_, is_good)| !is_good).count() as u64;
    if failed > 0 {
        return Err(NoFigure::BadAnswers { address: live.address, failed, answers: kept }.into());
    }
    Ok(Visit { without, with: memory(live.process.id())? })
}
