//! `profile`: what the gateway does most, seen at its work, so that the compiler puts its effort there (profile-guided optimisation).
//!
//! The profile is kept in the repository: whoever builds a version builds with the same one, and gets the same bytes. Functions that were
//! changed since it was made are compiled without it.

mod merge;

use std::fs;

use crate::compare::exercise;
use crate::executable::{self, Order, Purpose, Toolchain};
use crate::failure::Failure;
use crate::workspace::{cargo_home, make_empty, root};
use crate::{say, sysroot};

/// The profile, below the workspace's folder. It has its toolchain's version: another gives functions other names, and finds none.
pub(crate) const FILE: &str = "xtask/linux-1.95.0.profdata";

/// Builds a gateway that counts what it does, gives it everything to do, and writes the profile anew.
pub(crate) fn run() -> Result<(), Failure> {
    let root = root();
    let tool = merge::Tool::find()?;
    let counts = root.join("target/profile/counts");
    make_empty(&counts)?;
    say("building a gateway that counts what it does");
    let counting = executable::build(&Order {
        root: &root,
        cargo_home: &cargo_home(),
        toolchain: &Toolchain::Own { sysroot: sysroot::folder()? },
        purpose: Purpose::Training { profiles: counts.clone() },
    })?;
    exercise(&counting.path, &root.join("target/profile/work"))?;
    let merged = root.join("target/profile/merged");
    tool.merge(&counts, &merged)?;
    let file = root.join(FILE);
    fs::copy(&merged, &file).map_err(Failure::file(&file))?;
    say(&format!("written: {FILE}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_part_of_the_source_and_of_the_toolchain_that_builds_it() {
        let profile = fs::read(root().join(FILE)).unwrap();
        assert!(profile.starts_with(b"\xfflprofi\x81"), "`cargo xtask profile` writes it");
        let pinned = include_str!("../../rust-toolchain.toml").split('"').nth(1).unwrap();
        assert!(FILE.contains(&format!("-{pinned}.")), "make it anew with {pinned}, under a name with that version");
    }
}
