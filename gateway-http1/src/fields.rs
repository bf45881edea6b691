//! Field lines: the sound lines of a head or of trailers in, names and values out, which share the head's memory.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::fault::FieldFault;

/// Appends the fields of `section`, from `at` to its empty line, to `headers`; at most `most`, and those alone that `admit` wants.
///
/// It is one function, and a closure rather than an iterator, because moving a name and a value from hand to hand costs
/// more than reading them.
pub(crate) fn read<F: From<FieldFault>>(
    section: &Bytes,
    mut at: usize,
    mut most: usize,
    headers: &mut HeaderMap,
    mut admit: impl FnMut(&HeaderName, &[u8]) -> Result<bool, F>,
) -> Result<(), F> {
    loop {
        let line = next_line(section, &mut at);
        if line.is_empty() {
            return Ok(());
        }
        most = most.checked_sub(1).ok_or(FieldFault::TooMany)?;
        let colon = find_colon(&section[line.clone()])?;
        let name = &section[line.start..line.start + colon];
        let name = HeaderName::from_bytes(name).map_err(|_| name_fault(name, FieldFault::Name))?;
        let value = trimmed(section, line.start + colon + 1..line.end);
        let value = section.slice(value);
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| value_fault(&section[line]))?;
        if admit(&name, value.as_bytes())? {
            // A map has an end of its own, far beyond any sensible limit.
            headers.try_append(name, value).map_err(|_| FieldFault::TooMany)?;
        }
    }
}

/// The next line's place, without its end.
pub(crate) fn next_line(section: &[u8], at: &mut usize) -> Range<usize> {
    let start = *at;
    let length = memchr::memchr(b'\n', &section[start..]).expect("a section ends in an empty line");
    *at = start + length + 1;
    start..start + length - 1
}

fn find_colon(line: &[u8]) -> Result<usize, FieldFault> {
    memchr::memchr(b':', line).ok_or_else(|| name_fault(line, FieldFault::NoColon))
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
