//! What can keep a task from being done.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::compare::NoFigure;
use crate::glibc;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot start `{program}`: {source}\nhelp: is it installed?")]
    Start { program: String, source: io::Error },
    #[error("`{program}` ended with {status}\n{told}")]
    Ended { program: String, status: ExitStatus, told: String },
    #[error("this machine reads no archive of Debian's\nhelp: name a folder with a C library in COREGATEWAY_SYSROOT")]
    NoArchive,
    #[error("what `{program}` said cannot be read: {source}")]
    Json { program: &'static str, source: serde_json::Error },
    #[error(
        "the executable asks for glibc {needed}, which a Debian 11 does not have: {}\nhelp: was it linked with the sysroot?",
        symbols.join(", ")
    )]
    NewGlibc { needed: glibc::Version, symbols: Vec<String> },
    #[error(
        "{package} is licensed `{expression}`, which deny.toml does not allow\nhelp: allow it there, or do without the package"
    )]
    Licence { package: String, expression: String },
    #[error(
        "{package} comes without the text of its licence, `{expression}`\nhelp: see `STANDARD_TEXTS` in licences.rs"
    )]
    NoLicenceText { package: String, expression: String },
    #[error("cargo linked {built:?}, and the list of packages says {listed:?}")]
    OtherPackages { built: Vec<String>, listed: Vec<String> },
    #[error("two builds differ: {first} here, {second} in {}", folder.display())]
    NotReproducible { first: String, second: String, folder: PathBuf },
    #[error("on Debian 11, {what}")]
    Debian11 { what: String },
    #[error(transparent)]
    Comparison(#[from] NoFigure),
    #[error("`rustc -vV` tells of no LLVM:\n{told}")]
    UnknownLlvm { told: String },
    #[error("`{program}` does not run\nhelp: apt-get install llvm-{major}")]
    NoProfileTool { program: String, major: u32 },
    #[error("cargo has built no executable `{name}`")]
    NoExecutable { name: &'static str },
    #[error("{}: nothing has been counted\nhelp: is the function `repeat` of benches/counts.rs still there?", path.display())]
    NoTotal { path: PathBuf },
    #[error("{}: {source}\nhelp: `cargo xtask instructions --bless` writes it anew", path.display())]
    Baseline { path: PathBuf, source: serde_json::Error },
    #[error("while requests were counted, {who}: {source}")]
    Request { who: &'static str, source: io::Error },
    #[error(
        "more than 3 % more instructions than before: {}\nhelp: find what the change costs; if it is worth it, \
         `cargo xtask instructions --bless`, and commit xtask/instructions.json with it",
        workloads.join(", ")
    )]
    MoreInstructions { workloads: Vec<&'static str> },
}

impl Failure {
    /// For `map_err`: that something could not be done with the file or folder at `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Failure + '_ {
        |source| Failure::File { path: path.to_owned(), source }
    }

    /// For `map_err`: that something went wrong for one of those who take part while requests are counted.
    pub(crate) fn request(who: &'static str) -> impl FnOnce(io::Error) -> Failure {
        move |source| Failure::Request { who, source }
    }
}
