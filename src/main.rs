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
use gateway::settings::SettingsError;
use gateway::{Settings, StartError};
use gateway_routes::command;

use crate::command_line::{Arguments, Command, ConfigArguments, Format, RunArguments};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => run(&arguments.run),
        Some(Command::Run(arguments)) => run(&arguments),
        Some(Command::Config(arguments)) => config(&arguments),
        Some(Command::SelfCheck(arguments)) => self_check(&arguments),
        Some(Command::Routes(route_command)) => command::run(&route_command, Some(&routes::TABLE)),
        Some(Command::Version) => version(),
    }
}

fn run(arguments: &RunArguments) -> ExitCode {
    with_settings(arguments, |settings| gateway::run(settings, &routes::TABLE).map(|()| String::new()))
}

fn self_check(arguments: &RunArguments) -> ExitCode {
    with_settings(arguments, |settings| gateway::self_check(settings, &routes::TABLE).map(|build| build + "\n"))
}

/// Does something with the settings that these arguments name, and prints what comes of it.
fn with_settings(arguments: &RunArguments, act: impl FnOnce(Settings) -> Result<String, StartError>) -> ExitCode {
    let settings = match arguments.settings() {
        Ok(settings) => settings,
        Err(error) => return fail(2, &error),
    };
    match act(settings) {
        Ok(text) => print(&text),
        Err(error @ (StartError::Settings(_) | StartError::Log { .. })) => fail(2, &error),
        Err(error) => fail(1, &error),
    }
}

fn config(arguments: &ConfigArguments) -> ExitCode {
    if arguments.schema {
        return print(&gateway::settings::schema());
    }
    let checked = arguments.run.settings().and_then(|settings| {
        let warnings = gateway::check(&settings, &routes::TABLE)?;
        Ok((settings, warnings))
    });
    match checked {
        Ok((settings, warnings)) => {
            for warning in warnings {
                tell(&format!("warning: {warning}"));
            }
            print(&match arguments.format {
                Format::Human => settings.to_yaml(),
                Format::Json => settings.to_json(),
            })
        }
        Err(error) => fail(2, &error),
    }
}

impl RunArguments {
    fn settings(&self) -> Result<Settings, SettingsError> {
        let settings = Settings::load(self.config_name.as_deref())?;
        Ok(match self.listen {
            Some(address) => settings.listening_at(address),
            None => settings,
        })
    }
}

#[expect(clippy::print_stderr, reason = "messages go to standard error")]
fn tell(message: &dyn Display) {
    eprintln!("coregateway: {message}");
}

fn fail(status: u8, error: &dyn Display) -> ExitCode {
    tell(error);
    ExitCode::from(status)
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

fn version() -> ExitCode {
    let text = format!(
        "coregateway {}\nroutes sha256:{} ({} routes)\nprofile {}\n",
        env!("CARGO_PKG_VERSION"),
        routes::TABLE.digest,
        routes::TABLE.routes.len(),
        env!("COREGATEWAY_PROFILE")
    );
    print(&text)
}
