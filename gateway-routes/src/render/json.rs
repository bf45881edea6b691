//! Faults for programs. The form is stable, fields may be added: `{"faults": […], "errors": N, "warnings": N}`.

use serde::Serialize;

use crate::fault::{Fault, Fix, Label};
use crate::render::{Checked, Lines};
use crate::{Level, Source};

#[derive(Serialize)]
struct Report {
    faults: Vec<FaultReport>,
    errors: usize,
    warnings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct FaultReport {
    file: String,
    code: &'static str,
    level: &'static str,
    message: String,
    labels: Vec<LabelReport>,
    help: Vec<String>,
    fix: Option<FixReport>,
}

/// An edit: what stands in the range afterwards. A program may make it without asking where it is sure.
#[derive(Serialize)]
struct FixReport {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    replacement: String,
    sure: bool,
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

/// The faults of all files as one JSON object, with what is said about their coverage where that is asked for.
///
/// # Panics
///
/// Never: plain data has a JSON form.
pub fn json(checked: &[Checked<'_>], coverage: Option<serde_json::Value>) -> String {
    let count = |level| checked.iter().flat_map(|file| file.faults).filter(|fault| fault.level == level).count();
    let report = Report {
        faults: checked.iter().flat_map(file_report).collect(),
        errors: count(Level::Error),
        warnings: count(Level::Warning),
        coverage,
    };
    serde_json::to_string_pretty(&report).expect("plain data has a JSON form")
}

fn file_report(file: &Checked<'_>) -> Vec<FaultReport> {
    let lines = Lines::new(file.source.text());
    file.faults.iter().map(|fault| fault_report(file.source, &lines, fault)).collect()
}

fn fault_report(source: &Source, lines: &Lines, fault: &Fault) -> FaultReport {
    FaultReport {
        file: source.name().to_owned(),
        code: fault.code.name(),
        level: fault.level.name(),
        message: fault.message.clone(),
        labels: fault.labels.iter().map(|label| label_report(lines, label)).collect(),
        help: fault.help_lines().chain(fault.notes.iter().cloned()).collect(),
        fix: fault.fix.as_ref().map(|fix| fix_report(lines, fix)),
    }
}

fn fix_report(lines: &Lines, fix: &Fix) -> FixReport {
    let (line, column) = lines.position(fix.span.start);
    let (end_line, end_column) = lines.position(fix.span.end);
    FixReport { line, column, end_line, end_column, replacement: fix.replacement.clone(), sure: fix.sure }
}

fn label_report(lines: &Lines, label: &Label) -> LabelReport {
    let (line, column) = lines.position(label.span.start);
    let (end_line, end_column) = lines.position(label.span.end);
    LabelReport { line, column, end_line, end_column, primary: label.primary, text: label.text.clone() }
}
