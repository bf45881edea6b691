//! CoreGateway: this deployment's routes, compiled, and the command line.

mod command_line;
mod routes {
    //! `routes.ron`, compiled.

    gateway_macros::compile_routes!();
}
mod secrets;

use std::fmt::Display;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;
use gateway::settings::SettingsError;
use gateway::{HealthFault, Settings, StartError};
use gateway_routes::command;

use crate::command_line::{
    Arguments, Command, ConfigArguments, ConfigurationArguments, Format, HealthcheckArguments, RunArguments,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => run(&arguments.run),
        Some(Command::Run(arguments)) => run(&arguments),
        Some(Command::Config(arguments)) => config(&arguments),
        Some(Command::SelfCheck(arguments)) => self_check(&arguments),
        Some(Command::Routes(route_command)) => command::run(&route_command, Some(&routes::TABLE)),
        Some(Command::Secrets(command)) => match secrets::run(&command) {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => fail(fault.status(), &fault),
        },
        Some(Command::Healthcheck(arguments)) => healthcheck(&arguments),
        Some(Command::Version) => version(),
    }
}

fn run(arguments: &RunArguments) -> ExitCode {
    let config_name = arguments.configuration.config_name.as_deref();
    let settings = match arguments.settings() {
        Ok(settings) => settings,
        Err(error) => return refuse(2, &error, error.log_file.as_deref(), config_name),
    };
    let log_file = settings.log.file.clone();
    let Err(error) = gateway::run(settings, &routes::TABLE) else { return ExitCode::SUCCESS };
    refuse(status_of(&error), &error, log_file.as_deref(), config_name)
}

/// Says why nothing is served, also to those who cannot see standard error.
fn refuse(status: u8, error: &dyn Display, log_file: Option<&Path>, config_name: Option<&str>) -> ExitCode {
    gateway::write_refusal(error, log_file, config_name);
    fail(status, error)
}

fn status_of(error: &StartError) -> u8 {
    if error.is_of_configuration() { 2 } else { 1 }
}

fn healthcheck(arguments: &HealthcheckArguments) -> ExitCode {
    let settings = match arguments.configuration.settings(arguments.listen) {
        Ok(settings) => settings,
        Err(error) => return fail(2, &error),
    };
    match gateway::healthcheck(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault @ HealthFault::NoPort) => fail(2, &fault),
        Err(fault) => fail(1, &fault),
    }
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
        Err(error) => fail(status_of(&error), &error),
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
        self.configuration.settings(self.listen)
    }
}

impl ConfigurationArguments {
    /// The settings; with this address in place of theirs, if there is one.
    fn settings(&self, listen: Option<SocketAddr>) -> Result<Settings, SettingsError> {
        let settings = Settings::load_with_identity(self.config_name.as_deref(), self.identity.as_deref())?;
        Ok(match listen {
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
