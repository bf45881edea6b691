//! A path prefix as written: its segments, or every rule that it breaks.

use std::ops::Range;

use gateway_table::{CanonicalPath, PathFault};

use crate::Code;

/// The longest prefix, in bytes; far more than a request line leaves room for.
const MAX_BYTES: usize = 1024;

/// A prefix that keeps all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    /// `{name}`: any one segment.
    Parameter(String),
}

/// A rule that a prefix breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatternFault {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) label: &'static str,
    /// The bytes of the prefix that break it; empty where none in particular do.
    pub(crate) range: Range<usize>,
    pub(crate) help: Option<&'static str>,
    /// The prefix as it should be.
    pub(crate) fixed: Option<String>,
}

impl Pattern {
    /// The pattern that `text` writes, or every rule that it breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<PatternFault>> {
        if text.len() > MAX_BYTES {
            let message = format!("this path is longer than {MAX_BYTES} bytes");
            return Err(vec![PatternFault::new(Code::PathTooLong, message, "too long", 0..0)]);
        }
        let mut faults = Vec::new();
        let path = without_query(text, &mut faults);
        if !path.starts_with('/') {
            faults.push(no_leading_slash(text, path));
        }
        let mut segments = Vec::new();
        let mut at = usize::from(path.starts_with('/'));
        if path.len() > at {
            for part in path[at..].split('/') {
                let place = at..at + part.len();
                at = place.end + 1;
                read_segment(path, part, place, &mut segments, &mut faults);
            }
        }
        if faults.is_empty() { Ok(Self { text: text.to_owned(), segments }) } else { Err(faults) }
    }

    /// The pattern with its parameters' names left out: two patterns with one shape match the same paths.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::with_capacity(self.text.len());
        for segment in &self.segments {
            shape.push('/');
            shape.push_str(match segment {
                Segment::Literal(literal) => literal,
                Segment::Parameter(_) => "{}",
            });
        }
        shape
    }

    /// The names of the parameters, and which segment each is.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, usize)> {
        self.segments.iter().enumerate().filter_map(|(index, segment)| match segment {
            Segment::Parameter(name) => Some((name.as_str(), index)),
            Segment::Literal(_) => None,
        })
    }
}

impl PatternFault {
    fn new(code: Code, message: impl Into<String>, label: &'static str, range: Range<usize>) -> Self {
        Self { code, message: message.into(), label, range, help: None, fixed: None }
    }
}

/// `text` up to its query or fragment.
fn without_query<'a>(text: &'a str, faults: &mut Vec<PatternFault>) -> &'a str {
    let Some(at) = text.find(['?', '#']) else { return text };
    let what = if text[at..].starts_with('?') { "query" } else { "fragment" };
    let mut fault = PatternFault::new(
        Code::QueryInPath,
        format!("a path prefix has no {what}"),
        "not part of the path",
        at..text.len(),
    );
    fault.help = Some("routes are told apart by path and method; a query goes along to the upstream as it is");
    fault.fixed = (at > 0).then(|| text[..at].to_owned());
    faults.push(fault);
    &text[..at]
}

fn no_leading_slash(text: &str, path: &str) -> PatternFault {
    let message = if path.is_empty() { "this path is empty" } else { "this path does not start with `/`" };
    let mut fault =
        PatternFault::new(Code::NoLeadingSlash, message, "never matches: the path of a request starts with `/`", 0..0);
    if path.contains("://") {
        fault.help = Some("a prefix is a path; the address of the upstream belongs into `target`");
    } else {
        fault.fixed = Some(format!("/{text}"));
    }
    fault
}

/// Reads the segment `part`, which stands at `place` of `path`.
fn read_segment(
    path: &str,
    part: &str,
    place: Range<usize>,
    segments: &mut Vec<Segment>,
    faults: &mut Vec<PatternFault>,
) {
    if part.contains(['{', '}']) && !part.contains('*') {
        match parameter(part, place, segments) {
            Ok(name) => segments.push(Segment::Parameter(name)),
            Err(fault) => faults.push(fault),
        }
    } else if let Some(fault) = literal_fault(path, part, place) {
        faults.push(fault);
    } else {
        segments.push(Segment::Literal(part.to_owned()));
    }
}

/// The name of the parameter that `part` writes.
fn parameter(part: &str, place: Range<usize>, segments: &[Segment]) -> Result<String, PatternFault> {
    let malformed = |message: String, label| {
        let mut fault = PatternFault::new(Code::BadParameter, message, label, place.clone());
        fault.help = Some("a parameter is a whole segment, a name in braces: `{name}`");
        fault
    };
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
        return Err(malformed(format!("`{part}` mixes text and braces"), "a parameter is a whole segment"));
    };
    if name.is_empty() {
        return Err(malformed("this parameter has no name".into(), "a name is missing"));
    }
    if !is_name(name) {
        let message = format!("`{}` is no name for a parameter", name.escape_debug());
        return Err(malformed(message, "expected letters, digits and `_`, not starting with a digit"));
    }
    if segments.iter().any(|segment| matches!(segment, Segment::Parameter(other) if other == name)) {
        let message = format!("this path has two parameters called `{name}`");
        return Err(PatternFault::new(Code::DuplicateParameter, message, "the second of that name", place));
    }
    Ok(name.to_owned())
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// What is wrong with a segment that is no parameter.
fn literal_fault(path: &str, part: &str, place: Range<usize>) -> Option<PatternFault> {
    let is_last = place.end == path.len();
    if part.is_empty() {
        return Some(empty_segment(path, place, is_last));
    }
    if part.contains('*') {
        let mut fault =
            PatternFault::new(Code::Wildcard, "a path prefix has no wildcards", "not a wildcard", place.clone());
        fault.help = Some("a prefix covers whatever is below it; `{name}` stands for any one segment");
        fault.fixed = (is_last && part.bytes().all(|byte| byte == b'*')).then(|| parent(path, place.start));
        return Some(fault);
    }
    let slashed = format!("/{part}");
    match CanonicalPath::new(&slashed) {
        Ok(canonical) if *canonical == *slashed => None,
        Ok(canonical) => Some(not_canonical(path, part, &canonical[1..], place)),
        Err(reason) => Some(ambiguous(reason, place)),
    }
}

