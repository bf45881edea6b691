//! The route commands, for `cargo routes` and for the shipped `coregateway` alike: one enum, one function.
//!
//! Data goes to standard output, messages to standard error.

mod check;
mod diff;
mod explain;
mod match_request;
mod matrix;
mod routes;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use gateway_table::Table;

use crate::{CheckedTable, Compilation, Source, compile, render};

pub use check::{CheckArguments, CheckFormat};
pub use diff::DiffArguments;
pub use matrix::MatrixFormat;

/// The exit status of a command that could not do what it was asked: a file that cannot be read, or a faulty one.
const UNUSABLE: u8 = 2;
/// The route file where none is named.
const DEFAULT_FILE: &str = "routes.ron";

/// A command about a route file, or about the table that is compiled in.
#[derive(Debug, Subcommand)]
pub enum RouteCommand {
    /// Check route files as a build does: 0 right, 1 wrong, 2 unreadable
    Check(CheckArguments),
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
    /// Show who may do what: route by method by role
    Matrix {
        /// The route file [default: the table compiled in, else routes.ron]
        file: Option<PathBuf>,
        /// For people, for programs, or for a page
        #[arg(long, value_enum, default_value_t)]
        format: MatrixFormat,
    },
    /// Show what changes in meaning, gains of access first: 0 the same, 1 it differs, 2 faulty or unreadable
    Diff(DiffArguments),
    /// Explain a diagnostic: why it matters, a wrong example, a right one
    Explain {
        /// The code that the diagnostic shows in brackets, such as CG0501; all of them where none is named
        code: Option<String>,
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

/// Does what `command` says. `compiled_in` is the table that is compiled in, where there is one: `routes`, `match` and
/// `matrix` look at it when no file is named, and `diff` compares one file with it.
pub fn run(command: &RouteCommand, compiled_in: Option<&Table>) -> ExitCode {
    let status = match command {
        RouteCommand::Check(arguments) => check::run(arguments),
        RouteCommand::Routes { file, format } => {
            with_table(file.as_deref(), compiled_in, |table| routes::run(table, *format))
        }
        RouteCommand::Match { method, path, role, file, format } => with_table(file.as_deref(), compiled_in, |table| {
            match_request::run(table, method, path, role.as_deref(), *format)
        }),
        RouteCommand::Matrix { file, format } => {
            with_table(file.as_deref(), compiled_in, |table| matrix::run(table, *format))
        }
        RouteCommand::Diff(arguments) => diff::run(arguments, compiled_in),
        RouteCommand::Explain { code } => explain::run(code.as_deref()),
    };
    ExitCode::from(status)
}

/// Does something with the table that a command is about, and gives its exit status.
fn with_table(file: Option<&Path>, compiled_in: Option<&Table>, command: impl FnOnce(&Table) -> u8) -> u8 {
    if let (None, Some(table)) = (file, compiled_in) {
        return command(table);
    }
    compiled(file).map_or(UNUSABLE, |(table, _)| command(&table))
}

/// The table of a file, and what its routes say of letting in more callers; what is wrong with the file is told.
fn compiled(file: Option<&Path>) -> Option<(CheckedTable, Vec<(usize, String)>)> {
    let source = read_source(file.unwrap_or(Path::new(DEFAULT_FILE)))?;
    let compilation = compile(&source);
    if compilation.table.is_none() {
        told(&source, &compilation);
    }
    Some((compilation.table?, compilation.widened))
}

/// Tells people what is wrong with a file.
fn told(source: &Source, compilation: &Compilation) {
    terminal::message(&render::human(source, &compilation.faults, terminal::style()));
    terminal::message(&format!("{}\n", check::closing_line(source, compilation)));
}

/// The route file at `path`, or on standard input where that is `-`; when it cannot be read, that is told.
fn read_source(path: &Path) -> Option<Source> {
    let is_input = path == Path::new("-");
    let source = if is_input {
        Source::read_from("standard input", std::io::stdin().lock())
    } else {
        Source::read(path.display().to_string(), path)
    };
    let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    source.map_err(|error| terminal::message(&format!("error: cannot read {name}: {error}\n"))).ok()
}
