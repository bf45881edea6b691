//! The route commands, for `cargo routes` and for the shipped `coregateway` alike: one enum, one function.
//!
//! Data goes to standard output, messages to standard error.

mod check;
mod match_request;
mod routes;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use gateway_table::Table;

use crate::{Source, compile, render};

/// The exit status of a command that could not do what it was asked: a file that cannot be read, or a faulty one.
const UNUSABLE: u8 = 2;
/// The route file where none is named.
const DEFAULT_FILE: &str = "routes.ron";

/// A command about a route file, or about the table that is compiled in.
#[derive(Debug, Subcommand)]
pub enum RouteCommand {
    /// Check a route file as a build does: 0 right, 1 wrong, 2 unreadable
    Check {
        /// The route file [default: routes.ron]
        file: Option<PathBuf>,
        /// For people, or for programs
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show the routes, with the defaults filled in
    Routes {
        /// The route file [default: the table compiled in, else routes.ron]
        file: Option<PathBuf>,
        /// For people, or for programs
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show what becomes of a request, and why
    Match {
        /// The request's method
        method: String,
        /// The request's path; a query may follow
        path: String,
        /// The role whose token the caller shows; without it there is no token
        #[arg(long = "as", value_name = "ROLE")]
        role: Option<String>,
        /// The route file [default: the table compiled in, else routes.ron]
        file: Option<PathBuf>,
        /// For people, or for programs
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Whom the output is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs; the form is stable
    Json,
}

/// Does what `command` says. `compiled` is the table that is compiled in, where there is one: `routes` and `match` look at it
/// when no file is named.
pub fn run(command: &RouteCommand, compiled: Option<&Table>) -> ExitCode {
    let status = match command {
        RouteCommand::Check { file, format } => check::run(file.as_deref(), *format),
        RouteCommand::Routes { file, format } => {
            with_table(file.as_deref(), compiled, |table| routes::run(table, *format))
        }
        RouteCommand::Match { method, path, role, file, format } => with_table(file.as_deref(), compiled, |table| {
            match_request::run(table, method, path, role.as_deref(), *format)
        }),
    };
    ExitCode::from(status)
}

/// Does something with the table that a command is about, and gives its exit status.
fn with_table(file: Option<&Path>, compiled: Option<&Table>, command: impl FnOnce(&Table) -> u8) -> u8 {
    if let (None, Some(table)) = (file, compiled) {
        return command(table);
    }
    let Some(source) = read_source(file) else { return UNUSABLE };
    let compilation = compile(&source);
    if let Some(table) = compilation.table {
        return command(&table);
    }
    terminal::message(&render::human(&source, &compilation.faults, terminal::style()));
    terminal::message(&format!("{}\n", check::closing_line(&source, &compilation)));
    UNUSABLE
}

/// The route file; when it cannot be read, that is told.
fn read_source(file: Option<&Path>) -> Option<Source> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let source = Source::read(path.display().to_string(), path);
    source.map_err(|error| terminal::message(&format!("error: cannot read {}: {error}\n", path.display()))).ok()
}
