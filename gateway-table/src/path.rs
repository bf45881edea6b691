//! The canonical path: made first, and then the same bytes for matching, for the role check and for the upstream.
//!
//! In: the path of a request target as it came. Out: a [`CanonicalPath`], or why the path is ambiguous.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// An absolute path in its one canonical form.
///
/// - It starts with `/`; no segment but the last is empty, and none is `.` or `..`.
/// - Percent-encoded unreserved characters are decoded, other escapes have upper-case digits (RFC 3986 §6.2.2).
/// - Bytes that RFC 3986 does not allow in a path (quotes, brackets other than `(` and `)`, `^`, `|`, non-ASCII) are
///   percent-encoded.
/// - It holds no backslash, no control byte, and no escape of `/`, of `\` or of a control byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPath<'a>(Cow<'a, str>);

/// Why a path has no canonical form: two readers of it could understand two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// It does not start with `/`.
    NotAbsolute,
    /// A `//` inside.
    EmptySegment,
    /// A segment is `.` or `..`, plain or percent-encoded.
    DotSegment,
    /// An encoded slash, `%2F`.
    EncodedSlash,
    /// A backslash, plain or encoded.
    Backslash,
    /// A control byte, plain or encoded.
    ControlByte,
    /// A `%` without two hexadecimal digits behind it.
    BrokenEscape,
    /// A `?` or `#`, which ends a path.
    NotInPath,
}

impl PathFault {
    /// What is wrong, as the end of a sentence that starts with "the path".
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotAbsolute => "does not start with `/`",
            Self::EmptySegment => "has an empty segment (`//`)",
            Self::DotSegment => "has a `.` or `..` segment",
            Self::EncodedSlash => "has an encoded slash (`%2F`)",
            Self::Backslash => "has a backslash",
            Self::ControlByte => "has a control character",
            Self::BrokenEscape => "has a `%` without two hexadecimal digits behind it",
            Self::NotInPath => "has a `?` or `#` in it",
        }
    }
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the path {}", self.reason())
    }
}

impl std::error::Error for PathFault {}

impl<'a> CanonicalPath<'a> {
    /// The canonical form of `raw`, the path of a request target without its query. A path that is canonical
    /// already is borrowed.
    ///
    /// # Errors
    ///
    /// Says why `raw` is ambiguous.
    pub fn new(raw: &'a str) -> Result<Self, PathFault> {
        let bytes = raw.as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(PathFault::NotAbsolute);
        }
        let path = match bytes.iter().position(|byte| !is_plain(*byte)) {
            None => Cow::Borrowed(raw),
            Some(first) => Cow::Owned(rewritten(raw, first)?),
        };
        check_segments(path.as_bytes())?;
        Ok(Self(path))
    }

    /// The `index`-th segment, counted from 0; empty where there is none.
    pub fn segment(&self, index: usize) -> &str {
        self.0.split('/').nth(index + 1).unwrap_or_default()
    }
}

impl Deref for CanonicalPath<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Whether a byte stands for itself in a canonical path: `pchar` of RFC 3986 without escapes, and `/`.
const fn is_plain(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            plain[byte as usize] = is_unreserved(byte)
                || matches!(
                    byte,
                    b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
                );
            byte += 1;
        }
        plain
    };
    PLAIN[byte as usize]
}

/// `unreserved` of RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `raw` with every byte from `first` on in its canonical form.
fn rewritten(raw: &str, first: usize) -> Result<String, PathFault> {
    let mut path = String::with_capacity(raw.len() + 16);
    path.push_str(&raw[..first]);
    let mut rest = &raw.as_bytes()[first..];
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if is_plain(byte) {
            path.push(char::from(byte));
            continue;
        }
        match byte {
            b'%' => {
                let (decoded, after) = decode_escape(rest)?;
                rest = after;
                if is_unreserved(decoded) {
                    path.push(char::from(decoded));
                } else {
                    push_escape(&mut path, decoded);
                }
            }
            b'\\' => return Err(PathFault::Backslash),
            b'?' | b'#' => return Err(PathFault::NotInPath),
            0..0x20 | 0x7f => return Err(PathFault::ControlByte),
            _ => push_escape(&mut path, byte),
        }
    }
    Ok(path)
}

