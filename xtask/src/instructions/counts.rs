//! The workloads of `benches/counts.rs`: instructions of one operation each, its start and its first operations left out.

use super::Figures;
use super::builds::Builds;
use super::callgrind::{callgrind, total};
use crate::failure::Failure;
use crate::program::run;

/// The workloads, in the order in which a request meets them.
const WORKLOADS: [&str; 5] = ["head", "answer", "match", "token", "pipeline"];

/// How often each is done.
const TIMES: u32 = 5_000;

/// The function in which the operations are.
const COUNTED: &str = "--toggle-collect=*counts::repeat*";

/// Counts all of them.
pub(super) fn count(builds: &Builds) -> Result<Figures, Failure> {
    WORKLOADS.into_iter().map(|workload| Ok((workload, count_one(builds, workload)?))).collect()
}

fn count_one(builds: &Builds, workload: &str) -> Result<f64, Failure> {
    let profile = builds.folder.join(format!("{workload}.callgrind"));
    run(callgrind(&profile, &[COUNTED], &builds.counts).args([workload, &TIMES.to_string()]))?;
    Ok(total(&profile)? / f64::from(TIMES))
}
