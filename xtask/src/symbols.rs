//! The symbols, taken out of the executable and kept beside it: debuggers and profilers find them by the executable's build id
//! and by the name that it keeps. The code stays as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::failure::Failure;
use crate::platform::Platform;
use crate::program::{program, run};

/// Writes `built` without its symbols to `executable`, and the symbols to `symbols`.
pub(crate) fn part(platform: Platform, built: &Path, executable: &Path, symbols: &Path) -> Result<(), Failure> {
    let objcopy = || program(platform.objcopy);
    run(objcopy().args(["--only-keep-debug", "--compress-debug-sections"]).arg(built).arg(symbols))?;
    // It is nothing to run.
    fs::set_permissions(symbols, fs::Permissions::from_mode(0o644)).map_err(Failure::file(symbols))?;
    let mut link = std::ffi::OsString::from("--add-gnu-debuglink=");
    link.push(symbols);
    run(objcopy().arg("--strip-all").arg(link).arg(built).arg(executable))
}
