//! What the command line takes: the shipped binary parses it, and packaging writes the manual and the completions from it.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use gateway_routes::command::RouteCommand;

/// CoreRL's public entry: an API gateway whose routes are compiled.
#[derive(Parser)]
#[command(name = "coregateway", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the compiled routes; the default.
    Run(RunArguments),
    /// Check the configuration, and print what is in force and where it comes from; secrets are hidden.
    Config(ConfigArguments),
    /// Check everything that `run` needs, without serving; a gateway that is to be taken over asks for it.
    SelfCheck(RunArguments),
    #[command(flatten)]
    Routes(RouteCommand),
    /// Print the version, the digest of the compiled route file, and the build profile.
    Version,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The configuration: a path, or the stem of a .yaml or .yml file in the working directory.
    #[arg(long, value_name = "PATH|STEM")]
    pub(crate) config_name: Option<String>,
    /// Listen here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    pub(crate) run: RunArguments,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Print the JSON schema for editors instead.
    #[arg(long)]
    pub(crate) schema: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// YAML, with a comment on each value.
    Human,
    /// JSON, for programs.
    Json,
}
