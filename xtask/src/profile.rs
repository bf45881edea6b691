//! `profile`: what the gateway does most, seen at its work, so that the compiler puts its effort there (profile-guided optimisation).
//!
//! The profile is kept in the repository: whoever builds a version builds with the same one, and gets the same bytes. Functions that were
//! changed since it was made are compiled without it.

mod merge;

use crate::compare::exercise;
use crate::executable::{self, Order, Purpose, Toolchain};
use crate::failure::Failure;
use crate::workspace::{cargo_home, make_empty, root};
use crate::{say, sysroot};

/// The profile, below the workspace's folder.
pub(crate) const FILE: &str = "xtask/linux.profdata";

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
    tool.merge(&counts, &root.join(FILE))?;
    say(&format!("written: {FILE}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_part_of_the_source() {
        let profile = std::fs::read(root().join(FILE)).unwrap();
        assert!(profile.starts_with(b"\xfflprofi\x81"), "`cargo xtask profile` writes it");
    }
}
