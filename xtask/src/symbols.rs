//! The symbols, taken out of the executable and kept beside it: debuggers and profilers find them by the executable's build id
//! and by the name that it keeps. The code stays as it is.

use std::path::Path;

use crate::failure::Failure;
use crate::program::{program, run};

/// Writes `built` without its symbols to `executable`, and the symbols to `symbols`.
pub(crate) fn part(built: &Path, executable: &Path, symbols: &Path) -> Result<(), Failure> {
    run(program("objcopy").args(["--only-keep-debug", "--compress-debug-sections"]).arg(built).arg(symbols))?;
    let mut link = std::ffi::OsString::from("--add-gnu-debuglink=");
    link.push(symbols);
    run(program("objcopy").arg("--strip-all").arg(link).arg(built).arg(executable))
}
