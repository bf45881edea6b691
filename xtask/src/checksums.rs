//! Digests, as `sha256sum --check` reads them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::names::is_packaged;
use crate::workspace::{entries, write};

/// The file that they stand in.
pub(crate) const FILE: &str = "SHA256SUMS";

/// The SHA-256 digest of a file, in hexadecimal.
pub(crate) fn digest(path: &Path) -> Result<String, Failure> {
    Ok(hexadecimal(&Sha256::digest(fs::read(path).map_err(Failure::file(path))?)))
}

/// Bytes as digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Writes the digests of all files of the packages in `folder`.
pub(crate) fn write_all(folder: &Path) -> Result<(), Failure> {
    let mut lines = String::new();
    for entry in entries(folder)?.iter().filter(|entry| is_packaged(&name_in(entry, folder))) {
        add(folder, entry, &mut lines)?;
    }
    write(&folder.join(FILE), lines)
}

fn add(folder: &Path, path: &Path, lines: &mut String) -> Result<(), Failure> {
    if path.is_dir() {
        return entries(path)?.iter().try_for_each(|entry| add(folder, entry, lines));
    }
    let _ = writeln!(lines, "{}  {}", digest(path)?, name_in(path, folder));
    Ok(())
}

fn name_in(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).expect("it lies below the folder").display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{output, program};

    #[test]
    fn sha256sum_agrees() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("man/page.1"), "a page").unwrap();
        write(&folder.path().join("linux-coregateway-v1.2.3"), "code").unwrap();
        write(&folder.path().join("deps/cargo's.o"), "no part of it").unwrap();
        write_all(folder.path()).unwrap();
        write_all(folder.path()).unwrap();
        let told = output(program("sha256sum").args(["--check", FILE]).current_dir(folder.path())).unwrap();
        assert_eq!(told, "linux-coregateway-v1.2.3: OK\nman/page.1: OK\n");
    }
}
