//! `compare`: how much of a machine the gateway takes beside nginx and HAProxy, all of them in turns, in the same minutes, on loopback.
//!
//! The figure that holds on a noisy machine is a peer's own processor time for each answer, and its ratio to another peer's in the same run.

mod answer;
mod bench;
mod bodies;
mod cold_tokens;
mod cpus;
mod credentials;
mod exercise;
mod figures;
mod half_rate;
mod haproxy;
mod idle;
mod load;
mod machine;
mod many_tokens;
mod nginx;
mod no_figure;
mod ours;
mod peer;
mod ports;
mod requests;
mod running;
mod scenario;
mod start;
mod table;
mod threads;
mod tls;
mod tls_client;
mod tools;
mod usage;
mod wrk;

use std::path::PathBuf;

use clap::Args;

pub(crate) use exercise::exercise;
pub(crate) use no_figure::NoFigure;

use crate::failure::Failure;
use crate::workspace::root;
use bench::Bench;
use scenario::Scenario;

/// What is measured, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each peer is visited; figures are medians over the rounds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    rounds: u8,
    /// How long a visit's load lasts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Measure these alone
    #[arg(long, value_name = "SCENARIO", value_enum, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Measure this executable, built with xtask/compare/routes.ron, instead of building one
    #[arg(long, value_name = "PATH")]
    executable: Option<PathBuf>,
}

/// Measures, and prints a table for each scenario as soon as it is there.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let bench = Bench::set_up(options, &root().join("target/compare/work"))?;
    print(&machine::facts(&bench)?);
    for scenario in Scenario::of(&options.only) {
        crate::say(&format!("measuring {}", scenario.name()));
        match scenario.measure(&bench) {
            Ok(table) => print(&table.to_string()),
            Err(Failure::Comparison(missing @ NoFigure::Missing { .. })) => {
                crate::say(&format!("{} is skipped: {missing}", scenario.name()));
            }
            Err(failure) => return Err(failure),
        }
    }
    bench.clear()
}

#[expect(clippy::print_stdout, reason = "figures are data")]
fn print(text: &str) {
    println!("{text}");
}
