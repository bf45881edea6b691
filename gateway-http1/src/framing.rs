//! What the fields say of the body's end and of the connection's: each field is noted as it is read.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderName, Version};

use crate::body_length::BodyLength;
use crate::fault::FramingFault;

/// What the fields seen so far announce.
#[derive(Default)]
pub(crate) struct Announced {
    length: Option<u64>,
    is_chunked: bool,
    says_close: bool,
    says_keep_alive: bool,
    pub(crate) expectation: Option<Expectation>,
}

/// What the client wants to be told before it sends the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// `100-continue`.
    Continue,
    /// Something that nobody knows.
    Unknown,
}

impl Announced {
    /// Takes notice of a field.
    pub(crate) fn note(&mut self, name: &HeaderName, value: &[u8]) -> Result<(), FramingFault> {
        match *name {
            CONTENT_LENGTH => self.note_length(value)?,
            TRANSFER_ENCODING => self.note_coding(value)?,
            CONNECTION => self.note_connection(value),
            EXPECT => self.note_expectation(value),
            _ => {}
        }
        Ok(())
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), FramingFault> {
        let length = read_number(value).ok_or(FramingFault::Length)?;
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(FramingFault::RepeatedLength),
        }
    }

    fn note_coding(&mut self, value: &[u8]) -> Result<(), FramingFault> {
        if self.is_chunked {
            return Err(FramingFault::RepeatedCoding);
        }
        self.is_chunked = is_chunked(value);
        if self.is_chunked { Ok(()) } else { Err(coding_fault(value)) }
    }

    fn note_connection(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            self.says_close |= option.eq_ignore_ascii_case(b"close");
            self.says_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn note_expectation(&mut self, value: &[u8]) {
        let is_known = value.eq_ignore_ascii_case(b"100-continue") && self.expectation != Some(Expectation::Unknown);
        self.expectation = Some(if is_known { Expectation::Continue } else { Expectation::Unknown });
    }

    /// How long the fields say that the body is; `None` if they do not.
    pub(crate) fn body(&self, version: Version) -> Result<Option<BodyLength>, FramingFault> {
        match (self.is_chunked, self.length) {
            (false, length) => Ok(length.map(BodyLength::Exact)),
            (true, Some(_)) => Err(FramingFault::LengthBesideCoding),
            (true, None) if version == Version::HTTP_10 => Err(FramingFault::CodingInOldVersion),
            (true, None) => Ok(Some(BodyLength::Chunked)),
        }
    }

    /// Whether the connection is to be used again: RFC 9112, section 9.3.
    pub(crate) fn is_persistent(&self, version: Version) -> bool {
        !self.says_close && (version != Version::HTTP_10 || self.says_keep_alive)
    }
}

fn is_chunked(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"chunked")
}

/// Why a `Transfer-Encoding` that is not `chunked` alone is refused.
#[cold]
fn coding_fault(value: &[u8]) -> FramingFault {
    let mut codings = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).rev();
    let is_misplaced = |coding: &[u8]| coding.is_empty() || is_chunked(coding);
    let last = codings.next().unwrap_or_default();
    if last.is_empty() || codings.any(is_misplaced) { FramingFault::Coding } else { FramingFault::UnknownCoding }
}

/// A number of decimal digits and nothing else.
fn read_number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |number, byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}
