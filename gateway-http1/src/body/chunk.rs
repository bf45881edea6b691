//! A chunk's frame: the line with its size before the data, CR LF after it.

use bytes::{Buf, BytesMut};

use crate::fault::BodyFault;

/// The longest line with a chunk's size, its end included.
const LONGEST_LINE: usize = 256;
/// The most bytes of extensions in a whole body, so that tiny chunks cannot carry a flood of them.
pub(super) const MOST_EXTENSIONS: usize = 16 * 1024;
/// The most digits: what a `u64` holds.
const MOST_DIGITS: usize = 16;

/// The line with a chunk's size.
pub(super) enum SizeLine {
    Unfinished,
    Whole(u64),
}

/// Takes the line with a chunk's size off the front of `buffer`. Extensions are looked at and forgotten.
pub(super) fn take_size(buffer: &mut BytesMut, extensions_left: &mut usize) -> Result<SizeLine, BodyFault> {
    let within = &buffer[..buffer.len().min(LONGEST_LINE)];
    let Some(end) = memchr::memchr(b'\n', within) else {
        return if within.len() < LONGEST_LINE { Ok(SizeLine::Unfinished) } else { Err(BodyFault::ChunkLineTooLong) };
    };
    let line = within[..end].strip_suffix(b"\r").ok_or(BodyFault::ChunkSize)?;
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (size, extension) = (read_size(&line[..digits])?, &line[digits..]);
    if !extension.is_empty() {
        check_extension(extension)?;
        *extensions_left = extensions_left.checked_sub(extension.len()).ok_or(BodyFault::ChunkLineTooLong)?;
    }
    buffer.advance(end + 1);
    Ok(SizeLine::Whole(size))
}

fn read_size(digits: &[u8]) -> Result<u64, BodyFault> {
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return Err(BodyFault::ChunkSize);
    }
    Ok(digits.iter().fold(0, |size, &digit| size << 4 | u64::from(value_of(digit))))
}

fn value_of(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        // The letters' lower four bits count from 1.
        _ => (digit & 0x0f) + 9,
    }
}

/// A semicolon, after whitespace at most, and no control byte.
fn check_extension(extension: &[u8]) -> Result<(), BodyFault> {
    let first = extension.iter().find(|&&byte| byte != b' ' && byte != b'\t');
    let is_sound = extension.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control());
    if first == Some(&b';') && is_sound { Ok(()) } else { Err(BodyFault::ChunkExtension) }
}

/// Takes CR LF off the front of `buffer`; false if more bytes must come first.
pub(super) fn take_end(buffer: &mut BytesMut) -> Result<bool, BodyFault> {
    match buffer[..] {
        [] | [b'\r'] => Ok(false),
        [b'\r', b'\n', ..] => {
            buffer.advance(2);
            Ok(true)
        }
        _ => Err(BodyFault::ChunkEnd),
    }
}
