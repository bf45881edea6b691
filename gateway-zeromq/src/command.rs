//! Commands: READY and ERROR in the handshake, PING and PONG later (RFC 23, "Commands"; RFC 37, "Connection heartbeating").

use bytes::{Buf, Bytes};

use crate::ConnectionFault;
use crate::frame::FrameHead;

/// How long a command may be, in bytes.
pub(crate) const LONGEST_COMMAND: u64 = 4096;

/// How long the context of a PING may be, in bytes.
const LONGEST_CONTEXT: usize = 16;

const SOCKET_TYPE: &[u8] = b"socket-type";

/// The sockets that this crate can be one side of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketType {
    /// Asks.
    Dealer,
    /// Answers one request after the other.
    Rep,
    /// Answers in any order.
    Router,
}

impl SocketType {
    /// The value of `Socket-Type`, with the last byte of its length in front.
    const fn property(self) -> &'static [u8] {
        match self {
            Self::Dealer => b"\x06DEALER",
            Self::Rep => b"\x03REP",
            Self::Router => b"\x06ROUTER",
        }
    }
}

/// What a peer says of itself, or asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The handshake is done; with the peer's type of socket.
    Ready(String),
    /// The peer does not want the connection, and says why.
    Error(String),
    /// The peer wants a PONG with these bytes.
    Ping(Bytes),
    /// The peer is alive.
    Pong,
    /// Any other; it asks for nothing.
    Other,
}

impl Command {
    /// The command in this frame.
    pub(crate) fn read(mut frame: Bytes) -> Result<Self, ConnectionFault> {
        let name = take_short(&mut frame).ok_or(ConnectionFault::Command)?;
        Ok(match &name[..] {
            b"READY" => Self::Ready(socket_type(frame).ok_or(ConnectionFault::Command)?),
            b"ERROR" => Self::Error(take_short(&mut frame).map(|reason| shown(&reason)).unwrap_or_default()),
            // Two bytes say how long the peer lives without another.
            b"PING" if (2..=2 + LONGEST_CONTEXT).contains(&frame.len()) => Self::Ping(frame.slice(2..)),
            b"PING" => return Err(ConnectionFault::Command),
            b"PONG" => Self::Pong,
            _ => Self::Other,
        })
    }
}

/// Bytes with their length in one byte in front.
fn take_short(bytes: &mut Bytes) -> Option<Bytes> {
    let length = usize::from(*bytes.first()?);
    bytes.advance(1);
    (length <= bytes.len()).then(|| bytes.split_to(length))
}

/// The value of `Socket-Type` among the properties of READY; empty where it is not said.
fn socket_type(mut properties: Bytes) -> Option<String> {
    let mut found = String::new();
    while !properties.is_empty() {
        let name = take_short(&mut properties)?;
        let length = usize::try_from(properties.try_get_u32().ok()?).ok()?;
        let value = (length <= properties.len()).then(|| properties.split_to(length))?;
        if name.eq_ignore_ascii_case(SOCKET_TYPE) {
            found = shown(&value);
        }
    }
    Some(found)
}

/// A peer's words as they can be logged.
pub(crate) fn shown(bytes: &[u8]) -> String {
    bytes.iter().take(64).copied().flat_map(std::ascii::escape_default).map(char::from).collect()
}

/// Writes the READY of a socket of this type.
pub fn write_ready(out: &mut Vec<u8>, socket: SocketType) {
    write_command(out, &[b"\x05READY\x0bSocket-Type\0\0\0", socket.property()]);
}

/// Writes a PING, to which a peer that is alive answers.
pub fn write_ping(out: &mut Vec<u8>) {
    write_command(out, &[b"\x04PING\0\0"]);
}

/// Writes the PONG that a PING with this context asks for.
pub fn write_pong(out: &mut Vec<u8>, context: &[u8]) {
    write_command(out, &[b"\x04PONG", context]);
}

fn write_command(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len() as u64).sum();
    FrameHead { length, has_more: false, is_command: true }.write(out);
    for part in parts {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command that is written so.
    fn command(write: impl FnOnce(&mut Vec<u8>)) -> Command {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!((out[0], usize::from(out[1])), (4, out.len() - 2));
        Command::read(Bytes::from(out).slice(2..)).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(command(|out| write_ready(out, SocketType::Dealer)), Command::Ready("DEALER".to_owned()));
        assert_eq!(command(write_ping), Command::Ping(Bytes::new()));
        assert_eq!(command(|out| write_pong(out, b"abc")), Command::Pong);
    }

    #[test]
    fn the_type_of_a_socket_is_found_among_other_properties_in_any_case() {
        let ready = b"\x05READY\x08Identity\0\0\0\x02ab\x0bSOCKET-TYPE\0\0\0\x03REP";
        assert_eq!(Command::read(Bytes::from_static(ready)), Ok(Command::Ready("REP".to_owned())));
    }

    #[test]
    fn what_is_said_of_an_error_can_be_logged() {
        let error = Command::read(Bytes::from_static(b"\x05ERROR\x04no\n\xff"));
        assert_eq!(error, Ok(Command::Error("no\\n\\xff".to_owned())));
    }

    #[test]
    fn a_command_whose_parts_are_longer_than_it_is_malformed() {
        for frame in [
            &b""[..],
            b"\x05REA",
            b"\x05READY\x0bSocket-Type\0\0\0\x09REP",
            b"\x05READY\x0bSocket-Type\xff\xff\xff\xffREP",
            b"\x05READY\x0bSocket",
            b"\x04PING\0",
            b"\x04PING\0\0seventeen bytes..",
        ] {
            assert_eq!(Command::read(Bytes::from_static(frame)), Err(ConnectionFault::Command), "{frame:?}");
        }
    }
}
