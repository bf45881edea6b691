//! CoreGateway: this deployment's routes, compiled, and the command line.

mod command_line;
mod routes {
    //! `routes.ron`, compiled.

    gateway_macros::compile_routes!();
}

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use gateway::{Settings, StartError};
use gateway_routes::command;

use crate::command_line::{Arguments, Command, RunArguments};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => run(&arguments.run),
        Some(Command::Run(arguments)) => run(&arguments),
        Some(Command::Routes(route_command)) => command::run(&route_command, Some(&routes::TABLE)),
        Some(Command::Version) => version(),
    }
}

fn run(arguments: &RunArguments) -> ExitCode {
    let mut settings = match Settings::load(arguments.config_name.as_deref()) {
        Ok(settings) => settings,
        Err(error) => return fail(2, &error),
    };
    if let Some(address) = arguments.listen {
        settings = settings.listening_at(address);
    }
    match gateway::run(settings, &routes::TABLE) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ (StartError::Settings(_) | StartError::Log { .. })) => fail(2, &error),
        Err(error) => fail(1, &error),
    }
}

#[expect(clippy::print_stderr, reason = "messages go to standard error")]
fn fail(status: u8, error: &dyn Display) -> ExitCode {
    eprintln!("coregateway: {error}");
    ExitCode::from(status)
}

fn version() -> ExitCode {
    let text = format!(
        "coregateway {}\nroutes sha256:{} ({} routes)\nprofile {}\n",
        env!("CARGO_PKG_VERSION"),
        routes::TABLE.digest,
        routes::TABLE.routes.len(),
        env!("COREGATEWAY_PROFILE")
    );
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}
