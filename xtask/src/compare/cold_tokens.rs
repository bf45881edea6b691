//! Every request with a token that was never seen before: what checking a signature costs.

use std::time::Duration;

use super::answer::request;
use super::bench::{Bench, STATUS};
use super::cpus;
use super::figures::{length, medians, microseconds_each};
use super::load::{Order, run};
use super::peer::{Peer, installed};
use super::requests::CONNECTIONS;
use super::table::Table;
use super::usage::cpu_time;
use crate::failure::Failure;

/// How many tokens there are; each is sent once to each peer, which is started anew in every round.
const TOKENS: usize = 20_000;

struct Visit {
    cpu: Duration,
    took: Duration,
}

/// Both who look at tokens.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    crate::say(&format!("signing {TOKENS} tokens"));
    let tokens = bench.credentials.tokens(TOKENS);
    let requests: Vec<Vec<u8>> = tokens.iter().map(|token| request(STATUS, token)).collect();
    let peers = installed(&[Peer::HaproxyWholeJob, Peer::Ours]);
    let found = bench.rounds(&peers, |peer| visit(bench, *peer, &requests))?;
    let cpu = medians(&found, |visit| microseconds_each(visit.cpu, TOKENS as u64));
    let rate = medians(&found, |visit| length(&requests) / visit.took.as_secs_f64());
    Ok(Table::new("cold-tokens: every token new, RS256", peers.iter().map(|peer| peer.name()))
        .column("CPU µs/request", 1, &cpu)
        .ratios_to(Peer::HaproxyWholeJob.name(), &cpu)
        .column("requests/s", 0, &rate)
        .note(format!(
            "{TOKENS} requests over {CONNECTIONS} connections to a process that was just started, each token once."
        )))
}

fn visit(bench: &Bench, peer: Peer, requests: &[Vec<u8>]) -> Result<Visit, Failure> {
    let live = bench.start_warm(peer, bench.plain())?;
    let order =
        Order { address: live.address, connections: CONNECTIONS, requests, count: requests.len(), interval: None };
    let before = cpu_time(live.process.id())?;
    let outcome = cpus::on(&bench.cpus.load(), || run(&order))??;
    Ok(Visit { cpu: cpu_time(live.process.id())?.saturating_sub(before), took: outcome.took })
}
