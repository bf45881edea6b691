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

/// The least severe level that is written, which operators may change at any time.
#[derive(Debug, Clone)]
pub(crate) struct Threshold(Arc<AtomicU8>);

impl Threshold {
    pub(crate) fn new(level: Level) -> Self {
        Self(Arc::new(AtomicU8::new(level as u8)))
    }

    pub(crate) fn get(&self) -> Level {
        Level::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    pub(crate) fn set(&self, level: Level) {
        self.0.store(level as u8, Ordering::Relaxed);
    }
}
