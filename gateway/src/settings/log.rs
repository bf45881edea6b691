//! The `log` section: what is written down, where, and how much of it is kept.

use std::path::{Path, PathBuf};

use super::read::{assign, written_path_of};
use super::section::{Faults, Field, Section};

/// What is written down, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `log.level`: the least severe level that is written. Default `info`.
    pub level: LogLevel,
    /// `log.file`: the file, which is rotated; standard output without it, the default.
    pub file: Option<PathBuf>,
    /// `log.max_size`: how long the file gets, in bytes; 64KiB to 16GiB, default 100MiB.
    pub max_size: u64,
    /// `log.keep`: how many earlier files are kept; 0 to 100, default 5.
    pub keep: u32,
    /// `log.query`: whether queries are written down. Default `false`: they may hold secrets.
    pub query: bool,
    /// `log.levels`: how severe a request's line is, by its outcome.
    pub levels: OutcomeLevels,
}

/// How severe a request's line is, by its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeLevels {
    /// `log.levels.success`: an answer below 400. Default `info`.
    pub success: LogLevel,
    /// `log.levels.client_error`: 400 to 499. Default `info`.
    pub client_error: LogLevel,
    /// `log.levels.upstream_error`: 502 to 504, and an answer that was cut off, if not by its client. Default `warn`.
    pub upstream_error: LogLevel,
    /// `log.levels.gateway_error`: any other from 500. Default `error`.
    pub gateway_error: LogLevel,
}

/// How severe a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `error`
    Error,
    /// `warn`
    Warn,
    /// `info`
    Info,
    /// `debug`
    Debug,
    /// `trace`
    Trace,
}

impl LogLevel {
    const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The level as a configuration has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            file: None,
            max_size: 100 << 20,
            keep: 5,
            query: false,
            levels: OutcomeLevels::default(),
        }
    }
}

impl Default for OutcomeLevels {
    fn default() -> Self {
        Self {
            success: LogLevel::Info,
            client_error: LogLevel::Info,
            upstream_error: LogLevel::Warn,
            gateway_error: LogLevel::Error,
        }
    }
}

/// Reads the `log` section; `base` is the directory of the file.
pub(super) fn read(field: Field, base: &Path, faults: &mut Faults, log: &mut LogSettings) {
    let keys = ["level", "file", "max_size", "keep", "query", "levels"];
    let Some(mut section) = field.section(&keys, faults) else { return };
    assign(&mut log.level, level(&mut section, "level", faults));
    log.file = section.take("file").and_then(|field| written_path_of(&field, base, faults));
    assign(&mut log.max_size, section.take("max_size").and_then(|field| field.size(64 << 10..=16 << 30, faults)));
    assign(&mut log.keep, section.take("keep").and_then(|field| field.integer(0..=100, faults)));
    assign(&mut log.query, section.take("query").and_then(|field| field.truth(faults)));
    if let Some(field) = section.take("levels") {
        read_levels(field, faults, &mut log.levels);
    }
}

fn read_levels(field: Field, faults: &mut Faults, levels: &mut OutcomeLevels) {
    let keys = ["success", "client_error", "upstream_error", "gateway_error"];
    let Some(mut section) = field.section(&keys, faults) else { return };
    assign(&mut levels.success, level(&mut section, "success", faults));
    assign(&mut levels.client_error, level(&mut section, "client_error", faults));
    assign(&mut levels.upstream_error, level(&mut section, "upstream_error", faults));
    assign(&mut levels.gateway_error, level(&mut section, "gateway_error", faults));
}

fn level(section: &mut Section, key: &str, faults: &mut Faults) -> Option<LogLevel> {
    section.take(key).and_then(|field| log_level_of(&field, faults))
}

pub(super) fn log_level_of(field: &Field, faults: &mut Faults) -> Option<LogLevel> {
    let level = LogLevel::from_name(field.text(faults)?);
    if level.is_none() {
        field.invalid("is no log level", "choose from error, warn, info, debug, trace", faults);
    }
    level
}