/// The byte that the two digits at the start of `digits` stand for, and what is behind them.
fn decode_escape(digits: &[u8]) -> Result<(u8, &[u8]), PathFault> {
    let [high, low, rest @ ..] = digits else {
        return Err(PathFault::BrokenEscape);
    };
    let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low)) else {
        return Err(PathFault::BrokenEscape);
    };
    match high << 4 | low {
        b'/' => Err(PathFault::EncodedSlash),
        b'\\' => Err(PathFault::Backslash),
        0..0x20 | 0x7f => Err(PathFault::ControlByte),
        decoded => Ok((decoded, rest)),
    }
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn push_escape(path: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    path.push('%');
    path.push(char::from(DIGITS[usize::from(byte >> 4)]));
    path.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Refuses empty segments inside, and dot segments. `path` starts with `/`.
fn check_segments(path: &[u8]) -> Result<(), PathFault> {
    let mut at = 0;
    while at < path.len() {
        if path[at] == b'/' {
            match &path[at + 1..] {
                [b'/', ..] => return Err(PathFault::EmptySegment),
                [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..] => return Err(PathFault::DotSegment),
                _ => {}
            }
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(raw: &str) -> Result<String, PathFault> {
        CanonicalPath::new(raw).map(|path| path.to_string())
    }

    #[test]
    fn a_canonical_path_is_borrowed() {
        let path = CanonicalPath::new("/api/v1/agent/pump-7/status;v=1").unwrap();
        assert!(matches!(path.0, Cow::Borrowed(_)));
    }

    #[test]
    fn unreserved_escapes_are_decoded_and_others_kept_in_upper_case() {
        assert_eq!(canonical("/%61gent/%7Ex"), Ok("/agent/~x".into()));
        assert_eq!(canonical("/a%20b%c3%a9"), Ok("/a%20b%C3%A9".into()));
        assert_eq!(canonical("/100%25"), Ok("/100%25".into()));
    }

    #[test]
    fn bytes_that_no_path_may_have_are_encoded() {
        assert_eq!(canonical("/a|b{c}\"é"), Ok("/a%7Cb%7Bc%7D%22%C3%A9".into()));
    }

    #[test]
    fn letter_case_and_a_trailing_slash_are_kept() {
        assert_eq!(canonical("/Api/V1/"), Ok("/Api/V1/".into()));
        assert_eq!(canonical("/"), Ok("/".into()));
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for (raw, fault) in [
            ("", PathFault::NotAbsolute),
            ("*", PathFault::NotAbsolute),
            ("api", PathFault::NotAbsolute),
            ("//", PathFault::EmptySegment),
            ("/a//b", PathFault::EmptySegment),
            ("/a/b//", PathFault::EmptySegment),
            ("/.", PathFault::DotSegment),
            ("/..", PathFault::DotSegment),
            ("/a/../b", PathFault::DotSegment),
            ("/a/./b", PathFault::DotSegment),
            ("/a/%2e%2E/b", PathFault::DotSegment),
            ("/a/.%2e", PathFault::DotSegment),
            ("/a%2fb", PathFault::EncodedSlash),
            ("/a%2Fb", PathFault::EncodedSlash),
            ("/a\\b", PathFault::Backslash),
            ("/a%5cb", PathFault::Backslash),
            ("/a%00", PathFault::ControlByte),
            ("/a\nb", PathFault::ControlByte),
            ("/a%0a", PathFault::ControlByte),
            ("/a%7F", PathFault::ControlByte),
            ("/%", PathFault::BrokenEscape),
            ("/%4", PathFault::BrokenEscape),
            ("/%4g", PathFault::BrokenEscape),
            ("/a?b", PathFault::NotInPath),
            ("/a#b", PathFault::NotInPath),
        ] {
            assert_eq!(canonical(raw), Err(fault), "{raw:?}");
        }
    }

    #[test]
    fn dots_inside_a_segment_are_no_dot_segments() {
        for raw in ["/...", "/a..", "/..a", "/.well-known/x", "/a.b/.c"] {
            assert_eq!(canonical(raw), Ok(raw.into()));
        }
    }

    #[test]
    fn segments_are_counted_from_zero() {
        let path = CanonicalPath::new("/a/b/c").unwrap();
        assert_eq!((path.segment(0), path.segment(2), path.segment(3)), ("a", "c", ""));
    }

    proptest! {
        #[test]
        fn making_canonical_twice_changes_nothing(raw in "(/([a-c.%25\\\\é|~ ]|%[0-9a-fA-F]{2}){0,6}){1,4}/?") {
            if let Ok(once) = canonical(&raw) {
                prop_assert_eq!(canonical(&once), Ok(once));
            }
        }

        #[test]
        fn any_text_is_canonical_or_refused_without_a_panic(raw in "\\PC{0,40}") {
            if let Ok(path) = canonical(&raw) {
                prop_assert!(path.starts_with('/'));
                prop_assert!(path.bytes().all(|byte| is_plain(byte) || byte == b'%'));
            }
        }

        #[test]
        fn an_encoded_spelling_means_the_same_path(path in "(/[a-zA-Z0-9_~-]{1,6}){1,4}") {
            let encoded: String = path.bytes().map(|byte| match byte {
                b'/' => "/".to_owned(),
                byte => format!("%{byte:02x}"),
            }).collect();
            prop_assert_eq!(canonical(&encoded), Ok(path));
        }
    }
}
