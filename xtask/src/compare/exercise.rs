//! What is measured, done once by our gateway alone, so that it can be watched at its work.

use std::path::Path;

use super::bench::{Bench, Setup};
use super::peer::Peer;
use super::wrk::{Load, visit};
use super::{Options, bodies, many_tokens, tls};
use crate::failure::Failure;

/// How long each kind of load lasts, in seconds; small answers, the job of every day, three times as long.
const SECONDS: u8 = 3;

/// Gives this gateway, built with the routes of `compare`, the loads of every day, and lets it end by itself.
pub(crate) fn exercise(executable: &Path, folder: &Path) -> Result<(), Failure> {
    let options = Options { rounds: 1, seconds: SECONDS, only: Vec::new(), executable: Some(executable.to_owned()) };
    let bench = Bench::set_up(&options, folder)?;
    in_the_clear(&bench)?;
    over_tls(&bench)?;
    bench.clear()
}

fn in_the_clear(bench: &Bench) -> Result<(), Failure> {
    let tokens = many_tokens::script(&bench.folder, &bench.credentials.tokens(many_tokens::TOKENS))?;
    let bodies = bodies::scripts(&bench.folder)?;
    let small = bench.small_answers();
    let live = bench.start_warm(Peer::Ours, bench.plain())?;
    visit(&live, &Load { seconds: 3 * SECONDS, ..small })?;
    visit(&live, &Load { script: Some(&tokens), ..small })?;
    for load in bodies::loads(bench, &bodies) {
        visit(&live, &load)?;
    }
    Ok(live.process.stop()?)
}

fn over_tls(bench: &Bench) -> Result<(), Failure> {
    let live = bench.start_warm(Peer::Ours, Setup { tls: true, ..bench.plain() })?;
    tls::new_connections(bench, &live)?;
    visit(&live, &Load { tls: true, ..bench.small_answers() })?;
    Ok(live.process.stop()?)
}
