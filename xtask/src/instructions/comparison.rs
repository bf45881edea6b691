//! Two sets of figures side by side: which have risen, which have fallen, and a table of all.

use std::fmt;

use super::Figures;
use super::baseline::Baseline;

/// How far a figure may be from its baseline, in percent.
const TOLERANCE: f64 = 3.0;

/// What has become of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is as it was, or nearly so.
    None,
    Rise,
    Fall,
    /// There was none before.
    New,
}

/// What was counted, beside what had been counted before.
pub(super) struct Comparison(Vec<Row>);

struct Row {
    workload: &'static str,
    before: Option<f64>,
    now: f64,
}

impl Comparison {
    pub(super) fn new(baseline: &Baseline, figures: &Figures) -> Self {
        let row = |(workload, now): &(&'static str, f64)| Row {
            workload,
            before: baseline.instructions.get(*workload).copied(),
            now: *now,
        };
        Self(figures.iter().map(row).collect())
    }

    /// The workloads to which this has happened.
    pub(super) fn names(&self, change: Change) -> Vec<&'static str> {
        self.0.iter().filter(|row| row.change() == change).map(|row| row.workload).collect()
    }
}

impl Row {
    /// The change, in percent of what was before.
    fn percent(&self) -> Option<f64> {
        self.before.map(|before| (self.now.round() / before - 1.0) * 100.0)
    }

    fn change(&self) -> Change {
        match self.percent() {
            None => Change::New,
            Some(percent) if percent > TOLERANCE => Change::Rise,
            Some(percent) if percent < -TOLERANCE => Change::Fall,
            Some(_) => Change::None,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10}{:>10}{:>10}{:>10}", "workload", "baseline", "now", "change")?;
        for row in &self.0 {
            let before = row.before.map_or_else(|| "-".to_owned(), |before| format!("{before:.0}"));
            let change = row.percent().map_or_else(|| "new".to_owned(), |percent| format!("{percent:+.1} %"));
            writeln!(f, "{:<10}{before:>10}{:>10.0}{change:>10}", row.workload, row.now)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison() -> Comparison {
        let instructions = ["same", "risen", "fallen", "gone"].map(|name| (name.to_owned(), 1000.0)).into();
        let baseline = Baseline { instructions, ..Baseline::default() };
        Comparison::new(&baseline, &vec![("same", 1029.0), ("risen", 1031.0), ("fallen", 969.0), ("new", 5.0)])
    }

    #[test]
    fn more_than_three_percent_is_a_change() {
        let comparison = comparison();
        assert_eq!(comparison.names(Change::None), ["same"]);
        assert_eq!(comparison.names(Change::Rise), ["risen"]);
        assert_eq!(comparison.names(Change::Fall), ["fallen"]);
        assert_eq!(comparison.names(Change::New), ["new"]);
    }

    #[test]
    fn the_table_says_what_was_what_is_and_what_has_changed() {
        let table = comparison().to_string();
        let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["workload", "baseline", "now", "change"]);
        assert_eq!(words[1], ["same", "1000", "1029", "+2.9", "%"]);
        assert_eq!(words[3], ["fallen", "1000", "969", "-3.1", "%"]);
        assert_eq!(words[4], ["new", "-", "5", "new"]);
    }
}