fn empty_segment(path: &str, place: Range<usize>, is_last: bool) -> PatternFault {
    let slash = place.start.saturating_sub(1)..place.start;
    if is_last && !path.ends_with("//") {
        let message = "a path prefix does not end with `/`";
        let mut fault = PatternFault::new(Code::TrailingSlash, message, "one slash too many", slash);
        fault.help = Some("without it the prefix matches the path with the slash, too");
        fault.fixed = Some(parent(path, place.start));
        return fault;
    }
    let message = "this path has an empty segment";
    let mut fault =
        PatternFault::new(Code::NotCanonical, message, "never matches: `//` is refused in a request", slash);
    let kept: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    fault.fixed = Some(format!("/{}", kept.join("/")));
    fault
}

/// The path up to the slash in front of the segment that starts at `segment`.
fn parent(path: &str, segment: usize) -> String {
    let parent = path[..segment].trim_end_matches('/');
    if parent.is_empty() { "/".to_owned() } else { parent.to_owned() }
}

/// `part` is unambiguous, and yet not written as it is matched.
fn not_canonical(path: &str, part: &str, canonical: &str, place: Range<usize>) -> PatternFault {
    let fixed = format!("{}{canonical}{}", &path[..place.start], &path[place.end..]);
    let illegal = part.char_indices().find(|(_, character)| {
        !character.is_ascii() || matches!(character, ' ' | '"' | '<' | '>' | '^' | '`' | '|' | '[' | ']')
    });
    let mut fault = if let Some((at, character)) = illegal {
        let range = place.start + at..place.start + at + character.len_utf8();
        let message = format!("a path cannot have `{}` in it", character.escape_debug());
        PatternFault::new(Code::IllegalInPath, message, "must be percent-encoded", range)
    } else {
        let message = "this path is not in canonical form";
        PatternFault::new(Code::NotCanonical, message, "never matches: a request has it in canonical form", place)
    };
    fault.fixed = Some(fixed);
    fault
}

/// `part` could be read in two ways.
fn ambiguous(reason: PathFault, place: Range<usize>) -> PatternFault {
    let code = match reason {
        PathFault::BrokenEscape | PathFault::ControlByte | PathFault::Backslash => Code::IllegalInPath,
        PathFault::NotAbsolute
        | PathFault::EmptySegment
        | PathFault::DotSegment
        | PathFault::EncodedSlash
        | PathFault::NotInPath => Code::NotCanonical,
    };
    let message = format!("this path {}", reason.reason());
    PatternFault::new(code, message, "never matches: such a request is refused", place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of the first rule that `text` breaks, and the fix.
    fn broken(text: &str) -> (Code, Option<String>) {
        let fault = Pattern::parse(text).unwrap_err().remove(0);
        (fault.code, fault.fixed)
    }

    #[test]
    fn segments_are_literals_and_parameters() {
        let pattern = Pattern::parse("/api/{id}/x").unwrap();
        assert_eq!(pattern.shape(), "/api/{}/x");
        assert_eq!(pattern.parameters().collect::<Vec<_>>(), [("id", 1)]);
        assert!(Pattern::parse("/").unwrap().segments.is_empty());
    }

    #[test]
    fn every_rule_is_told_with_its_fix() {
        for (text, code, fixed) in [
            ("", Code::NoLeadingSlash, Some("/")),
            ("api", Code::NoLeadingSlash, Some("/api")),
            ("http://x/y", Code::NoLeadingSlash, None),
            ("/a?b", Code::QueryInPath, Some("/a")),
            ("/a#b", Code::QueryInPath, Some("/a")),
            ("/a/", Code::TrailingSlash, Some("/a")),
            ("/a//b", Code::NotCanonical, Some("/a/b")),
            ("//", Code::NotCanonical, Some("/")),
            ("/%61b", Code::NotCanonical, Some("/ab")),
            ("/%c3%a9", Code::NotCanonical, Some("/%C3%A9")),
            ("/a/../b", Code::NotCanonical, None),
            ("/a%2Fb", Code::NotCanonical, None),
            ("/a b", Code::IllegalInPath, Some("/a%20b")),
            ("/é", Code::IllegalInPath, Some("/%C3%A9")),
            ("/%zz", Code::IllegalInPath, None),
            ("/a\\b", Code::IllegalInPath, None),
            ("/a\0", Code::IllegalInPath, None),
            ("/a/*", Code::Wildcard, Some("/a")),
            ("/*", Code::Wildcard, Some("/")),
            ("/a*b/c", Code::Wildcard, None),
            ("/{}", Code::BadParameter, None),
            ("/a{b}", Code::BadParameter, None),
            ("/{a", Code::BadParameter, None),
            ("/{a-b}", Code::BadParameter, None),
            ("/{1a}", Code::BadParameter, None),
            ("/{a}/{a}", Code::DuplicateParameter, None),
        ] {
            assert_eq!(broken(text), (code, fixed.map(String::from)), "{text:?}");
        }
        assert_eq!(broken(&format!("/{}", "a".repeat(MAX_BYTES))).0, Code::PathTooLong);
    }

    #[test]
    fn several_rules_are_told_at_once() {
        assert_eq!(Pattern::parse("a b/{}/").unwrap_err().len(), 4);
    }
}
