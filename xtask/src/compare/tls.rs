//! TLS 1.3, a key on P-256: what a new connection costs, and what a request on a kept one does.

use super::bench::{Bench, Setup};
use super::cpus;
use super::figures::{medians, microseconds_each};
use super::peer::{Live, Peer};
use super::table::Table;
use super::tls_client::Client;
use super::usage::cpu_time;
use super::wrk::{Load, visit};
use crate::failure::Failure;

/// nginx and ours.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let setup = Setup { tls: true, ..bench.plain() };
    let peers = [bench.start_warm(Peer::Nginx, setup)?, bench.start_warm(Peer::Ours, setup)?];
    let load = Load { tls: true, ..bench.small_answers() };
    for peer in &peers {
        visit(peer, &Load { seconds: 1, ..load })?;
    }
    let found = bench.rounds(&peers, |peer| Ok((new_connections(bench, peer)?, visit(peer, &load)?)))?;
    let new = medians(&found, |(new, _)| *new);
    let kept = medians(&found, |(_, kept)| kept.cpu_each());
    let in_a_second: Vec<f64> = new.iter().map(|microseconds| 1e6 / microseconds).collect();
    let nginx = Peer::Nginx.name();
    Ok(Table::new("tls: TLS 1.3, ECDSA P-256", peers.iter().map(|peer| peer.peer.name()))
        .column("CPU µs/new connection", 1, &new)
        .ratios_to(nginx, &new)
        .column("new connections/CPU second", 0, &in_a_second)
        .column("CPU µs/request, kept", 1, &kept)
        .ratios_to(nginx, &kept)
        .note("A new connection brings one request; none takes up an earlier session."))
}

/// The processor time of a connection with one request, in microseconds.
pub(super) fn new_connections(bench: &Bench, live: &Live) -> Result<f64, Failure> {
    let client = Client::new(&bench.credentials.certificate, bench.status_request())?;
    let before = cpu_time(live.process.id())?;
    let made = cpus::on(&bench.cpus.load(), || client.connect_for(live.address, bench.seconds))??;
    Ok(microseconds_each(cpu_time(live.process.id())?.saturating_sub(before), made))
}
