//! Long answers and uploads: what a byte costs.

use std::path::{Path, PathBuf};

use super::bench::{Bench, LARGE};
use super::figures::{medians, number};
use super::nginx::LARGE as LARGE_LENGTH;
use super::peer::Peer;
use super::table::Table;
use super::wrk::{Load, visit};
use crate::failure::Failure;
use crate::workspace::write;

/// Fewer than for small answers: so many bytes are under way as it is.
const CONNECTIONS: u16 = 16;
const UPLOAD: usize = 64 << 10;

/// nginx and ours: answers of 1 MiB, uploads of 64 KiB by POST and by PUT.
pub(crate) fn measure(bench: &Bench) -> Result<Table, Failure> {
    let peers = bench.start_all(&[Peer::Nginx, Peer::NginxLargeBuffers, Peer::Ours])?;
    let scripts = scripts(&bench.folder)?;
    let loads = loads(bench, &scripts);
    let found =
        bench.rounds(&peers, |peer| loads.iter().map(|load| visit(peer, load)).collect::<Result<Vec<_>, _>>())?;
    let cpu = |load: usize| medians(&found, |visits| visits[load].cpu_each());
    let answers_in_gibibyte = number((1 << 30) / LARGE_LENGTH as u64);
    let cpu_of_gibibyte = medians(&found, |visits| visits[0].cpu_each() * answers_in_gibibyte / 1e3);
    let gibibytes = medians(&found, |visits| visits[0].seen.rate / answers_in_gibibyte);
    let nginx = Peer::Nginx.name();
    Ok(Table::new(format!("bodies: answers of 1 MiB, uploads of 64 KiB, {CONNECTIONS} connections"), peers.iter().map(|peer| peer.peer.name()))
        .column("CPU ms/GiB of answers", 0, &cpu_of_gibibyte)
        .ratios_to(nginx, &cpu_of_gibibyte)
        .ratios_to(Peer::NginxLargeBuffers.name(), &cpu_of_gibibyte)
        .column("GiB/s", 2, &gibibytes)
        .column("CPU µs/POST", 1, &cpu(1))
        .ratios_to(nginx, &cpu(1))
        .column("CPU µs/PUT", 1, &cpu(2))
        .ratios_to(nginx, &cpu(2))
        .note("By default nginx has 8 buffers of 4 KiB for an answer. It passes uploads on as they come; CoreGateway too, and keeps those of PUT, to send them again if a connection breaks."))
}

/// Long answers, and what is sent by each of the scripts.
pub(super) fn loads<'a>(bench: &'a Bench, scripts: &'a [PathBuf; 2]) -> [Load<'a>; 3] {
    let small = Load { connections: CONNECTIONS, ..bench.small_answers() };
    let [post, put] = scripts.each_ref().map(|script| Load { script: Some(script), ..small });
    [Load { path: LARGE, ..small }, post, put]
}

/// Scripts of wrk's that send a body by POST and by PUT.
pub(super) fn scripts(folder: &Path) -> Result<[PathBuf; 2], Failure> {
    Ok([upload(folder, "POST")?, upload(folder, "PUT")?])
}

/// A script of wrk's that sends a body by this method.
fn upload(folder: &Path, method: &str) -> Result<PathBuf, Failure> {
    let script = folder.join(format!("{method}.lua"));
    write(&script, format!("wrk.method, wrk.body = '{method}', string.rep('x', {UPLOAD})\n"))?;
    Ok(script)
}
