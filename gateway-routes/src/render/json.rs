//! Faults for programs. The form is stable: `{"faults": […], "errors": N, "warnings": N}`.

use serde::Serialize;

use crate::fault::{Fault, Label};
use crate::render::Lines;
use crate::{Level, Source};

#[derive(Serialize)]
struct Report {
    faults: Vec<FaultReport>,
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct FaultReport {
    code: &'static str,
    level: &'static str,
    message: String,
    labels: Vec<LabelReport>,
    help: Vec<String>,
}

/// Lines and columns count from 1, columns count characters; the end is behind the last one.
#[derive(Serialize)]
struct LabelReport {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    primary: bool,
    text: String,
}

/// The faults as one JSON object.
///
/// # Panics
///
/// Never: plain data has a JSON form.
pub fn json(source: &Source, faults: &[Fault]) -> String {
    let lines = Lines::new(source.text());
    let count = |level| faults.iter().filter(|fault| fault.level == level).count();
    let report = Report {
        faults: faults.iter().map(|fault| fault_report(&lines, fault)).collect(),
        errors: count(Level::Error),
        warnings: count(Level::Warning),
    };
    serde_json::to_string_pretty(&report).expect("plain data has a JSON form")
}

fn fault_report(lines: &Lines, fault: &Fault) -> FaultReport {
    FaultReport {
        code: fault.code.name(),
        level: fault.level.name(),
        message: fault.message.clone(),
        labels: fault.labels.iter().map(|label| label_report(lines, label)).collect(),
        help: fault.help_lines().chain(fault.notes.iter().cloned()).collect(),
    }
}

fn label_report(lines: &Lines, label: &Label) -> LabelReport {
    let (line, column) = lines.position(label.span.start);
    let (end_line, end_column) = lines.position(label.span.end);
    LabelReport { line, column, end_line, end_column, primary: label.primary, text: label.text.clone() }
}
