//! What the command line takes: the shipped binary parses it, and packaging writes the manual and the completions from it.

use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// Make and open encrypted configuration values and files (age).
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Ask the running gateway for its health: 0 if it answers within 3 s, 1 if not, 2 for a wrong configuration.
    Healthcheck(HealthcheckArguments),
    /// Print the version, the digest of the compiled route file, and the build profile.
    Version,
}

// Without a doc comment, which would become the text of the commands that have it.
#[derive(Args)]
pub(crate) struct ConfigurationArguments {
    /// The configuration: a path, or the stem of a .yaml or .yml file in the working directory.
    #[arg(long, value_name = "PATH|STEM")]
    pub(crate) config_name: Option<String>,
    /// The identity that opens encrypted values and files.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) configuration: ConfigurationArguments,
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

#[derive(Args)]
pub(crate) struct HealthcheckArguments {
    #[command(flatten)]
    pub(crate) configuration: ConfigurationArguments,
    /// Ask here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Subcommand)]
pub(crate) enum SecretsCommand {
    /// Make an identity, and tell its public key.
    Keygen {
        /// Where the identity goes, for its owner's eyes alone; standard output without it.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Encrypt a file or standard input.
    Encrypt(EncryptArguments),
    /// Decrypt a file or standard input.
    Decrypt {
        /// What was encrypted; standard input without it.
        input: Option<PathBuf>,
        /// The identity that opens it; without it, what COREGATEWAY_IDENTITY_FILE or COREGATEWAY_IDENTITY says.
        #[arg(long, short, value_name = "FILE")]
        identity: Option<PathBuf>,
        /// Where it goes, a file that is not there yet; standard output without it.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Encrypt anew, to other public keys, whatever a configuration has encrypted: all of it or nothing.
    Rotate {
        /// The configuration: a path, or the stem of a .yaml or .yml file in the working directory.
        #[arg(long, value_name = "PATH|STEM")]
        config_name: String,
        /// The identity that opens it now.
        #[arg(long, short, value_name = "FILE")]
        identity: Option<PathBuf>,
        #[command(flatten)]
        recipients: RecipientArguments,
    },
}

#[derive(Args)]
pub(crate) struct EncryptArguments {
    /// What is to be encrypted; standard input without it.
    pub(crate) input: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) recipients: RecipientArguments,
    /// Encrypt to this identity's own public key.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Where it goes, a file that is not there yet; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write it as a value of a configuration, to stand behind its key.
    #[arg(long, conflicts_with = "binary")]
    pub(crate) yaml: bool,
    /// Write bytes instead of text.
    #[arg(long)]
    pub(crate) binary: bool,
}

#[derive(Args)]
pub(crate) struct RecipientArguments {
    /// A public key of those who may open it.
    #[arg(long, short, value_name = "age1...")]
    pub(crate) recipient: Vec<String>,
    /// A file of public keys, one a line.
    #[arg(long, short = 'R', value_name = "FILE")]
    pub(crate) recipients_file: Vec<PathBuf>,
}
