//! `cargo routes`: the route commands without the gateway, which does not build while its route file is wrong.

use std::process::ExitCode;

use clap::Parser;
use gateway_routes::command::{self, RouteCommand};

/// Check and ask the route file of a CoreGateway
#[derive(Debug, Parser)]
#[command(name = "cargo routes", version)]
struct Arguments {
    #[command(subcommand)]
    command: RouteCommand,
}

fn main() -> ExitCode {
    command::run(&Arguments::parse().command, None)
}
