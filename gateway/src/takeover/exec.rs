//! The last step: the process goes on with other code.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::execve;

use super::document::VARIABLE;
use super::estate::Estate;
use super::executable::Executable;

/// The code that runs now, even if its file is gone.
const OWN_CODE: &str = "/proc/self/exe";

/// Goes on as `executable`; if that cannot be had any more, as what runs now, once again. Returns only if neither can.
pub(crate) fn replace_process(executable: &Executable, estate: Estate) -> io::Error {
    match estate.pass_on() {
        Ok(file) => {
            // What comes meanwhile waits for the new code, which would otherwise be ended by it.
            let _ = handled_signals().thread_block();
            let error = exec(&executable.path, executable, file.as_raw_fd());
            let _ = exec(Path::new(OWN_CODE), executable, file.as_raw_fd());
            error
        }
        Err(error) => error,
    }
}

/// Lets signals through that came while the code was replaced. To be called when they are handled.
pub(crate) fn unblock_signals() {
    let _ = handled_signals().thread_unblock();
}

fn handled_signals() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR2].into_iter().collect()
}

/// Returns only if it fails.
fn exec(path: &Path, executable: &Executable, file: i32) -> io::Error {
    let name = std::iter::once(executable.path.as_os_str());
    let arguments =
        name.chain(executable.arguments.iter().map(AsRef::as_ref)).map(text).collect::<io::Result<Vec<_>>>();
    let others = std::env::vars_os().filter(|(name, _)| name != VARIABLE);
    let variables = others.map(|(mut variable, value)| {
        variable.push("=");
        variable.push(value);
        text(&variable)
    });
    let variables = variables.chain([text(OsStr::new(&format!("{VARIABLE}={file}")))]).collect::<io::Result<Vec<_>>>();
    let parts = text(path.as_os_str()).and_then(|path| Ok((path, arguments?, variables?)));
    match parts {
        Ok((path, arguments, variables)) => match execve(&path, &arguments, &variables) {
            Ok(never) => match never {},
            Err(error) => error.into(),
        },
        Err(error) => error,
    }
}

fn text(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}
