//! Why nothing is served, where it can be read later: a supervisor starts the gateway with its standard error on the null
//! device.
//!
//! The log file has it, if the configuration names one and that much of it could be read. Otherwise, and only if nobody sees
//! standard error, it is in `coregateway-start.log` beside the configuration, or in the working directory.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Map;

use crate::log::{Level, RotatedFile, event_line};

/// The file for what no log file can have.
const START_LOG: &str = "coregateway-start.log";

/// How long it gets before it begins anew; the one before it is kept.
const MAX_BYTES: u64 = 64 << 10;

/// Writes down why the gateway does not start.
pub fn write_refusal(error: &dyn Display, log_file: Option<&Path>, config_name: Option<&str>) {
    let mut fields = Map::new();
    fields.insert("message".to_owned(), "cannot start".into());
    fields.insert("reason".to_owned(), error.to_string().into());
    let line = event_line(Level::Error, &fields);
    let is_logged = log_file.is_some_and(|path| append(path, &line).is_ok());
    if is_logged || !is_unseen(&io::stderr()) {
        return;
    }
    let beside = config_name.and_then(|name| Some(Path::new(name).parent()?.join(START_LOG)));
    let here = PathBuf::from(START_LOG);
    // Where neither can be written to, there is nobody left to tell.
    let _ = [beside, Some(here)].into_iter().flatten().any(|path| append_bounded(&path, &line).is_ok());
}

/// The log file may be another gateway's that is running: it is that one's to begin anew.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line)
}

fn append_bounded(path: &Path, line: &[u8]) -> io::Result<()> {
    RotatedFile::open(path, MAX_BYTES, 1)?.append(line, Instant::now())
}

/// Whether what is written to standard error is lost.
#[cfg(unix)]
fn is_unseen(stderr: &io::Stderr) -> bool {
    use std::fs::{self, File};
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;

    let Ok(stderr) = stderr.as_fd().try_clone_to_owned().map(File::from).and_then(|file| file.metadata()) else {
        return true;
    };
    !io::stderr().is_terminal() && fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == stderr.rdev())
}

/// Whether what is written to standard error may be lost.
#[cfg(not(unix))]
fn is_unseen(stderr: &io::Stderr) -> bool {
    !stderr.is_terminal()
}
