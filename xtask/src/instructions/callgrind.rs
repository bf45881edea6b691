//! Callgrind: how it is started, what it is told while something runs under it, and what it has counted.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::program::{output, program};
use crate::workspace::read;

/// A command that runs an executable under Callgrind, which writes to files whose names begin with `profile`.
pub(super) fn callgrind(profile: &Path, options: &[&str], executable: impl AsRef<OsStr>) -> Command {
    let mut command = program("valgrind");
    command.args(["--quiet", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", profile.display()));
    command.args(options).arg(executable);
    command
}

/// Tells the Callgrind of this process something, and waits until it has been done.
pub(super) fn tell(process: u32, words: &[&str]) -> Result<(), Failure> {
    output(program("vgdb").arg(format!("--pid={process}")).args(words)).map(drop)
}

/// How many instructions this profile has counted.
pub(super) fn total(profile: &Path) -> Result<f64, Failure> {
    total_of(&read(profile)?).ok_or_else(|| Failure::NoTotal { path: profile.to_owned() })
}

fn total_of(profile: &str) -> Option<f64> {
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()?;
    // Nothing is counted where the function that is to be counted has another name.
    (total > 0.0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_ends_with_what_was_counted() {
        let profile = "events: Ir\nsummary: 0\n\nfn=(1) main\n12 30\n\ntotals: 1149833\n";
        assert_eq!(total_of(profile), Some(1_149_833.0));
        assert_eq!(total_of("events: Ir\n"), None);
        assert_eq!(total_of("totals: 0\n"), None);
    }
}
