//! Printing faults: for people as rustc does, for programs as JSON, for cargo as one line. The one place that knows how.

#[cfg(feature = "cli")]
mod json;
#[cfg(feature = "cli")]
mod sarif;

#[cfg(feature = "cli")]
pub use json::json;
#[cfg(feature = "cli")]
pub use sarif::sarif;

use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

use crate::fault::{Fault, Fix, Label};
use crate::{Level, Source, Span};

/// A file, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// The file.
    pub source: &'a Source,
    /// Its faults, sorted by place.
    pub faults: &'a [Fault],
}

/// How a terminal wants it.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether colours are shown.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
}

impl Style {
    /// Without colours, for a file, a build's output, a test.
    pub const PLAIN: Style = Style { color: false, width: 140 };
}

/// A snippet of more bytes than this shows nothing to anybody; the place is named instead.
const LONGEST_SNIPPET: usize = 16 * 1024;

/// The faults as people read them, one after the other, each closed by an empty line.
pub fn human(source: &Source, faults: &[Fault], style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() }.term_width(style.width);
    let lines = Lines::new(source.text());
    let mut text = String::new();
    for fault in faults {
        text.push_str(&renderer.render(&report(source, &lines, fault)));
        text.push_str("\n\n");
    }
    text
}

/// A fault as one line: place, message, code, first help. For where there is no more room.
pub fn line(source: &Source, fault: &Fault) -> String {
    let (line, column) = source.position(fault.place().start);
    let help = fault.help_lines().next().map(|help| format!("; help: {help}")).unwrap_or_default();
    format!("{}:{line}:{column}: {} [{}]{help}", source.name(), fault.message, fault.code)
}

/// Where lines start, and which bytes are no characters of their own: places of many faults are found without reading the
/// text again for each.
struct Lines {
    starts: Vec<usize>,
    /// Every byte that continues a character.
    #[cfg(feature = "cli")]
    continuations: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let behind_newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(behind_newlines).collect(),
            #[cfg(feature = "cli")]
            continuations: (0..text.len()).filter(|at| !text.is_char_boundary(*at)).collect(),
        }
    }

    /// The line of a byte, counted from 0.
    fn of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    /// The line and the column, in characters, of a byte; both count from 1.
    #[cfg(feature = "cli")]
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.of(at);
        let start = self.starts[line];
        let before = |at: usize| self.continuations.partition_point(|continuation| *continuation < at);
        (line + 1, at - start - (before(at) - before(start)) + 1)
    }

    /// The whole lines that `span` touches, and the number of the first, counted from 1.
    fn around(&self, span: Span, text: &str) -> (Span, usize) {
        let (first, last) = (self.of(span.start), self.of(span.end));
        let end = self.starts.get(last + 1).copied().unwrap_or(text.len());
        (Span::new(self.starts[first], end), first + 1)
    }
}

fn report<'a>(source: &'a Source, lines: &Lines, fault: &'a Fault) -> Vec<Group<'a>> {
    let level = match fault.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
    };
    let mut group = level.primary_title(&fault.message).id(fault.code.name()).elements(snippets(source, lines, fault));
    for note in &fault.notes {
        group = group.element(Title::NOTE.message(note));
    }
    for help in &fault.help {
        group = group.element(Title::HELP.message(help));
    }
    let fix = fault.fix.iter().filter_map(|fix| fix_group(source, lines, fix));
    std::iter::once(group).chain(fix).collect()
}

/// The lines that the labels are on: together, or each label's own where they are far apart.
fn snippets<'a>(
    source: &'a Source,
    lines: &Lines,
    fault: &'a Fault,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let text = source.text();
    let all = Span {
        start: fault.labels.iter().map(|label| label.span.start).min().unwrap_or_default(),
        end: fault.labels.iter().map(|label| label.span.end).max().unwrap_or_default(),
    };
    if lines.around(all, text).0.len() <= LONGEST_SNIPPET {
        return vec![snippet(source, lines, all, &fault.labels)];
    }
    let each = fault.labels.iter().map(|label| (label, lines.around(label.span, text).0.len()));
    each.filter(|(_, length)| *length <= LONGEST_SNIPPET)
        .map(|(label, _)| snippet(source, lines, label.span, std::slice::from_ref(label)))
        .collect()
}

fn snippet<'a>(
    source: &'a Source,
    lines: &Lines,
    span: Span,
    labels: &'a [Label],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (around, first_line) = lines.around(span, source.text());
    let annotations = labels.iter().map(move |label| {
        let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        kind.span(label.span.start - around.start..label.span.end - around.start).label(&label.text)
    });
    Snippet::source(&source.text()[around.start..around.end])
        .line_start(first_line)
        .path(source.name())
        .annotations(annotations)
}

/// The fix as a patch of its lines.
fn fix_group<'a>(source: &'a Source, lines: &Lines, fix: &'a Fix) -> Option<Group<'a>> {
    let (around, first_line) = lines.around(fix.span, source.text());
    if around.len() > LONGEST_SNIPPET {
        return None;
    }
    let patch =
        annotate_snippets::Patch::new(fix.span.start - around.start..fix.span.end - around.start, &fix.replacement);
    let snippet = Snippet::source(&source.text()[around.start..around.end])
        .line_start(first_line)
        .path(source.name())
        .patch(patch);
    Some(Title::HELP.secondary_title(&fix.help).element(snippet))
}

#[cfg(all(test, feature = "cli"))]
mod tests;
