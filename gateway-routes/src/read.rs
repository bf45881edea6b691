//! From text to the route file as written, with places. In: text. Out: a [`RouteFile`] of whatever could be read, and faults.
//!
//! Three steps, each a file: the [`lexer`] finds tokens, the [`parser`] makes a [`tree`] of them, and [`forms`] reads the route
//! language out of the tree. Brackets and commas are ours, because ron stops at its first error and has no places for values;
//! what stands in a text or a number is decoded by ron, so that there is one grammar of scalars. A property test holds both
//! readers against each other.

mod choices;
mod expectations;
mod form;
mod forms;
mod lexer;
mod parser;
mod policies;
mod scalar;
mod scalars;
mod tree;

use crate::fault::Fault;
use crate::route_file::RouteFile;
use crate::{Code, Source, Span};

/// The route file of `source`, as far as it can be read; faults go to `faults`.
pub(crate) fn read(source: &Source, faults: &mut Vec<Fault>) -> Option<RouteFile> {
    let text = source.text();
    if !source.is_utf8() {
        let place = Span::new(text.len(), text.len());
        let fault =
            Fault::new(Code::NotUtf8, "the file is not UTF-8", place, "the first byte that is not UTF-8 is here");
        faults.push(fault.help("save the file as UTF-8"));
        return None;
    }
    let tree = parser::parse(text, faults)?;
    forms::read_gateway(text, &tree, faults)
}

/// Whether ron's grammar holds `text` for well-formed, whatever it means. For the test that compares us with ron.
#[cfg(test)]
fn is_well_formed(text: &str) -> bool {
    let mut faults = Vec::new();
    parser::parse(text, &mut faults);
    faults.is_empty()
}

#[cfg(test)]
mod tests;
