//! How bad what a line tells is, and how bad it must be to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::settings::LogLevel;

/// How bad what a line tells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// For whoever looks into a problem.
    Debug = 1,
    /// What happens in a normal day.
    Info,
    /// Something that someone should look at, some time.
    Warning,
    /// Something that someone should look at now.
    Error,
}

impl Level {
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

/// The settings in the order of levels: the first lets everything through.
const SETTINGS: [LogLevel; 5] = [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];

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

    /// The setting, if there is one.
    pub(crate) fn get(&self) -> Option<LogLevel> {
        SETTINGS.get(usize::from(self.0.load(Ordering::Relaxed))).copied()
    }

    pub(crate) fn set(&self, setting: Option<LogLevel>) {
        let is_it = |known: &LogLevel| Some(*known) == setting;
        // More severe than anything where there is none.
        let threshold = SETTINGS.iter().position(is_it).unwrap_or(SETTINGS.len());
        self.0.store(u8::try_from(threshold).unwrap_or(u8::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_its_own_level_and_worse_ones_through() {
        let levels = [Level::Debug, Level::Info, Level::Warning, Level::Error];
        for (setting, let_through) in [
            (Some(LogLevel::Trace), &levels[..]),
            (Some(LogLevel::Debug), &levels),
            (Some(LogLevel::Info), &levels[1..]),
            (Some(LogLevel::Warn), &levels[2..]),
            (Some(LogLevel::Error), &levels[3..]),
            (None, &[]),
        ] {
            let threshold = Threshold::new(setting);
            assert_eq!(threshold.get(), setting);
            let through: Vec<Level> = levels.into_iter().filter(|level| threshold.lets(*level)).collect();
            assert_eq!(through, let_through, "{setting:?}");
        }
    }
}
