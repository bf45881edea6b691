//! Bytes that are never shown, and wiped when they are not needed any more.

use std::fmt;
use std::io::{self, Read};

use zeroize::{Zeroize, Zeroizing};

/// Bytes that are never shown, and wiped when they are dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, if they are UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Reads to the end, or `None` if there are more than `limit` bytes. What was read is wiped if that fails.
    ///
    /// # Errors
    ///
    /// What the source says, and that there is no end in sight after `limit` bytes.
    pub(crate) fn read_from(source: impl Read, expected: usize, limit: usize) -> io::Result<Option<Self>> {
        // Bytes that have to move to a larger place would stay behind in the smaller one.
        let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(limit) + 64));
        source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() <= limit).then_some(Self(bytes)))
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_shown() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?} {:#?}", Some(&secret)).matches("hunter2").count(), 0);
        assert_eq!(secret.expose_text(), Some("hunter2"));
    }

    #[test]
    fn more_than_the_limit_is_not_taken() {
        assert_eq!(Secret::read_from(&b"1234"[..], 0, 4).unwrap().unwrap().expose(), b"1234");
        assert!(Secret::read_from(&b"12345"[..], 0, 4).unwrap().is_none());
        assert!(Secret::read_from(io::repeat(7), usize::MAX, 4).unwrap().is_none());
    }
}
