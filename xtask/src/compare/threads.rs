//! One thread and two: whether a second one makes a request dearer, for that is what keeps two from doing twice as much.

use super::bench::{Bench, Setup};
use super::figures::{medians, number};
use super::peer::Peer;
use super::table::Table;
use super::wrk::{Load, Visit, visit};
use crate::failure::Failure;

const ON_TWO_CORES: &str = "This machine has not four cores, so that gateway, load and origin share them: the rate that was seen says \
     nothing of threads and is left out. The rate at full use is calculated: threads by processor time for each request.";
const ON_MORE: &str = "The gateway has a core for each thread, and the load others. `cores used` shows whether the gateway was the \
     limit: if it is below the number of threads, the load was, and only the calculated rate (threads by processor time) speaks of the gateway.";

/// Our gateway with one thread, then with two.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let (cpus, load_cpus) = bench.cpus.for_two_threads();
    let load = Load { cpus: load_cpus, ..bench.small_answers() };
    let alone = if bench.cpus.has_two_for_two() { bench.cpus.measured() } else { cpus };
    let start = |threads, cpus| bench.start_warm(Peer::Ours, Setup { threads, tls: false, cpus });
    let peers = [start(1, alone)?, start(2, cpus)?];
    for peer in &peers {
        visit(peer, &Load { seconds: 1, ..load })?;
    }
    let found = bench.rounds(&peers, |peer| visit(peer, &load))?;
    let cpu = medians(&found, Visit::cpu_each);
    let used = medians(&found, |visit| visit.cpu.as_secs_f64() / number(bench.seconds.into()));
    let rate = medians(&found, |visit| visit.seen.rate);
    let title = format!("two-threads: CoreGateway on {} cores", bench.cpus.count());
    let table = Table::new(title, ["1 thread", "2 threads"])
        .column("CPU µs/request", 1, &cpu)
        .ratios_to("1 thread", &cpu)
        .column("requests/s at full use", 0, &[1e6 / cpu[0], 2e6 / cpu[1]])
        .column("cores used", 2, &used);
    Ok(if bench.cpus.has_two_for_two() {
        table.column("requests/s", 0, &rate).note(ON_MORE)
    } else {
        table.note(ON_TWO_CORES)
    })
}
