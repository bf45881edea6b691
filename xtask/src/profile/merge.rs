//! `llvm-profdata`, which makes one profile of many counts. Its version is that of the compiler's LLVM: others read other formats.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::program::{output, program, run};
use crate::workspace::{entries, root};

/// The program, as Debian names it.
pub(crate) struct Tool(String);

impl Tool {
    /// Looks whether the one that fits the compiler is installed.
    pub(crate) fn find() -> Result<Self, Failure> {
        let told = output(program("rustc").arg("-vV").current_dir(root()))?;
        let major = llvm(&told).ok_or(Failure::UnknownLlvm { told })?;
        let tool = Self(format!("llvm-profdata-{major}"));
        output(program(&tool.0).arg("--version"))
            .map_err(|_| Failure::NoProfileTool { program: tool.0.clone(), major })?;
        Ok(tool)
    }

    /// Makes one profile of all counts in this folder, without the functions that were never called.
    pub(crate) fn merge(&self, counts: &Path, profile: &Path) -> Result<(), Failure> {
        let counts: Vec<PathBuf> = entries(counts)?;
        run(program(&self.0).args(["merge", "--sparse", "--output"]).arg(profile).args(counts))
    }
}

/// The first number in the line of `rustc -vV` that tells of LLVM.
fn llvm(told: &str) -> Option<u32> {
    let version = told.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_tells_which_version_it_has() {
        assert_eq!(llvm("rustc 1.95.0 (59807616e 2026-04-14)\nhost: any\nLLVM version: 22.1.2\n"), Some(22));
        assert_eq!(llvm("rustc 1.95.0\n"), None);
    }
}
