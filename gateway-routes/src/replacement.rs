//! The text of `Replace("…")`, taken apart into literals and parameters.

use std::ops::Range;

/// A part of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Literal(&'a str),
    /// The name in a pair of braces.
    Parameter(&'a str),
}

/// The parts of `text` and where they stand in it. A brace without a match is a part of a literal.
pub(crate) fn parts(text: &str) -> Vec<(Part<'_>, Range<usize>)> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let closed = rest.strip_prefix('{').and_then(|inside| inside.find(['{', '}', '/']).map(|end| (inside, end)));
        match closed {
            Some((inside, end)) if inside[end..].starts_with('}') => {
                parts.push((Part::Parameter(&inside[..end]), at..at + end + 2));
                at += end + 2;
            }
            _ => {
                let length =
                    rest.char_indices().skip(1).find(|(_, next)| *next == '{').map_or(rest.len(), |(next, _)| next);
                parts.push((Part::Literal(&rest[..length]), at..at + length));
                at += length;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_parameters_alternate() {
        let parts: Vec<Part<'_>> = parts("/x/{id}/y{a}").into_iter().map(|(part, _)| part).collect();
        assert_eq!(parts, [Part::Literal("/x/"), Part::Parameter("id"), Part::Literal("/y"), Part::Parameter("a")]);
    }

    #[test]
    fn a_lone_brace_stays_in_its_literal() {
        assert_eq!(parts("{a/b}"), [(Part::Literal("{a/b}"), 0..5)]);
        assert_eq!(parts("/{"), [(Part::Literal("/"), 0..1), (Part::Literal("{"), 1..2)]);
    }
}
