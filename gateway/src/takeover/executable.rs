//! The executable that runs, and the one that is to take over.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file that this process was started from, under the name that it had then, and with what arguments.
#[derive(Debug, Clone)]
pub(crate) struct Executable {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

impl Executable {
    /// The file that this process runs, if the system tells: one without `/proc` does not. To be asked at the start: later the
    /// file may be another, or gone.
    pub(crate) fn current() -> Option<Self> {
        Some(Self { path: std::env::current_exe().ok()?, arguments: std::env::args_os().skip(1).collect() })
    }

    /// The one that is to take over: the newest release beside this one, where this one is named as a release; else what
    /// is now where this one was.
    pub(crate) fn successor(&self) -> Self {
        let newest = || {
            let own = release(&self.path)?;
            let files = std::fs::read_dir(self.path.parent()?).ok()?;
            let releases = files.filter_map(|file| release(&file.ok()?.path()));
            releases.filter(|(version, _)| *version > own.0).max().map(|(_, path)| path)
        };
        Self { path: newest().unwrap_or_else(|| self.path.clone()), arguments: self.arguments.clone() }
    }
}

/// The version of a release, by the name of its file: `linux-coregateway-v1.2.3`.
fn release(path: &Path) -> Option<([u64; 3], PathBuf)> {
    let version = path.file_name()?.to_str()?.strip_prefix("linux-coregateway-v")?;
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    let version = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then(|| (version, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn successor_of(name: &str, others: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        for file in others {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let executable = Executable { path: folder.path().join(name), arguments: Vec::new() };
        executable.successor().path.file_name().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_newest_release_beside_a_release_takes_over() {
        let others = [
            "linux-coregateway-v1.9.0",
            "linux-coregateway-v1.10.0",
            "linux-coregateway-v1.10.0.debug",
            "linux-coregateway-dev7-v2.0.0",
            "linux-corerl-v3.0.0",
        ];
        assert_eq!(successor_of("linux-coregateway-v1.2.3", &others), "linux-coregateway-v1.10.0");
        assert_eq!(successor_of("linux-coregateway-v2.0.0", &others), "linux-coregateway-v2.0.0");
        assert_eq!(successor_of("linux-coregateway-dev7-v1.0.0", &others), "linux-coregateway-dev7-v1.0.0");
        assert_eq!(successor_of("coregateway", &others), "coregateway");
    }
}
