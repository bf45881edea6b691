//! Other programs, run to their end; one that fails ends the task with what it said.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// A command that is run in the language of programs, not of people.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.env("LC_ALL", "C");
    command
}

/// Runs it for what it does; what it says is seen.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let name = name_of(command);
    let status =
        command.stdin(Stdio::null()).status().map_err(|source| Failure::Start { program: name.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Failure::Ended { program: name, status, told: String::new() }) }
}

/// Runs it for what it writes on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let name = name_of(command);
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| Failure::Start { program: name.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::Ended { program: name, status: output.status, told })
}

fn name_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args().take(2));
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
