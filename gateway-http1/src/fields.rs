//! Field lines: the sound lines of a head or of trailers in, names and values out, which share the head's memory.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::fault::FieldFault;

/// The field lines of a section, one after the other.
pub(crate) struct Fields<'a> {
    section: &'a Bytes,
    at: usize,
    left: usize,
}

impl<'a> Fields<'a> {
    /// The fields of `section`, which ends in an empty line, from `start` on; `limit` is the most that are taken.
    pub(crate) fn new(section: &'a Bytes, start: usize, limit: usize) -> Self {
        Self { section, at: start, left: limit }
    }

    /// The next field, or `None` at the empty line.
    pub(crate) fn next(&mut self) -> Result<Option<(HeaderName, HeaderValue)>, FieldFault> {
        let line = next_line(self.section, &mut self.at);
        if line.is_empty() {
            return Ok(None);
        }
        self.left = self.left.checked_sub(1).ok_or(FieldFault::TooMany)?;
        read_field(self.section, line).map(Some)
    }
}

/// Adds a field to those of the same name, if any.
pub(crate) fn append(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), FieldFault> {
    // A map has an end of its own, far beyond any sensible limit.
    headers.try_append(name, value).map(|_| ()).map_err(|_| FieldFault::TooMany)
}

/// The next line's place, without its end.
pub(crate) fn next_line(section: &[u8], at: &mut usize) -> Range<usize> {
    let start = *at;
    let length = memchr::memchr(b'\n', &section[start..]).expect("a section ends in an empty line");
    *at = start + length + 1;
    start..start + length - 1
}

fn read_field(section: &Bytes, line: Range<usize>) -> Result<(HeaderName, HeaderValue), FieldFault> {
    let bytes = &section[line.clone()];
    let Some(colon) = memchr::memchr(b':', bytes) else { return Err(name_fault(bytes, FieldFault::NoColon)) };
    let name = &bytes[..colon];
    let name = HeaderName::from_bytes(name).map_err(|_| name_fault(name, FieldFault::Name))?;
    let value = trimmed(section, line.start + colon + 1..line.end);
    let value =
        HeaderValue::from_maybe_shared(section.slice(value.clone())).map_err(|_| value_fault(&section[value]))?;
    Ok((name, value))
}

/// The part of `section` within `place` without spaces and tabs at either end.
fn trimmed(section: &[u8], mut place: Range<usize>) -> Range<usize> {
    while !place.is_empty() && is_blank(section[place.start]) {
        place.start += 1;
    }
    while !place.is_empty() && is_blank(section[place.end - 1]) {
        place.end -= 1;
    }
    place
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Says more exactly what is wrong with a name; `otherwise` if nothing more exact is known.
#[cold]
fn name_fault(name: &[u8], otherwise: FieldFault) -> FieldFault {
    match name {
        [first, ..] if is_blank(*first) => FieldFault::Folded,
        name if name.contains(&b'\r') => FieldFault::BareCarriageReturn,
        [.., last] if is_blank(*last) => FieldFault::SpaceBeforeColon,
        _ => otherwise,
    }
}

#[cold]
fn value_fault(value: &[u8]) -> FieldFault {
    if value.contains(&b'\r') { FieldFault::BareCarriageReturn } else { FieldFault::Value }
}
