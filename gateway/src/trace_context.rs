//! The trace that a request belongs to: `traceparent` and `tracestate` of W3C Trace Context.
//!
//! In: a request's fields. Out: its trace, the client's or a new one, and the fields that say so to the upstream.

use http::{HeaderMap, HeaderName};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// How long a `traceparent` of version 00 is.
const LENGTH: usize = 55;
/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;
/// The flag of a trace whose id is random.
const RANDOM: u8 = 2;
/// How many entries a `tracestate` may have.
const MOST_ENTRIES: usize = 32;

/// The trace of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace_id: [u8; 16],
    /// The span that the client's side is in; none where the trace begins here.
    parent_id: Option<[u8; 8]>,
    /// The span that upstreams are told of.
    span_id: [u8; 8],
    flags: u8,
    /// Whether the gateway makes a span of the request.
    is_recorded: bool,
}

/// Where a span stands.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only OTLP has spans"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanIds {
    pub(crate) trace: [u8; 16],
    pub(crate) own: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
}

/// A trace as a field has it.
struct Parent {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

impl TraceContext {
    /// The trace that the fields name, or a new one. `is_recorded` says whether the gateway makes a span of the request.
    pub(crate) fn of(headers: &HeaderMap, is_recorded: bool) -> Self {
        let mut fields = headers.get_all(TRACEPARENT).iter();
        let parent = match (fields.next(), fields.next()) {
            (Some(field), None) => parse(field.as_bytes()),
            _ => None,
        };
        let recorded = if is_recorded { SAMPLED } else { 0 };
        match parent {
            Some(parent) => Self {
                trace_id: parent.trace_id,
                parent_id: Some(parent.span_id),
                // A span that nobody records would be a hole in the trace.
                span_id: if is_recorded { new_span_id() } else { parent.span_id },
                flags: parent.flags | recorded,
                is_recorded,
            },
            None => Self {
                trace_id: fastrand::u128(1..).to_be_bytes(),
                parent_id: None,
                span_id: new_span_id(),
                flags: RANDOM | recorded,
                is_recorded,
            },
        }
    }

    /// Whether the client's `tracestate` goes on: what belongs to a trace that could not be read belongs to no trace.
    pub(crate) fn keeps_state(&self, headers: &HeaderMap) -> bool {
        self.parent_id.is_some() && has_state(headers)
    }

    /// The trace's id in hexadecimal digits.
    pub(crate) fn trace_id(&self) -> [u8; 32] {
        let mut text = [0; 32];
        write_hex(&mut text, &self.trace_id);
        text
    }

    /// The gateway's own span, where it makes one: its trace, its id, and its parent.
    pub(crate) fn span(&self) -> Option<SpanIds> {
        self.is_recorded.then_some(SpanIds { trace: self.trace_id, own: self.span_id, parent: self.parent_id })
    }

