//! The request line: one line in, method, target and version out.

use std::ops::Range;

use bytes::Bytes;
use http::uri::Authority;
use http::{Method, Uri, Version};

use crate::fault::{FieldFault, RequestFault};
use crate::version::{self, Named};

/// The longest target that `http` takes.
const LONGEST_TARGET: usize = u16::MAX as usize - 1;

/// Reads the line at `place`: three words with one space between them.
pub(crate) fn read(head: &Bytes, place: Range<usize>) -> Result<(Method, Uri, Version), RequestFault> {
    let line = &head[place.clone()];
    let method_end = memchr::memchr(b' ', line).ok_or_else(|| line_fault(line))?;
    let target_end = memchr::memrchr(b' ', line).filter(|&end| end > method_end).ok_or_else(|| line_fault(line))?;
    let version = match version::read(&line[target_end + 1..]) {
        Some(Named::One(version)) => version,
        Some(Named::Other) => return Err(RequestFault::Version),
        None => return Err(line_fault(line)),
    };
    let method = Method::from_bytes(&line[..method_end]).map_err(|_| RequestFault::Method)?;
    let target = read_target(&method, head.slice(place.start + method_end + 1..place.start + target_end))?;
    Ok((method, target, version))
}

fn read_target(method: &Method, target: Bytes) -> Result<Uri, RequestFault> {
    if target.is_empty() {
        return Err(RequestFault::Line);
    }
    if target.len() > LONGEST_TARGET {
        return Err(RequestFault::LineTooLong);
    }
    if !target.iter().fold(true, |sound, &byte| sound & may_stand_in_target(byte)) {
        return Err(if target.contains(&b' ') { RequestFault::Line } else { RequestFault::Target });
    }
    let target = Uri::from_maybe_shared(target).map_err(|_| RequestFault::Target)?;
    if is_form_of(method, &target) { Ok(target) } else { Err(RequestFault::Target) }
}

/// Visible ASCII; no `#`, since a fragment is the client's own and is never sent.
fn may_stand_in_target(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}

/// Whether the target is of a form that the method takes: RFC 9112, section 3.2.
fn is_form_of(method: &Method, target: &Uri) -> bool {
    match (target.scheme(), target.authority()) {
        (None, Some(authority)) => method == Method::CONNECT && names_host(authority) && authority.port().is_some(),
        _ if method == Method::CONNECT => false,
        (None, None) => target.path() != "*" || method == Method::OPTIONS,
        (Some(scheme), Some(authority)) => begins_with_letter(scheme.as_str()) && names_host(authority),
        (Some(_), None) => false,
    }
}

/// As every scheme does; `http` would take one that is empty.
fn begins_with_letter(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// A host there must be; a user's name there must not: RFC 9110, section 4.2.4, has it taken for a trick.
fn names_host(authority: &Authority) -> bool {
    !authority.host().is_empty() && !authority.as_str().contains('@')
}

#[cold]
fn line_fault(line: &[u8]) -> RequestFault {
    if line.contains(&b'\r') { FieldFault::BareCarriageReturn.into() } else { RequestFault::Line }
}
