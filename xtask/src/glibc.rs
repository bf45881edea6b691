//! The oldest C library that an executable runs with: read from the symbols that it asks for.

use std::fmt;
use std::path::Path;

use crate::failure::Failure;
use crate::program::{output, program};

/// What a bare Debian 11 has.
pub(crate) const DEBIAN_11: Version = Version(2, 31);

/// A version of glibc, such as 2.31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The version that `executable` asks for, unless it is newer than `floor`.
pub(crate) fn check(executable: &Path, floor: Version) -> Result<Version, Failure> {
    let table = output(program("objdump").arg("--dynamic-syms").arg(executable))?;
    let asked: Vec<(Version, &str)> = table.lines().filter_map(asked_for).collect();
    let needed = asked.iter().map(|(version, _)| *version).max().unwrap_or(Version(0, 0));
    if needed <= floor {
        return Ok(needed);
    }
    let newer = asked.iter().filter(|(version, _)| *version > floor);
    let symbols = newer.map(|(version, name)| format!("{name} ({version})")).collect();
    Err(Failure::NewGlibc { needed, symbols })
}

/// The version and the name of a symbol of glibc's in a line of the table, if there is one.
fn asked_for(line: &str) -> Option<(Version, &str)> {
    let (_, rest) = line.split_once("GLIBC_")?;
    let (version, name) = rest.split_once(|c: char| c == ')' || c.is_whitespace())?;
    let mut numbers = version.split('.').map(str::parse);
    Some((Version(numbers.next()?.ok()?, numbers.next()?.ok()?), name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_tells_the_version_that_brought_it() {
        let line = "0000000000000000      DF *UND*\t0000000000000000 (GLIBC_2.34) pthread_create";
        assert_eq!(asked_for(line), Some((Version(2, 34), "pthread_create")));
        assert_eq!(asked_for("0000000000000000      DF *UND*\t0000000000000000 (GCC_3.0) _Unwind_Resume"), None);
    }

    #[test]
    fn an_executable_that_asks_for_more_than_there_is_names_what_it_asks_for() {
        let this = std::env::current_exe().unwrap();
        let needed = check(&this, Version(99, 0)).unwrap();
        assert!(needed > Version(2, 2), "{needed}");
        let refused = check(&this, Version(2, 2)).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("the executable asks for glibc {needed}")), "{refused}");
    }
}