    /// What an upstream is told in `traceparent`.
    pub(crate) fn traceparent(&self) -> [u8; LENGTH] {
        let mut text = *b"00--                                                   ";
        write_hex(&mut text[3..35], &self.trace_id);
        text[35] = b'-';
        write_hex(&mut text[36..52], &self.span_id);
        text[52] = b'-';
        write_hex(&mut text[53..], &[self.flags]);
        text
    }
}

fn new_span_id() -> [u8; 8] {
    fastrand::u64(1..).to_be_bytes()
}

/// A `traceparent`, of this version or a later one; `None` for what must be ignored.
fn parse(field: &[u8]) -> Option<Parent> {
    let (known, rest) = field.split_at_checked(LENGTH)?;
    let version = read_hex::<1>(&known[..2])?[0];
    let is_whole = if version == 0 { rest.is_empty() } else { rest.is_empty() || rest[0] == b'-' };
    let has_dashes = [2, 35, 52].into_iter().all(|at| known[at] == b'-');
    if version == 0xff || !is_whole || !has_dashes {
        return None;
    }
    let (trace_id, span_id) = (read_hex::<16>(&known[3..35])?, read_hex::<8>(&known[36..52])?);
    if trace_id == [0; 16] || span_id == [0; 8] {
        return None;
    }
    let flags = read_hex::<1>(&known[53..])?[0];
    Some(Parent { trace_id, span_id, flags: flags & (SAMPLED | RANDOM) })
}

/// Lower-case hexadecimal digits as bytes; capitals are not allowed.
fn read_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn write_hex(text: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Whether the `tracestate` fields together are a list as the standard has it, with anything in it.
fn has_state(headers: &HeaderMap) -> bool {
    let mut keys: Vec<&str> = Vec::new();
    for field in headers.get_all(TRACESTATE) {
        let Ok(field) = field.to_str() else { return false };
        for entry in field.split(',').map(|entry| entry.trim_matches([' ', '\t'])).filter(|entry| !entry.is_empty()) {
            let Some((key, value)) = entry.split_once('=') else { return false };
            if !is_key(key) || !is_value(value) || keys.contains(&key) || keys.len() == MOST_ENTRIES {
                return false;
            }
            keys.push(key);
        }
    }
    !keys.is_empty()
}

fn is_key(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let starts_well = key.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    key.len() <= 256 && starts_well && key.bytes().all(is_plain)
}

fn is_value(value: &str) -> bool {
    (1..=256).contains(&value.len()) && value.bytes().all(|byte| (0x20..=0x7e).contains(&byte) && byte != b'=')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(fields: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    /// What an upstream gets of these fields: `traceparent` and `tracestate`.
    fn passed_on(fields: &[(HeaderName, &str)], is_recorded: bool) -> (String, Option<String>) {
        let headers = headers(fields);
        let trace = TraceContext::of(&headers, is_recorded);
        let state = headers.get(TRACESTATE).filter(|_| trace.keeps_state(&headers));
        let parent = String::from_utf8(trace.traceparent().to_vec()).unwrap();
        (parent, state.map(|state| state.to_str().unwrap().to_owned()))
    }

    #[test]
    fn a_trace_that_is_not_recorded_here_goes_on_as_it_came() {
        let fields = [(TRACEPARENT, PARENT), (TRACESTATE, "congo=t61rcWkgMzE, rojo@vendor=1")];
        assert_eq!(passed_on(&fields, false), (PARENT.into(), Some("congo=t61rcWkgMzE, rojo@vendor=1".into())));
    }

    #[test]
    fn a_state_with_nothing_in_it_goes_no_further() {
        for empty in ["", " ", ",", " , "] {
            assert_eq!(
                passed_on(&[(TRACEPARENT, PARENT), (TRACESTATE, empty)], false),
                (PARENT.into(), None),
                "{empty:?}"
            );
        }
    }

    #[test]
    fn a_recorded_one_keeps_its_trace_and_has_a_new_parent() {
        let unsampled = PARENT.replace("-01", "-00");
        let (passed, state) = passed_on(&[(TRACEPARENT, &unsampled), (TRACESTATE, "a=b")], true);
        assert!(passed.starts_with(&PARENT[..36]) && passed.ends_with("-01"), "{passed}");
        assert_ne!(&passed[36..52], &PARENT[36..52]);
        assert_eq!(state.as_deref(), Some("a=b"));
    }

    #[test]
    fn what_is_no_trace_is_replaced_by_a_new_one_and_its_state_dropped() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let long = format!("{PARENT}-x");
        let upper = PARENT.to_uppercase();
        let wrong = [
            zero_trace,
            zero_span,
            &long,
            &upper,
            &PARENT[1..],
            "",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ];
        for parent in wrong {
            let (passed, state) = passed_on(&[(TRACEPARENT, parent), (TRACESTATE, "a=b")], false);
            assert!(parse(passed.as_bytes()).is_some() && passed.ends_with("-02") && passed != parent, "{parent}");
            assert_eq!(state, None, "{parent}");
        }
        let (passed, _) = passed_on(&[(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)], false);
        assert_ne!(passed, PARENT, "two parents are none");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known_and_written_as_this_one() {
        for later in [
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-what",
        ] {
            assert_eq!(passed_on(&[(TRACEPARENT, later)], false).0, PARENT);
        }
        let (passed, _) =
            passed_on(&[(TRACEPARENT, "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what")], false);
        assert_ne!(&passed[3..35], &PARENT[3..35]);
    }

    #[test]
    fn a_state_that_breaks_the_rules_is_dropped() {
        let many = (0..33).map(|index| format!("k{index}=v")).collect::<Vec<_>>().join(",");
        for state in ["a", "A=b", "a=b,a=c", "a=", "a=b=c", "=b", &many] {
            assert_eq!(
                passed_on(&[(TRACEPARENT, PARENT), (TRACESTATE, state)], false),
                (PARENT.into(), None),
                "{state}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_make_a_valid_trace(field in proptest::collection::vec(any::<u8>(), 0..80), is_recorded: bool) {
            let mut fields = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&field) {
                fields.insert(TRACEPARENT, value);
            }
            prop_assert!(parse(&TraceContext::of(&fields, is_recorded).traceparent()).is_some());
        }

        #[test]
        fn every_valid_trace_keeps_its_id(trace in 1_u128.., span in 1_u64.., flags in 0_u8..4) {
            let field = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
            let fields = headers(&[(TRACEPARENT, &field)]);
            let context = TraceContext::of(&fields, false);
            let id = format!("{trace:032x}");
            prop_assert_eq!(&context.trace_id()[..], id.as_bytes());
            prop_assert_eq!(passed_on(&[(TRACEPARENT, &field)], false).0, field);
        }
    }
}
