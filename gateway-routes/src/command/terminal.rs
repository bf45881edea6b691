//! Standard output and standard error, as they are: a terminal or none, open or closed.

use std::io::{self, IsTerminal, Write};

use crate::render::Style;

/// How messages are printed: coloured on a terminal, unless `NO_COLOR` is set.
pub(super) fn style() -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Style {
        color: io::stderr().is_terminal() && !no_color,
        width: width.filter(|width| (40..=400).contains(width)).unwrap_or(Style::PLAIN.width),
    }
}

/// Writes data. Who reads no further has what they wanted: a closed pipe is not an error.
pub(super) fn data(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Writes a message, as far as there is anybody to read it.
pub(super) fn message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
