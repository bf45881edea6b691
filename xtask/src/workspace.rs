//! Where things are, and how files and folders are made there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in the workspace's folder").to_owned()
}

/// Where packages are put.
pub(crate) fn dist() -> PathBuf {
    root().join("target/dist")
}

/// Where what belongs to Debian 11 lies: its C library to link with, and a bare system to run on.
pub(crate) fn debian_11() -> PathBuf {
    root().join("target/debian-11")
}

/// The program `cargo`: the one that runs this.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo keeps what it downloads.
pub(crate) fn cargo_home() -> PathBuf {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default()
}

/// Takes away a folder with what is in it, where there is one, and makes it anew.
pub(crate) fn make_empty(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(Failure::file(path))?;
    }
    make_folder(path)
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(Failure::file(path))
}

/// Writes a file and makes the folder that it lies in.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    make_folder(path.parent().expect("a file lies in a folder"))?;
    fs::write(path, content).map_err(Failure::file(path))
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::file(path))
}

/// The entries of a folder, by name.
pub(crate) fn entries(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(path).map_err(Failure::file(path))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::file(path))?;
    paths.sort();
    Ok(paths)
}
