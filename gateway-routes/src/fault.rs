//! A fault is data: what is wrong, where, and how to mend it. Printing it is the renderer's work.

use crate::{Code, Span};

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The file does not build.
    Error,
    /// The file builds, and its author should know.
    Warning,
}

impl Level {
    /// Its name, as programs read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something wrong in a route file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which mistake it is.
    pub code: Code,
    /// How bad it is here: the code's own level, or what the file's `lints` make of it.
    pub level: Level,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; the first is the primary one, where the author must look.
    pub labels: Vec<Label>,
    /// What else explains it.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Vec<String>,
    /// The edit that mends it, where one is surely right.
    pub fix: Option<Fix>,
    /// The route that it is about, counted from 0; that route's `allow` may silence it.
    pub route: Option<usize>,
}

/// A place, and what it has to do with the fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there to see; may be empty.
    pub text: String,
    /// Whether the author must look here first.
    pub primary: bool,
}

/// An edit of the route file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it says, as a help line.
    pub help: String,
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
    /// Whether it can be meant no other way, so that a program may make the edit; a guess is the author's to confirm.
    pub sure: bool,
}

impl Fault {
    /// A fault of this code at this place, with the text that the place's label shows.
    pub(crate) fn new(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        Self {
            code,
            level: code.level(),
            message: printable(message),
            labels: vec![Label { span, text: printable(label), primary: true }],
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
            route: None,
        }
    }

    /// What the primary place conflicts with.
    #[must_use]
    pub(crate) fn and(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: printable(label), primary: false });
        self
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(printable(note));
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(printable(help));
        self
    }

    /// The edit that mends it.
    #[must_use]
    pub(crate) fn fix(mut self, help: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { help: help.into(), span, replacement: replacement.into(), sure: true });
        self
    }

    /// The edit that most likely mends it. Only its author knows: a role or a method is never chosen by a program.
    #[must_use]
    pub(crate) fn guess(self, help: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix(help, span, replacement).unsure()
    }

    /// The same with a fix that is the author's to confirm.
    #[must_use]
    pub(crate) fn unsure(mut self) -> Self {
        self.fix = self.fix.map(|fix| Fix { sure: false, ..fix });
        self
    }

    /// A warning here, whatever its code is elsewhere.
    #[must_use]
    pub(crate) fn warning(mut self) -> Self {
        self.level = Level::Warning;
        self
    }

    /// The route that the fault is about.
    #[must_use]
    pub(crate) fn of_route(mut self, route: usize) -> Self {
        self.route = Some(route);
        self
    }

    /// Where the author must look.
    pub fn place(&self) -> Span {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }

    /// Every line of help, the fix told in words among them.
    pub fn help_lines(&self) -> impl Iterator<Item = String> {
        let fix = self.fix.iter().map(|fix| match fix.replacement.as_str() {
            "" => fix.help.clone(),
            replacement => format!("{}: `{replacement}`", fix.help),
        });
        fix.chain(self.help.iter().cloned())
    }
}

/// A text of ours with a file's words in it, safe for a terminal and a line of a log: control characters are escaped.
fn printable(text: impl Into<String>) -> String {
    let text = text.into();
    if !text.contains(char::is_control) {
        return text;
    }
    let mut printable = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let fault = Fault::new(Code::BadUnit, "`\u{1b}[31m` is no time", Span::default(), "a\nb").help("é");
        assert_eq!(fault.message, "`\\u{1b}[31m` is no time");
        assert_eq!((fault.labels[0].text.as_str(), fault.help[0].as_str()), ("a\\nb", "é"));
    }
}
