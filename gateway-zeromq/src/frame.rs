//! The head of a frame: its flags and its length (RFC 23, "Framing").

use bytes::{Buf, BytesMut};

use crate::ConnectionFault;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// How long a frame can be whose end is waited for, in bytes.
const LONGEST: u64 = 1 << 30;

/// What is said of a frame in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// How many bytes follow.
    pub(crate) length: u64,
    /// Whether another frame of the same message follows.
    pub(crate) has_more: bool,
    /// Whether it is a command, and so no part of a message.
    pub(crate) is_command: bool,
}

impl FrameHead {
    /// Takes a frame's head out of what has come, if all of it is there.
    pub(crate) fn read(inbox: &mut BytesMut) -> Result<Option<Self>, ConnectionFault> {
        let Some(&flags) = inbox.first() else { return Ok(None) };
        let is_command = flags & COMMAND != 0;
        if flags > MORE | LONG | COMMAND || (is_command && flags & MORE != 0) {
            return Err(ConnectionFault::Flags);
        }
        let is_long = flags & LONG != 0;
        if inbox.len() < if is_long { 9 } else { 2 } {
            return Ok(None);
        }
        inbox.advance(1);
        let length = if is_long { inbox.get_u64() } else { u64::from(inbox.get_u8()) };
        if length > LONGEST {
            return Err(ConnectionFault::FrameTooLong(length));
        }
        Ok(Some(Self { length, has_more: flags & MORE != 0, is_command }))
    }

    /// Writes it.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let flags = if self.has_more { MORE } else { 0 } | if self.is_command { COMMAND } else { 0 };
        match u8::try_from(self.length) {
            Ok(short) => out.extend([flags, short]),
            Err(_) => {
                out.push(flags | LONG);
                out.extend(self.length.to_be_bytes());
            }
        }
    }
}

/// Writes a frame of a message that has further ones.
pub(crate) fn write_frame(out: &mut Vec<u8>, bytes: &[u8]) {
    FrameHead { length: bytes.len() as u64, has_more: true, is_command: false }.write(out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<FrameHead>, ConnectionFault> {
        FrameHead::read(&mut BytesMut::from(bytes))
    }

    #[test]
    fn what_is_written_is_read_again() {
        for length in [0, 1, 255, 256, 70_000, LONGEST] {
            for (has_more, is_command) in [(false, false), (true, false), (false, true)] {
                let head = FrameHead { length, has_more, is_command };
                let mut out = Vec::new();
                head.write(&mut out);
                assert_eq!(read(&out[..out.len() - 1]), Ok(None));
                assert_eq!(read(&out), Ok(Some(head)));
            }
        }
    }

    #[test]
    fn flags_that_zmtp_does_not_have_are_refused() {
        for flags in [8, 0x80, COMMAND | MORE] {
            assert_eq!(read(&[flags, 0]), Err(ConnectionFault::Flags));
        }
    }

    #[test]
    fn a_frame_that_would_never_end_is_refused_before_it_comes() {
        assert_eq!(read(&[LONG, 0xff, 0, 0, 0, 0, 0, 0, 0]), Err(ConnectionFault::FrameTooLong(0xff << 56)));
    }
}
