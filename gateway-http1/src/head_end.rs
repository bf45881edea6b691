//! Where a head, or trailers, end: bytes in, the place after the empty line out, no byte looked at twice.

use crate::fault::FieldFault;

/// The place after the first empty line. `scanned` remembers between calls how far there is none.
///
/// It stops at the first line that ends in a bare line feed, so that all after it may take lines to be sound.
pub(crate) fn find(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, FieldFault> {
    let (words, rest) = bytes[*scanned..].as_chunks::<WORD>();
    let mut at = *scanned;
    for word in words {
        let mut feeds = line_feeds(u64::from_le_bytes(*word));
        while feeds != 0 {
            let before = &bytes[..at + feeds.trailing_zeros() as usize / 8];
            if ends_in_empty_line(before)? {
                return Ok(Some(before.len() + 1));
            }
            feeds &= feeds - 1;
        }
        at += WORD;
    }
    for (offset, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let before = &bytes[..at + offset];
        if ends_in_empty_line(before)? {
            return Ok(Some(before.len() + 1));
        }
    }
    *scanned = bytes.len();
    Ok(None)
}

/// How many bytes are looked at together. Lines are short: to look for the end of each by itself costs more than this.
const WORD: usize = size_of::<u64>();

/// The highest bit of every byte that is a line feed.
const fn line_feeds(word: u64) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; WORD]);
    let others = word ^ u64::from_ne_bytes([b'\n'; WORD]);
    // No byte carries into the next: each has its highest bit set unless it is zero.
    !(((others & LOW) + LOW) | others | LOW)
}

/// Whether what stands before a line feed ends in an empty line.
fn ends_in_empty_line(before: &[u8]) -> Result<bool, FieldFault> {
    let line = before.strip_suffix(b"\r").ok_or(FieldFault::BareLineFeed)?;
    Ok(line.is_empty() || line.ends_with(b"\r\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, one byte after the other.
    fn plainly(bytes: &[u8]) -> Result<Option<usize>, FieldFault> {
        for at in (0..bytes.len()).filter(|at| bytes[*at] == b'\n') {
            if ends_in_empty_line(&bytes[..at])? {
                return Ok(Some(at + 1));
            }
        }
        Ok(None)
    }

    proptest! {
        #[test]
        fn the_end_is_where_a_byte_wise_look_finds_it_however_it_comes(
            bytes in "(([a\u{8a}\u{a}\u{b}\u{9}]{0,12})\r\n){0,6}(\r\n|\n|a)?[a\r\n]{0,20}",
            cut in 0_usize..80,
        ) {
            let bytes = bytes.as_bytes();
            let mut scanned = 0;
            let first = find(&bytes[..cut.min(bytes.len())], &mut scanned);
            let found = match first {
                Ok(None) => find(bytes, &mut scanned),
                ended => ended,
            };
            prop_assert_eq!(format!("{found:?}"), format!("{:?}", plainly(bytes)));
        }
    }
}
