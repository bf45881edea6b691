//! A route file before anything is known about it: its name and its bytes.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The longest route file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The byte order mark that some editors put in front.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A route file's name, as diagnostics show it, and its bytes.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
}

impl Source {
    /// A source of this name and these bytes.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// The file at `path`, called `name` in diagnostics.
    ///
    /// # Errors
    ///
    /// When there is no such file, when it is none, and when it is longer than [`MAX_FILE_BYTES`].
    pub fn read(name: impl Into<String>, path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        Self::read_from(name, std::fs::File::open(path)?)
    }

    /// What `reader` has to its end, called `name` in diagnostics.
    ///
    /// # Errors
    ///
    /// When reading fails, and when there is more than [`MAX_FILE_BYTES`].
    pub fn read_from(name: impl Into<String>, reader: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 16 MiB"));
        }
        Ok(Self::new(name, bytes))
    }

    /// The name as diagnostics show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes as they are.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    pub fn digest(&self) -> String {
        let digits =
            |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
        Sha256::digest(&self.bytes).iter().flat_map(digits).collect()
    }

    /// The text, without a byte order mark; up to the first byte that is not UTF-8. Every [`crate::Span`] counts its bytes.
    pub fn text(&self) -> &str {
        let bytes = self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        }
    }

    /// Whether all bytes are UTF-8.
    pub(crate) fn is_utf8(&self) -> bool {
        std::str::from_utf8(&self.bytes).is_ok()
    }

    /// The line and the column, in characters, of a byte of the text; both count from 1.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let text = self.text();
        let before = &text[..text.floor_char_boundary(at)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one_and_skip_a_byte_order_mark() {
        let source = Source::new("x", "\u{feff}äb\r\nc");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (1, 2));
        assert_eq!(source.position(5), (2, 1));
        assert_eq!(source.position(99), (2, 2));
    }

    #[test]
    fn the_digest_is_of_the_bytes_as_they_are() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Source::new("x", "").digest(), empty);
        assert_ne!(Source::new("x", "\u{feff}").digest(), empty);
    }

    #[test]
    fn a_directory_is_no_file() {
        assert_eq!(Source::read("x", Path::new("src")).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
