//! Latency at half of the highest rate that nginx reaches, at even intervals: what clients feel when there is no crowd.

use std::net::SocketAddr;
use std::time::Duration;

use super::answer::request;
use super::bench::{Bench, ORIGIN_STATUS};
use super::cpus;
use super::figures::{medians, microseconds_each, milliseconds, number, per_mille};
use super::load::{Order, Outcome, run};
use super::peer::{Live, Peer};
use super::requests::CONNECTIONS;
use super::table::Table;
use super::usage::cpu_time;
use super::wrk;
use crate::failure::Failure;

struct Visit {
    outcome: Outcome,
    cpu: f64,
}

/// nginx, ours, and the origin without any gateway, which shows what the load and the origin take by themselves.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let peers = bench.start_all(&[Peer::Nginx, Peer::Ours])?;
    let highest = bench.rounds(&peers[..1], |nginx| Ok(wrk::visit(nginx, &bench.small_answers())?.seen.rate))?;
    let peak = highest.concat().into_iter().fold(0.0, f64::max);
    let interval = Duration::from_secs_f64(2.0 / peak);
    let visited: Vec<Option<&Live>> = std::iter::once(None).chain(peers.iter().map(Some)).collect();
    for live in &visited {
        visit(bench, *live, interval, 1)?;
    }
    let found = bench.rounds(&visited, |live| visit(bench, *live, interval, bench.seconds))?;
    let names = visited.iter().map(|live| live.map_or("no gateway", |live| live.peer.name()));
    let latency = |share| medians(&found, |visit| milliseconds(per_mille(&visit.outcome.latencies, share)));
    let late = medians(&found, |visit| milliseconds(per_mille(&visit.outcome.late, 990)));
    Ok(Table::new(format!("half-rate: {:.0} requests/s, half of nginx's highest rate", peak / 2.0), names)
        .column("p50 ms", 3, &latency(500))
        .column("p99 ms", 3, &latency(990))
        .ratios_to(Peer::Nginx.name(), &latency(990))
        .column("p99.9 ms", 3, &latency(999))
        .column("sent late, p99 ms", 3, &late)
        .column("CPU µs/request", 1, &medians(&found, |visit| visit.cpu))
        .note("Latencies count from the moment at which a request was due, so whatever waits behind a slow answer counts too."))
}

fn visit(bench: &Bench, live: Option<&Live>, interval: Duration, seconds: u8) -> Result<Visit, Failure> {
    let token = &bench.credentials.token;
    let (address, requests): (SocketAddr, _) =
        live.map_or((bench.origin, [request(ORIGIN_STATUS, token)]), |live| (live.address, [bench.status_request()]));
    let count = count(interval, seconds);
    let used = || live.map_or(Ok(Duration::ZERO), |live| cpu_time(live.process.id()));
    let before = used()?;
    let order = Order { address, connections: CONNECTIONS, requests: &requests, count, interval: Some(interval) };
    let outcome = cpus::on(&bench.cpus.load(), || run(&order))??;
    let cpu = microseconds_each(used()?.saturating_sub(before), count as u64);
    Ok(Visit { outcome, cpu: if live.is_some() { cpu } else { f64::NAN } })
}

/// How many intervals there are in so many seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of requests is wanted")]
fn count(interval: Duration, seconds: u8) -> usize {
    (number(seconds.into()) / interval.as_secs_f64()) as usize
}
