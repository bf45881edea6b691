//! Metrics as such: names, labels and values, before anything is known of how they are written down.

use std::borrow::Cow;

/// A label's name and its value.
pub(crate) type Label = (&'static str, Cow<'static, str>);

/// All series of one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    pub(crate) samples: Vec<Sample>,
}

/// What a metric's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often values were in which range.
    Histogram,
}

/// One series: its labels and what it stands at.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) labels: Vec<Label>,
    pub(crate) value: Value,
}

/// What a series stands at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A whole number.
    Count(u64),
    /// Any number.
    Level(f64),
    /// Counts by range, not added up, one more than there are bounds.
    Ranges { bounds: &'static [f64], counts: Vec<u64>, sum: f64 },
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Family {
    pub(crate) fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Counter, samples: Vec::new() }
    }

    pub(crate) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Gauge, samples: Vec::new() }
    }

    pub(crate) fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Histogram, samples: Vec::new() }
    }

    /// Adds a series.
    pub(crate) fn push(&mut self, labels: Vec<Label>, value: Value) {
        self.samples.push(Sample { labels, value });
    }

    /// With one series, without labels.
    #[must_use]
    pub(crate) fn with(mut self, value: Value) -> Self {
        self.push(Vec::new(), value);
        self
    }
}
