//! How bad what a line tells is, and how bad it must be to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::settings::LogLevel;

/// How bad what a line tells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// For whoever looks into a problem.
    Debug,
    /// What happens in a normal day.
    Info,
    /// Something that someone should look at, some time.
    Warning,
    /// Something that someone should look at now.
    Error,
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    /// The level as CoreTelemetry calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// The least severe level that a log with this setting shows.
    pub(crate) const fn shown(setting: LogLevel) -> Self {
        match setting {
            LogLevel::Trace | LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warning,
            LogLevel::Error => Self::Error,
        }
    }

    pub(super) fn of(level: tracing::Level) -> Self {
        match level {
            tracing::Level::TRACE | tracing::Level::DEBUG => Self::Debug,
            tracing::Level::INFO => Self::Info,
            tracing::Level::WARN => Self::Warning,
            tracing::Level::ERROR => Self::Error,
        }
    }
}

/// The least severe level of which lines are let through, which operators may change at any time; it may be none.
#[derive(Debug, Clone)]
pub(crate) struct Threshold(Arc<AtomicU8>);

/// More severe than anything.
const NO_LEVEL: u8 = Level::Error as u8 + 1;

impl Threshold {
    pub(crate) fn new(setting: Option<LogLevel>) -> Self {
        let threshold = Self(Arc::default());
        threshold.set(setting);
        threshold
    }

    /// Whether a line of this level is let through.
    pub(crate) fn lets(&self, level: Level) -> bool {
        level as u8 >= self.0.load(Ordering::Relaxed)
    }

    /// The level, if there is one.
    pub(crate) fn get(&self) -> Option<Level> {
        Level::ALL.get(usize::from(self.0.load(Ordering::Relaxed))).copied()
    }

    pub(crate) fn set(&self, setting: Option<LogLevel>) {
        self.0.store(setting.map_or(NO_LEVEL, |setting| Level::shown(setting) as u8), Ordering::Relaxed);
    }
}
