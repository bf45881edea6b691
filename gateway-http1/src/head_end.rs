//! Where a head, or trailers, end: bytes in, the place after the empty line out, no byte looked at twice.

use crate::fault::FieldFault;

/// The place after the first empty line. `scanned` remembers between calls how far there is none.
///
/// It stops at the first line that ends in a bare line feed, so that all after it may take lines to be sound.
pub(crate) fn find(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, FieldFault> {
    for offset in memchr::memchr_iter(b'\n', &bytes[*scanned..]) {
        let before = &bytes[..*scanned + offset];
        let line = before.strip_suffix(b"\r").ok_or(FieldFault::BareLineFeed)?;
        if line.is_empty() || line.ends_with(b"\r\n") {
            return Ok(Some(before.len() + 1));
        }
    }
    *scanned = bytes.len();
    Ok(None)
}
