//! Making the edits that can be meant no other way. Comments and formatting stay: only the bytes of an edit change.

use crate::fault::Fix;
use crate::{Source, compile};

/// An edit can uncover another one; more rounds than this would mean that two of them undo each other.
const MAX_ROUNDS: usize = 32;

/// The source after every sure fix, and how many were made. Doing it again changes nothing.
pub fn mended(source: Source) -> (Source, usize) {
    let mut source = source;
    let mut count = 0;
    // Behind a byte that is not UTF-8 there may be text that is not seen here; it must not be lost.
    if !source.is_utf8() {
        return (source, count);
    }
    for _ in 0..MAX_ROUNDS {
        let edits = edits(&source);
        if edits.is_empty() {
            break;
        }
        count += edits.len();
        source = edited(&source, &edits);
    }
    (source, count)
}

/// The sure fixes in the order of their places, none of which touches another.
fn edits(source: &Source) -> Vec<Fix> {
    let mut fixes: Vec<Fix> = compile(source).faults.into_iter().filter_map(|fault| fault.fix).collect();
    fixes.retain(|fix| fix.sure && source.text()[fix.span.start..fix.span.end] != fix.replacement);
    fixes.sort_by_key(|fix| fix.span);
    let mut last = None;
    fixes.retain(|fix| {
        let fits = last.is_none_or(|end| fix.span.start > end);
        last = if fits { Some(fix.span.end) } else { last };
        fits
    });
    fixes
}

fn edited(source: &Source, edits: &[Fix]) -> Source {
    let text = source.text();
    // A byte order mark is no part of the text.
    let mut bytes = source.bytes()[..source.bytes().len() - text.len()].to_vec();
    let mut at = 0;
    for edit in edits {
        bytes.extend_from_slice(&text.as_bytes()[at..edit.span.start]);
        bytes.extend_from_slice(edit.replacement.as_bytes());
        at = edit.span.end;
    }
    bytes.extend_from_slice(&text.as_bytes()[at..]);
    Source::new(source.name(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{codes, file, route};

    fn mend(text: &str) -> (String, usize) {
        let (source, count) = mended(Source::new("routes.ron", text));
        (String::from_utf8(source.bytes().to_vec()).unwrap(), count)
    }

    #[test]
    fn comments_and_formatting_stay() {
        let text = "\u{feff}// first\r\nGateway(roles: {A: \"a\"} /* here */ , routes: [ // why\r\n  Route(path_prefix: \"a/\",\r\n     service: \"s\"   target: \"http://s/\", requird_role: A), // end\r\n])";
        let expected = text.replace("\"a/\"", "\"/a\"").replace("\"s\" ", "\"s\", ").replace("http://s/", "http://s");
        let expected = expected.replace("requird", "required");
        let (found, count) = mend(text);
        assert_eq!(found, expected);
        assert_eq!(count, 5);
        assert_eq!(mend(&found), (found.clone(), 0));
        assert_eq!(codes(&found), []);
    }

    #[test]
    fn roles_methods_and_queries_are_never_chosen_by_a_program() {
        for fields in ["required_role: Admim", "methods: [PSOT]", "path_prefix: \"/a?b\"", "rate_limit: Unlimited"] {
            let text = file(&[route(fields)]);
            assert_eq!(mend(&text), (text.clone(), 0), "{fields}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_left_alone() {
        let bytes = b"(routes: [] roles: {}) \xff".to_vec();
        assert_eq!(mended(Source::new("x", bytes.clone())).0.bytes(), bytes);
    }
}
